import { createLoader } from '@ereo/data'
import { hub } from '../../hub.js'
import { hasRoom, messagesIn } from '../../rooms.js'
import ChatRoom, { type ChatProps } from '../islands/chat-room.js'

export const loader = createLoader(async ({ request }): Promise<ChatProps | null> => {
  const query = new URL(request.url).searchParams
  const [id, name] = [query.get('room') ?? 'general', query.get('name')?.trim().slice(0, 32) ?? '']
  if (name === '' || !hasRoom(id)) return null
  const loaded = await hub.snapshot(hub.channel.room({ id }), () => messagesIn(id))
  // an island is given JSON
  const data = loaded.data.map(({ id, from, text }) => ({ id, from, text }))
  return { id, name, data, position: loaded.position }
})

export default function Chat({ loaderData }: { readonly loaderData: ChatProps | null }) {
  if (loaderData) return <ChatRoom client:load {...loaderData} />
  return (
    <form className="enter" method="get">
      <label>
        Your name <input name="name" required maxLength={32} />
      </label>
      <label>
        Room{' '}
        <select name="room">
          <option>general</option>
          <option>release</option>
        </select>
      </label>
      <button type="submit">Enter</button>
    </form>
  )
}
