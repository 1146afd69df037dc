// A desk of its own for each file of tests: a database with taskq and the
// console's schema, staff with tokens, and a console that listens on a port.
// The server is the one that the environment names (PGHOST, PGUSER: a superuser).

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { hashOf, newSecret } from '../../src/auth.js'
import { readConfig } from '../../src/config.js'
import { buildServer } from '../../src/server.js'

const file = (name) => new URL(`../../${name}`, import.meta.url)

export async function openDesk(name, { host = process.env.PGHOST, port = process.env.PGPORT, ...settings } = {}) {
  const database = `console_${name}`
  const admin = new pg.Client({ host, port, database: 'postgres' })
  await admin.connect()
  await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await admin.query(`CREATE DATABASE ${database}`)
  await admin.query(`ALTER DATABASE ${database} SET taskq.notify_channel = 'taskq'`)

  const db = new pg.Client({ host, port, database })
  // A server that is restarted takes these with it.
  for (const client of [admin, db]) client.on('error', () => {})
  await db.connect()
  await db.query('CREATE EXTENSION taskq')
  execFileSync('psql', ['-X', '-q', '-o', '/dev/null', '-h', host, '-p', port, '-d', database], { input: readFileSync(file('schema.sql')), stdio: ['pipe', 'inherit', 'ignore'] })
  await db.query(`
    INSERT INTO taskq_staff_member (id, name) VALUES
      ('sta_vera', 'Vera Viewer'), ('sta_adam', 'Adam Agent'), ('sta_mona', 'Mona Manager'), ('sta_zoe', 'Zoe Second');
    INSERT INTO taskq_customer (id, name, assigned_agent_id) VALUES
      ('cus_1', 'First & Sons', 'sta_adam'), ('cus_2', 'Second Ltd', NULL)`)

  async function tokenFor(staffId, level) {
    const token = newSecret()
    await db.query('INSERT INTO console.staff_token (token_hash, staff_id, level) VALUES ($1, $2, $3)', [hashOf(token), staffId, level])
    return token
  }
  const tokens = {
    viewer: await tokenFor('sta_vera', 'viewer'),
    agent: await tokenFor('sta_adam', 'agent'),
    manager: await tokenFor('sta_mona', 'manager'),
    second: await tokenFor('sta_zoe', 'agent'),
  }

  // The console's own connection: not a superuser.
  const databaseUrl = `postgresql:///${database}?host=${encodeURIComponent(host)}&port=${port}&user=ops_console`
  const app = await buildServer({ ...readConfig({}), databaseUrl, port: 0, logLevel: 'silent', requestsPerMinute: 100_000, signInsPerMinute: 1000, ...settings })
  const url = await app.listen({ host: '127.0.0.1', port: settings.listenOn ?? 0 })

  return {
    url,
    db,
    admin,
    app,
    database,
    databaseUrl,
    tokens,
    tokenFor,
    // A task by the API's own function, and its id.
    async task(fields = {}) {
      const { rows } = await db.query(`SELECT taskq_create_json($1, actor => 'test') AS task`, [JSON.stringify({ title: 'A task', ...fields })])
      return rows[0].task.id
    },
    async today(days = 0) {
      const { rows } = await db.query('SELECT (taskq_today() + $1::integer)::text AS day', [days])
      return rows[0].day
    },
    async clear() {
      await db.query(`
        SELECT count(*) FROM taskq_cancel_many(ARRAY(SELECT id FROM taskq_task WHERE completed_at IS NULL AND cancelled_at IS NULL));
        DELETE FROM taskq_task`)
    },
    // Ends the console's connections, and comes back when it has new ones.
    async loseConnections() {
      await db.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'ops-console'`, [database])
      await until('the console to connect anew', async () => (await fetch(`${url}/health`)).ok)
    },
    // Another connection, as the superuser.
    async connect() {
      const client = new pg.Client({ host, port, database })
      client.on('error', () => {})
      await client.connect()
      return client
    },
    async close() {
      await app.close()
      await db.end()
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
      await admin.end()
    },
  }
}

// Asks until the answer is true, for half a minute at most.
export async function until(what, ask) {
  const end = Date.now() + 30_000
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`waited too long for: ${what}`)
    await new Promise((done) => { setTimeout(done, 25) })
  }
}
