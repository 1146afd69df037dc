// taskq with pg, node-postgres.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import pg from 'pg'

// A date without a time of day, as it is written: not a Date at this zone's midnight.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

// connect: PGHOST and the other variables of libpq
const pool = new pg.Pool()

// create, as somebody: the actor holds for the transaction
async function as(actor, work) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query("SELECT set_config('taskq.actor', $1, true)", [actor])
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const id = await as('ana', async (client) => {
  const { rows } = await client.query('SELECT taskq_create($1, priority => $2, due_date => $3, user_id => $4) AS id',
    ['Chase bank statement', 'HIGH', '2030-06-05', 'cus_1'])
  return rows[0].id
})

// many at once: all of them, or none; ids are strings, as everywhere
const bodies = [{ title: 'Review lease', due_date: '2030-06-06' }, { title: 'Call back', priority: 'LOW' }]
const { rows: tasks } = await pool.query(`SELECT task ->> 'id' AS id, task ->> 'title' AS title
  FROM taskq_create_many_json($1, actor => $2) AS task`, [JSON.stringify(bodies), 'bob'])
assert.deepEqual(tasks.map((task) => task.title), ['Review lease', 'Call back'])
assert.equal(id, '9007199254740993')
assert.equal(tasks[1].id, '9007199254740995')

// a page, and the next one
async function page(after = null) {
  const { rows } = await pool.query('SELECT * FROM taskq_queue_page(status => $1, priority => $2, page_size => $3, after => $4)',
    [['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after])
  return rows
}
const first = await page()
const second = await page(first.at(-1).cursor)
assert.deepEqual([...first, ...second].map((row) => row.title), ['Chase bank statement', 'Review lease', 'Call back'])

// dates
assert.equal(first[0].due_date, '2030-06-05')
assert.equal(first[0].created_by, 'ana')

// claim
const { rows: claimed } = await pool.query('SELECT * FROM taskq_claim($1, count => $2)', ['sta_1', 1])
assert.deepEqual(claimed.map((row) => [row.id, row.title, row.assignee_id]), [[id, 'Chase bank statement', 'sta_1']])

// errors, by SQLSTATE
await assert.rejects(pool.query('SELECT taskq_complete($1)', [tasks[0].id]), (error) => {
  assert.equal(error.code, '23514')
  assert.equal(error.constraint, 'taskq_task_lifecycle')
  assert.match(error.hint, /taskq_start\(\)/)
  return true
})
await assert.rejects(pool.query('SELECT taskq_start($1)', [1]), { code: 'P0002' })

// columns: parameters have no type, and so no cast is needed
const { rows: [{ n }] } = await pool.query('SELECT count(*) AS n FROM taskq_tasks WHERE status = $1 AND priority = ANY ($2)',
  ['OPEN', ['LOW', 'MEDIUM']])
assert.equal(n, '2')
const { rows: written } = await pool.query('INSERT INTO taskq_task (title, priority, source) VALUES ($1, $2, $3) RETURNING priority, source',
  ['Written', null, null])
assert.deepEqual(written, [{ priority: 'MEDIUM', source: 'MANUAL' }])

// listen, on a connection of the server's own
const listener = new pg.Client({ port: process.env.LISTEN_PORT })
await listener.connect()
await listener.query('LISTEN tasks')
const heard = once(listener, 'notification', { signal: AbortSignal.timeout(30000) })
const { rows: [later] } = await pool.query('SELECT taskq_create($1) AS id', ['Heard of'])
const [{ payload }] = await heard
assert.deepEqual(payload.match(/\d+/g), [later.id])
await listener.end()
await pool.end()
