// Requests to the HTTP API.  A refusal becomes an Error whose message is the
// sentence that the server has for people.

const csrf = document.querySelector('meta[name="csrf-token"]')?.content

export async function post(path, body = {}) {
  let response
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'x-csrf-token': csrf },
      body: JSON.stringify(body),
    })
  } catch {
    throw new Error('The console cannot be reached. Nothing was changed.')
  }
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail)
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
