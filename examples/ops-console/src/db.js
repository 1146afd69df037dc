// The pool, and the one way to use it for somebody: a transaction that is
// theirs, with the role of their level and taskq.actor set for its length.
// Everything is set with "true" as third argument of set_config(), so that it
// also works behind PgBouncer in transaction mode, which takes no other settings
// when a connection begins.
//
// Nothing is waited for without a limit: a lock for lock_timeout, the server's
// work for statement_timeout, a server that no longer answers for query_timeout,
// a connection for as long.  Writers have only part of the pool: however many
// of them wait for one lock, there are connections left to read with.

import pg from 'pg'

const roles = { viewer: 'console_viewer', agent: 'console_agent', manager: 'console_manager' }
const application = 'ops-console'

// Times are shown as the clock on the desk's wall has them.  The application's
// name says whose transaction it is, to whoever has to wait for it.
const enter = `
  SELECT set_config('role', $1, true), set_config('taskq.actor', $2, true),
         set_config('TimeZone', coalesce(nullif(current_setting('taskq.timezone', true), ''), 'UTC'), true),
         set_config('lock_timeout', $3, true), set_config('application_name', $4, true),
         set_config('statement_timeout', $5, true), set_config('idle_in_transaction_session_timeout', $5, true),
         taskq_today()::text AS today, pg_backend_pid() AS pid`

// Whom a connection waits for: the end of the chain of those who wait for each other.
const holder = `
  WITH RECURSIVE blocker (pid, depth) AS (
      SELECT unnest(pg_blocking_pids($1)), 1
      UNION
      SELECT unnest(pg_blocking_pids(b.pid)), b.depth + 1 FROM blocker b WHERE b.depth < 10)
  SELECT s.name AS staff, a.application_name AS program, a.usename AS role
  FROM blocker b JOIN pg_stat_activity a USING (pid)
  LEFT JOIN taskq_staff_member s ON a.application_name = '${application} ' || s.id
  ORDER BY cardinality(pg_blocking_pids(b.pid)), b.depth LIMIT 1`

const tryAgain = new Set(['40001', '40P01'])
const attempts = 3
const connectTimeout = 5000

// The connection is of no more use, and nobody knows what the server made of
// what it was asked.  The database's own errors are of another kind, but for
// those with which it hangs up.
export const isLost = (error) => !(error instanceof pg.DatabaseError) || /^(08|57P)/.test(error.code)

// At most so many at a time; the others wait for their turn, but not for ever.
function createGate(size, patience) {
  let free = size
  const waiting = []
  function enterGate() {
    if (free > 0) {
      free--
      return undefined
    }
    return new Promise((resolve, reject) => {
      const turn = { resolve }
      turn.timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(turn), 1)
        reject(Object.assign(new Error('too many transactions wait for each other'), { isUnavailable: true }))
      }, patience)
      waiting.push(turn)
    })
  }
  function leave() {
    const next = waiting.shift()
    if (!next) return void free++
    clearTimeout(next.timer)
    next.resolve()
  }
  return async (work) => {
    await enterGate()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

export function createDatabase({ databaseUrl, listenUrl, poolSize, statementTimeout, lockTimeout, queryTimeout }, log) {
  const connection = {
    connectionString: databaseUrl,
    application_name: application,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectTimeout,
  }
  const pool = new pg.Pool({
    ...connection,
    max: poolSize,
    query_timeout: queryTimeout,
  })
  // An error event that nobody listens to ends the process.  The pool listens to
  // a connection only while it is idle; this listener is there from its first
  // moment to its last.
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'a connection to the database was lost')))
  pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to the database was lost'))
  const writers = createGate(Math.max(1, poolSize - Math.ceil(poolSize / 4)), connectTimeout)

  // Whatever the reason is, there is no database to be had.
  async function connect() {
    try {
      return await pool.connect()
    } catch (error) {
      throw Object.assign(error, { isUnavailable: true })
    }
  }

  // Lends a connection.  It goes back to the pool unless it was lost.
  async function withClient(work) {
    const client = await connect()
    let broken = false
    async function ask(sql, values) {
      try {
        return await client.query(sql, values)
      } catch (error) {
        if (isLost(error)) {
          broken = true
          error.isUnavailable = true
        }
        throw error
      }
    }
    try {
      return await work(ask, () => broken)
    } finally {
      client.release(broken)
    }
  }

  const own = (sql, values) => withClient(async (ask) => (await ask(sql, values)).rows)

  // Asks, and if the answer takes so long that it may be for a lock, looks who has it.
  async function askPatiently(ask, pid, sql, values) {
    let looked
    const timer = setTimeout(() => { looked = own(holder, [pid]).catch(() => []) }, lockTimeout / 2)
    try {
      return await ask(sql, values)
    } catch (error) {
      if (error.code === '55P03') [error.holder] = await looked ?? []
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  const attempt = (staff, { begin, end, writes }, work) => withClient(async (ask, isBroken) => {
    let ending = false
    try {
      await ask(begin)
      const { rows: [{ today, pid }] } = await ask(enter,
        [roles[staff.level], staff.id, String(lockTimeout), `${application} ${staff.id}`, String(statementTimeout)])
      const query = (sql, values) => (writes ? askPatiently(ask, pid, sql, values) : ask(sql, values))
      const result = await work({
        today,
        rows: async (sql, values) => (await query(sql, values)).rows,
        row: async (sql, values) => (await query(sql, values)).rows[0],
      })
      ending = writes
      await query(end)
      return result
    } catch (error) {
      // Until COMMIT was sent nothing can have been changed.  After it, only the answer tells.
      if (isBroken()) error.isUnknown = ending
      else await ask('ROLLBACK').catch(() => {})
      throw error
    }
  })

  async function transaction(staff, kind, work) {
    for (let n = 1; ; n++) {
      try {
        return await attempt(staff, kind, work)
      } catch (error) {
        if (n === attempts || !tryAgain.has(error.code)) throw error
      }
    }
  }

  return {
    read: (staff, work) => transaction(staff, { begin: 'BEGIN READ ONLY', end: 'COMMIT' }, work),
    write: (staff, work) => writers(() => transaction(staff, { begin: 'BEGIN', end: 'COMMIT', writes: true }, work)),
    // Does it, and takes it back: to see what would come of it.
    look: (staff, work) => writers(() => transaction(staff, { begin: 'BEGIN', end: 'ROLLBACK' }, work)),
    // As the console itself: its own tables, and nothing of anybody's.
    own,
    connectToListen: () => new pg.Client({
      ...connection, connectionString: listenUrl ?? databaseUrl, application_name: `${application} listening`, query_timeout: 5000,
    }),
    close: () => pool.end(),
  }
}
