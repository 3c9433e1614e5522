/**
 * What the loader of this page gives now: Ereo answers with it whoever asks for JSON. It is kept nowhere, for the browser would
 * show it in place of the page, whose address it has.
 */
export async function loaderData<Data>(): Promise<Data> {
  const response = await fetch(location.href, { headers: { accept: 'application/json' }, cache: 'no-store' })
  if (!response.ok) throw new Error(`the page's loader answered ${response.status}`)
  const { data } = (await response.json()) as { readonly data: Data }
  return data
}
