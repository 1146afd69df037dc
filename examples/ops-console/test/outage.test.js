// What a failing server does to the console: nothing that lasts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { openBrowser, signIn } from './help/browser.js'
import { createClient, openStream } from './help/client.js'
import { openDesk, until } from './help/desk.js'
import { startConsole } from './help/process.js'
import { startServer } from './help/server.js'

let server, desk

before(async () => {
  server = startServer()
  desk = await openDesk('outage', { host: server.host, port: '5432', lockTimeout: 3000 })
})
after(async () => {
  await desk?.app.close()
  server?.stop()
})

// Somebody at psql who has a task locked.
async function holdTask(id) {
  const client = await desk.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM taskq_task WHERE id = $1 FOR UPDATE', [id])
  return {
    release: async () => {
      await client.query('ROLLBACK')
      await client.end()
    },
  }
}

const waitingForLocks = async () => (await desk.admin.query(`
  SELECT count(*)::integer FROM pg_stat_activity
  WHERE datname = $1 AND application_name LIKE 'ops-console%' AND wait_event_type = 'Lock'`, [desk.database])).rows[0].count

const statusOf = async (id) => (await desk.db.query('SELECT status FROM taskq_tasks WHERE id = $1', [id])).rows[0].status

describe('told to end', () => {
  test('it answers what is under way, and takes nothing new', async () => {
    const id = await desk.task()
    const console = await startConsole(desk, { LOCK_TIMEOUT_MS: '30000', STATEMENT_TIMEOUT_MS: '30000' })
    const client = createClient(console.url, desk.tokens.agent)
    const stream = await openStream(console.url, desk.tokens.agent)
    // Browsers open connections before they have something to ask.
    const unused = connect(new URL(console.url).port, '127.0.0.1').on('error', () => {})
    const held = await holdTask(id)
    const answer = client.post(`/ops/tasks/${id}/start`)
    await until('it waits', waitingForLocks)
    console.signal('SIGTERM')
    await Promise.all([stream.ended, once(unused, 'close')])
    await until('no new connection', () => fetch(`${console.url}/health`).then(() => false, () => true))
    await held.release()
    const { status, body } = await answer
    assert.deepEqual([status, body.status], [200, 'IN_PROGRESS'])
    assert.deepEqual(await console.exited, { code: 0, signal: null })
  })

  test('what takes longer than it may wait is cut off, and is not done', async () => {
    const id = await desk.task()
    const console = await startConsole(desk, { LOCK_TIMEOUT_MS: '30000', STATEMENT_TIMEOUT_MS: '30000', DRAIN_TIMEOUT_MS: '200' })
    const held = await holdTask(id)
    const answer = createClient(console.url, desk.tokens.agent).post(`/ops/tasks/${id}/start`)
    answer.catch(() => {})
    await until('it waits', waitingForLocks)
    console.signal('SIGTERM')
    await assert.rejects(answer)
    assert.deepEqual(await console.exited, { code: 1, signal: null })
    await held.release()
    await until('nobody is left', async () => await waitingForLocks() === 0)
    assert.equal(await statusOf(id), 'OPEN')
  })
})

test('the page says that nobody knows, and shows how it is as soon as it can', async () => {
  const id = await desk.task({ title: 'Call back' })
  const settings = { LOCK_TIMEOUT_MS: '30000', STATEMENT_TIMEOUT_MS: '30000', DRAIN_TIMEOUT_MS: '200' }
  const console = await startConsole(desk, settings)
  const browser = await openBrowser()
  let again
  try {
    const page = await signIn(browser, console.url, desk.tokens.agent)
    await page.goto(`${console.url}/tasks`)
    const held = await holdTask(id)
    await page.locator(`#task-${id}`).getByRole('button', { name: 'Start' }).click()
    await until('it waits', waitingForLocks)
    console.signal('SIGTERM')
    await page.getByText('It is not known whether this was done.').waitFor()
    assert.equal(await page.getByText('Nothing was changed').count(), 0)
    await console.exited
    await held.release()
    again = await startConsole(desk, { ...settings, PORT: new URL(console.url).port })
    await page.getByText('This page shows how things are now.').waitFor()
    assert.equal(await page.locator(`#task-${id}`).getAttribute('data-status'), 'OPEN')
  } finally {
    await browser.close()
    await console.stop()
    await again?.stop()
  }
})

test('a connection that is lost at COMMIT: it is said that nobody knows, and not otherwise', async () => {
  const console = await startConsole(desk)
  const lock = await desk.connect()
  try {
    await desk.db.query(`
      CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(24); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER wait_at_commit AFTER UPDATE ON taskq_task DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_at_commit();`)
    const id = await desk.task()
    await lock.query('SELECT pg_advisory_lock(24)')
    const terminate = () => desk.admin.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [desk.database])
    const client = createClient(console.url, desk.tokens.agent)
    const committing = client.post(`/ops/tasks/${id}/start`)
    await until('it commits', waitingForLocks)
    await terminate()
    const { status, body } = await committing
    assert.deepEqual([status, body.outcome], [503, 'unknown'])
    assert.match(body.detail, /It is not known whether the change was made/)

    const held = await holdTask(id)
    const starting = client.post(`/ops/tasks/${id}/start`)
    await until('it waits', waitingForLocks)
    await terminate()
    const before = await starting
    assert.deepEqual([before.status, before.body.outcome], [503, undefined])
    await held.release()
  } finally {
    await lock.end()
    await desk.db.query('DROP TRIGGER wait_at_commit ON taskq_task')
    await desk.db.query('DROP FUNCTION wait_at_commit')
    await console.stop()
  }
})

describe('locks', () => {
  test('ten who wait for one task are told who has it, and everybody else goes on', async () => {
    const id = await desk.task()
    const client = createClient(desk.url, desk.tokens.agent)
    const held = await holdTask(id)
    const writers = Array.from({ length: 10 }, () => client.post(`/ops/tasks/${id}/comment`, { note: 'x' }).then(() => client.post(`/ops/tasks/${id}/start`)))
    try {
      await until('they wait', waitingForLocks)
      let slowest = 0
      for (let n = 0; n < 20; n++) {
        const began = performance.now()
        assert.equal((await client.get('/ops/tasks')).status, 200)
        slowest = Math.max(slowest, performance.now() - began)
      }
      assert.ok(await waitingForLocks() > 0, 'they still wait')
      assert.ok(slowest < 3000, `a page took ${slowest} ms`)
      for (const { status, body } of await Promise.all(writers)) {
        assert.equal(status, 409)
        assert.equal(body.database.sqlstate, '55P03')
        assert.match(body.detail, /Something else is changing this at the moment: postgres\. Try again|Adam Agent is changing this/)
      }
    } finally {
      await held.release()
    }
    assert.equal((await client.post(`/ops/tasks/${id}/start`)).status, 200)
  })

  test('a colleague is named', async () => {
    const id = await desk.task()
    const lock = await desk.connect()
    await desk.db.query(`
      CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN WHILE NOT pg_try_advisory_xact_lock_shared(25) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; END $$;
      CREATE TRIGGER wait_here AFTER UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION wait_here();`)
    try {
      await lock.query('SELECT pg_advisory_lock(25)')
      const zoe = createClient(desk.url, desk.tokens.second).post(`/ops/tasks/${id}/start`)
      await until('she is at it', async () => (await desk.admin.query(`
        SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'ops-console sta_zoe' AND wait_event = 'PgSleep'`, [desk.database])).rowCount > 0)
      const { status, body } = await createClient(desk.url, desk.tokens.agent).post(`/ops/tasks/${id}/start`)
      assert.deepEqual([status, body.detail], [409, 'Zoe Second is changing this at the moment. Try again in a few seconds.'])
      await lock.query('SELECT pg_advisory_unlock(25)')
      assert.equal((await zoe).status, 200)
    } finally {
      await lock.end()
      await desk.db.query('DROP TRIGGER wait_here ON taskq_task')
      await desk.db.query('DROP FUNCTION wait_here')
    }
  })
})

test('a database that hangs: 503 within bounds, streams are kept, and it goes on when the database does', async () => {
  const console = await startConsole(desk, { STATEMENT_TIMEOUT_MS: '300', HEARTBEAT_MS: '200' })
  const client = createClient(console.url, desk.tokens.agent)
  const stream = await openStream(console.url, desk.tokens.agent)
  try {
    assert.equal((await client.get('/ops/tasks')).status, 200)
    server.hang()
    const before = stream.heartbeats()
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? client.get('/ops/tasks') : client.post('/ops/tasks', { title: 'x' }))))
    for (const { status } of answers) assert.equal(status, 503)
    assert.ok(performance.now() - began < 15_000)
    assert.ok(stream.heartbeats() > before, 'the stream is still there')
  } finally {
    server.wake()
  }
  await until('answers again', async () => (await client.get('/ops/tasks')).status === 200)
  await until('it listens again', async () => (await client.get('/health')).body?.stream === 'listening')
  stream.close()
  await console.stop()
})

describe('connections are lost', () => {
  let console

  before(async () => { console = await startConsole(desk) })
  after(() => console?.stop())

  // Fifty clients that read and write until they are told to stop, and what they were answered.
  function load(ids) {
    const statuses = new Set()
    const problems = []
    let stopped = false
    const run = async (n) => {
      const client = createClient(console.url, desk.tokens.agent)
      for (let turn = 0; !stopped; turn++) {
        const ask = turn % 2
          ? client.get('/tasks', { headers: { accept: 'text/html' } })
          : client.post(`/ops/tasks/${ids[n % ids.length]}/comment`, { note: `turn ${turn}` })
        const answer = await ask.catch((error) => ({ status: error.cause?.code ?? error.message }))
        statuses.add(answer.status)
        if (answer.status !== 200) problems.push(answer)
      }
    }
    const all = Array.from({ length: 50 }, (_, n) => run(n))
    return {
      statuses,
      problems,
      async stop() {
        stopped = true
        await Promise.all(all)
      },
    }
  }

  test('twenty terminations and an immediate restart under load: answers are 200 or 503, the process lives', async () => {
    const ids = []
    for (let n = 0; n < 10; n++) ids.push(await desk.task())
    const clients = load(ids)
    let lost = 0
    for (let n = 0; n < 20; n++) {
      await until('connections at work', async () => {
        const { rows: [{ count }] } = await desk.admin.query(`
          SELECT count(pg_terminate_backend(pid))::integer FROM pg_stat_activity
          WHERE datname = $1 AND application_name LIKE 'ops-console%' AND state <> 'idle'`, [desk.database])
        lost += count
        return count > 0
      })
    }
    assert.ok(lost >= 20)
    server.restart()
    await until('answers again', async () => (await createClient(console.url, desk.tokens.agent).get('/ops/tasks')).status === 200)
    await clients.stop()
    assert.ok(console.isAlive())
    assert.deepEqual([...clients.statuses].sort(), [200, 503])
    for (const { text } of clients.problems) assert.doesNotMatch(text, /Client has encountered|Connection terminated/)
    const stranger = console.log.find((line) => /secretKey|"client"/.test(line))
    assert.equal(stranger, undefined)
  })
})
