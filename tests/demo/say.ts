/** Somebody who says something in a room of the demo, by HTTP. */

export interface Words {
  readonly from: string
  readonly text: string
  readonly room?: string
  readonly kind?: 'chat' | 'announcement'
}

export async function say(url: string, { from, text, room = 'general', kind }: Words): Promise<void> {
  const response = await fetch(`${url}/realtime/message/room/say?id=${room}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${from}`,
      'parley-within': '120000', // on a machine that does much else, too
    },
    body: JSON.stringify({ text, kind }),
  })
  if (!response.ok) throw new Error(await response.text())
}
