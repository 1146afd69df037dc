// Requests to the HTTP API.  A refusal becomes an Error whose message is the
// sentence that the server has for people; isUnknown says that nobody knows
// whether the change was made, since no answer came, or not the console's.

const csrf = document.querySelector('meta[name="csrf-token"]')?.content

const unknown = () => Object.assign(new Error('The console did not answer. It is not known whether this was done.'), { isUnknown: true })

export async function post(path, body = {}) {
  let response
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'x-csrf-token': csrf },
      body: JSON.stringify(body),
    })
  } catch {
    throw unknown()
  }
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
  const answer = await response.json().catch(() => { throw unknown() })
  if (!response.ok) throw Object.assign(new Error(answer.detail), { isUnknown: answer.outcome === 'unknown' })
  return answer
}

// A page of this console, as a document.
export async function page(address) {
  const response = await fetch(address, { headers: { accept: 'text/html' } })
  if (response.redirected && new URL(response.url).pathname === '/sign-in') location.assign(response.url)
  const text = await response.text()
  const answer = new DOMParser().parseFromString(text, 'text/html')
  if (!response.ok) throw new Error(answer.querySelector('.empty p')?.textContent ?? 'The console does not answer.')
  return answer
}

// An id as a part of an address, as src/format.js has it.
export const segment = (id) => encodeURIComponent(/^(~|\.{1,2}$)/.test(id) ? `~${id}` : id)
