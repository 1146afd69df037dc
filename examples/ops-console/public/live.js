// Changes of others: the server says that there are some, the page is fetched
// again.  Not more than once a second, and not while nobody is looking: a hidden
// page hangs up, since browsers have few connections for one address.

import { refresh } from './refresh.js'
import { t } from './words.js'

const lamp = document.getElementById('live')
const names = { listening: t('live'), connecting: t('connecting'), off: t('not live'), lost: t('connection lost') }
const notMoreOftenThan = 1000
const timeAloneChanges = 60_000 // deadlines pass without anybody's doing

let source = null
let due = null
let last = Date.now()

function say(state) {
  lamp.dataset.state = state
  lamp.querySelector('b').textContent = names[state]
}

function soon() {
  if (due) return
  due = setTimeout(async () => {
    due = null
    last = Date.now()
    await refresh().catch(() => say('lost'))
  }, Math.max(0, last + notMoreOftenThan - Date.now()))
}

function connect() {
  source = new EventSource('/ops/tasks/stream')
  source.addEventListener('state', ({ data }) => say(JSON.parse(data).state))
  source.addEventListener('tasks', ({ data }) => {
    document.dispatchEvent(new CustomEvent('tasks', { detail: JSON.parse(data) }))
    soon()
  })
  source.onerror = () => {
    say('lost')
    if (source.readyState === EventSource.CLOSED) setTimeout(reconnect, 5000)
  }
}

function reconnect() {
  source?.close()
  connect()
  soon()
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close()
  else reconnect()
})
setInterval(() => { if (!document.hidden) soon() }, timeAloneChanges)
if (!document.hidden) connect()
