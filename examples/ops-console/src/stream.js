// Server-sent events: what changed, for every page that is open.  One
// connection listens for all of them.  When it is lost it is made anew, ever
// more patiently, and then everybody is told that something may have been
// missed ("more": true, as taskq itself says it when ids found no room).

const firstDelay = 250
const longestDelay = 10_000
const accessIsCheckedEvery = 1000 // ms: whoever is no longer let in is hung up on by then
const gatherFor = 150 // many transactions in a row make one event
const notMoreOftenThan = 1000 // ms: a page does not look more often
const atOnce = 10 // readers that are written to before requests have their turn
const maxIds = 500
const maxUnread = 1024 * 1024 // bytes that a page may leave unread before it is hung up on

const wait = (ms) => new Promise((done) => { setTimeout(done, ms).unref() })
const nextTurn = () => new Promise((done) => { setImmediate(done) })

export function createStream(db, auth, { heartbeat: heartbeatEvery }, log, { maxPerPerson = 20 } = {}) {
  const readers = new Set()
  let client = null
  let stopped = false
  let state = 'connecting' // listening, off (taskq.notify_channel is not set)
  let pending = null
  let told = 0

  function write(reader, text) {
    if (reader.raw.writableLength > maxUnread) reader.raw.destroy()
    else reader.raw.write(text)
  }

  const message = (event, data) => Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

  async function broadcast(event, data) {
    const text = message(event, data)
    let n = 0
    for (const reader of readers) {
      if (n++ % atOnce === atOnce - 1) await nextTurn()
      write(reader, text)
    }
  }

  function setState(value) {
    if (state === value) return
    state = value
    broadcast('state', { state })
  }

  // Anybody who may connect may NOTIFY: what is not taskq's message says no more
  // than that something may have changed.
  function understand(payload) {
    try {
      const { ids, more } = JSON.parse(payload)
      if (ids.every(Number.isSafeInteger)) return { ids, more: more === true }
    } catch {
      // falls through
    }
    return { ids: [], more: true }
  }

  function changed({ ids, more }) {
    if (!pending) {
      pending = { ids: new Set(), more: false }
      setTimeout(() => {
        const { ids: all, more: missed } = pending
        pending = null
        told = Date.now()
        const shown = [...all].slice(0, maxIds)
        broadcast('tasks', { ids: shown, more: missed || shown.length < all.size })
      }, Math.max(gatherFor, told + notMoreOftenThan - Date.now())).unref()
    }
    for (const id of ids) pending.ids.add(id)
    pending.more ||= more
  }

  async function listen() {
    client = db.connectToListen()
    const lost = new Promise((resolve) => {
      client.on('error', resolve)
      client.on('end', resolve)
    })
    client.on('notification', ({ payload }) => changed(understand(payload)))
    await client.connect()
    const { rows } = await client.query(`SELECT coalesce(current_setting('taskq.notify_channel', true), '') AS channel`)
    const { channel } = rows[0]
    if (channel === '') {
      log.warn('taskq.notify_channel is not set in this database: pages are not updated live')
      setState('off')
    } else {
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
      setState('listening')
      changed({ ids: [], more: true })
    }
    return lost
  }

  async function run() {
    let delay = firstDelay
    while (!stopped) {
      try {
        const lost = await listen()
        delay = firstDelay
        await lost
      } catch (error) {
        log.warn({ err: error }, 'cannot listen for changes')
      }
      await client?.end().catch(() => {})
      if (stopped) break
      setState('connecting')
      await wait(delay)
      delay = Math.min(delay * 2, longestDelay)
    }
  }

  let isAsking = false
  // A server that vanished without a word is noticed by asking it something;
  // the readers hear from the console in any case.
  function heartbeat() {
    for (const reader of readers) write(reader, ': still here\n\n')
    if (state === 'connecting' || isAsking) return
    isAsking = true
    const asked = client
    asked.query('SELECT 1')
      .catch(() => asked.connection.stream.destroy())
      .finally(() => { isAsking = false })
  }

  // One question for all that are open.  While there is no answer nobody is
  // sent away: without the database there is nothing to be told either.
  let isChecking = false
  async function checkAccess() {
    if (isChecking || readers.size === 0) return
    isChecking = true
    try {
      const all = [...readers]
      const good = await auth.whichAreGood([...new Set(all.map(({ hash }) => hash))])
      for (const reader of all) if (!good.has(reader.hash)) reader.raw.end()
    } catch (error) {
      log.debug({ err: error }, 'cannot see who is still signed in')
    } finally {
      isChecking = false
    }
  }

  const timers = [setInterval(heartbeat, heartbeatEvery), setInterval(checkAccess, accessIsCheckedEvery)]
  for (const timer of timers) timer.unref()

  function countOf(person) {
    let n = 0
    for (const reader of readers) if (reader.person === person) n++
    return n
  }

  return {
    start() { run().catch((error) => log.error({ err: error }, 'the stream has ended')) },
    state: () => state,
    hasRoomFor: (staff) => countOf(staff.id) < maxPerPerson,

    add(reply, { id, hash }) {
      const reader = { raw: reply.raw, person: id, hash }
      const headers = {
        ...reply.getHeaders(), 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close',
      }
      reply.hijack()
      reader.raw.writeHead(200, headers)
      reader.raw.write('retry: 2000\n\n')
      reader.raw.write(message('state', { state }))
      readers.add(reader)
      reader.raw.on('close', () => readers.delete(reader))
    },

    endSession(hash) {
      for (const reader of readers) if (reader.hash === hash) reader.raw.end()
    },

    async stop() {
      stopped = true
      timers.forEach(clearInterval)
      for (const reader of readers) reader.raw.end()
      await client?.end().catch(() => {})
    },
  }
}
