// Requests to the server.  A refusal becomes an Error whose message is the
// sentence that the server has for people, and whose problem is all of it;
// isUnknown says that nobody knows whether the change was made, since no answer
// came, or not the console's.

import { t } from './words.js'

const csrf = document.querySelector('meta[name="csrf-token"]')?.content

const unknown = () => Object.assign(new Error(t('The console did not answer. It is not known whether this was done.')), { isUnknown: true })

// A body that is URLSearchParams is a form's; anything else goes as JSON.
function requestOf(body) {
  const isForm = body instanceof URLSearchParams
  return {
    method: 'POST',
    headers: { accept: 'application/json', 'x-csrf-token': csrf, 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
    body: isForm ? body.toString() : JSON.stringify(body),
  }
}

export async function post(path, body = {}) {
  let response
  try {
    response = await fetch(path, requestOf(body))
  } catch {
    throw unknown()
  }
  if (response.status === 401 || (response.redirected && new URL(response.url).pathname === '/sign-in')) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
    return new Promise(() => {}) // this page is going
  }
  const answer = await response.json().catch(() => { throw unknown() })
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? t('The console does not answer.')), { problem: answer, isUnknown: answer.outcome === 'unknown' })
  return answer
}

// While the page goes away: the browser sends it, and nobody sees the answer.
export function postAndLeave(path, body) {
  fetch(path, { ...requestOf(body), keepalive: true }).catch(() => {})
}

export async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const answer = await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.detail), { problem: answer })
  return answer
}

// A page of this console, as a document.
export async function page(address) {
  const response = await fetch(address, { headers: { accept: 'text/html' } })
  if (response.redirected && new URL(response.url).pathname === '/sign-in') location.assign(response.url)
  const text = await response.text()
  const answer = new DOMParser().parseFromString(text, 'text/html')
  if (!response.ok) throw new Error(answer.querySelector('.empty p')?.textContent ?? t('The console does not answer.'))
  return answer
}

// An id as a part of an address, as src/format.js has it.
export const segment = (id) => encodeURIComponent(/^(~|\.{1,2}$)/.test(id) ? `~${id}` : id)
