// The pool, and the one way to use it for somebody: a transaction that is
// theirs, with the role of their level and taskq.actor set for its length.
// Everything is set with "true" as third argument of set_config(), so that it
// also works behind PgBouncer in transaction mode.

import pg from 'pg'

const roles = { viewer: 'console_viewer', agent: 'console_agent', manager: 'console_manager' }

// Times are shown as the clock on the desk's wall has them.
const enter = `
  SELECT set_config('role', $1, true), set_config('taskq.actor', $2, true),
         set_config('TimeZone', coalesce(nullif(current_setting('taskq.timezone', true), ''), 'UTC'), true),
         taskq_today()::text AS today`

const tryAgain = new Set(['40001', '40P01'])
const attempts = 3

export function createDatabase({ databaseUrl, poolSize, statementTimeout }, log) {
  const connection = { connectionString: databaseUrl, application_name: 'ops-console' }
  const pool = new pg.Pool({
    ...connection,
    max: poolSize,
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: statementTimeout,
    connectionTimeoutMillis: 5000,
  })
  // The pool listens to idle connections only; an error that nobody listens to ends the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to the database was lost'))
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'a connection to the database was lost')))

  // Whatever the reason is, there is no database to be had.
  async function connect() {
    try {
      return await pool.connect()
    } catch (error) {
      throw Object.assign(error, { isUnavailable: true })
    }
  }

  async function attempt(staff, { begin, end }, work) {
    const client = await connect()
    let broken
    try {
      await client.query(begin)
      const { rows } = await client.query(enter, [roles[staff.level], staff.id])
      const tx = {
        today: rows[0].today,
        rows: async (sql, values) => (await client.query(sql, values)).rows,
        row: async (sql, values) => (await client.query(sql, values)).rows[0],
      }
      const result = await work(tx)
      await client.query(end)
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((lost) => { broken = lost })
      throw error
    } finally {
      client.release(broken)
    }
  }

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
    write: (staff, work) => transaction(staff, { begin: 'BEGIN', end: 'COMMIT' }, work),
    // Does it, and takes it back: to see what would come of it.
    look: (staff, work) => transaction(staff, { begin: 'BEGIN', end: 'ROLLBACK' }, work),
    // As the console itself: its own tables, and nothing of anybody's.
    async own(sql, values) {
      const client = await connect()
      let broken
      try {
        return (await client.query(sql, values)).rows
      } catch (error) {
        broken = error
        throw error
      } finally {
        client.release(broken)
      }
    },
    connectToListen: () => new pg.Client({
      ...connection, application_name: 'ops-console listening', keepAlive: true, connectionTimeoutMillis: 5000, query_timeout: 5000,
    }),
    close: () => pool.end(),
  }
}
