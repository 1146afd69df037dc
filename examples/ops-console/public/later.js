// What cannot be taken back waits for six seconds before it is sent, so that a
// misclick can be undone.  Leaving the page sends it.

import { postAndLeave } from './api.js'
import { show } from './message.js'
import { t } from './words.js'

const wait = 6000
const waiting = new Set()

// Rows that wait are shown as going; the list may be drawn anew meanwhile.
function mark() {
  const ids = new Set([...waiting].flatMap((entry) => entry.ids))
  for (const row of document.querySelectorAll('#rows > tr')) row.classList.toggle('leaving', ids.has(row.dataset.id))
  const task = document.getElementById('task')
  task?.classList.toggle('leaving', ids.has(task.dataset.id))
}
document.addEventListener('refreshed', mark)
document.addEventListener('drawn', mark)

function end(entry) {
  clearTimeout(entry.timer)
  waiting.delete(entry)
  entry.toast.remove()
  mark()
}

function go(entry) {
  if (!waiting.has(entry)) return
  end(entry)
  return entry.send()
}

export const isWaiting = (id) => [...waiting].some(({ ids }) => ids.includes(String(id)))

// send: what sends it while the page is there; path and params: the same, for when it leaves.
export function later(words, { ids, path, params, send, undone }) {
  const entry = { ids: ids.map(String), path, params, send }
  const undo = () => {
    end(entry)
    show(t('Nothing was changed.'))
    undone?.()
  }
  entry.toast = show(words, { stays: true, action: { words: t('Undo'), key: 'z', act: undo }, close: () => go(entry) })
  entry.toast.classList.add('waiting')
  entry.timer = setTimeout(() => go(entry), wait)
  waiting.add(entry)
  mark()
}

// Browsers send no more than 64 kB for a page that is gone: then somebody is asked to stay.
const mostToLeaveWith = 60_000
addEventListener('beforeunload', (event) => {
  const bytes = [...waiting].reduce((sum, { params }) => sum + params.toString().length, 0)
  if (bytes > mostToLeaveWith) event.preventDefault()
})

addEventListener('pagehide', () => {
  for (const entry of [...waiting]) {
    end(entry)
    postAndLeave(entry.path, entry.params)
  }
})

// Signing out comes after what was to be done.
document.addEventListener('submit', async (event) => {
  if (waiting.size === 0 || event.target.getAttribute('action') !== '/sign-out') return
  event.preventDefault()
  await Promise.all([...waiting].map(go))
  event.target.submit()
})
