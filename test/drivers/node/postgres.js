// taskq with postgres.js.
import assert from 'node:assert/strict'
import postgres from 'postgres'

// connect: PGHOST and the other variables of libpq; behind PgBouncer before 1.21 without prepared statements
const sql = postgres({
  prepare: false,
  // A date without a time of day, as it is written: not a Date at midnight.
  types: { date: { to: 1082, from: [1082], serialize: (text) => text, parse: (text) => text } }
})

// create, as somebody: the actor holds for the transaction
const id = await sql.begin(async (tx) => {
  await tx`SELECT set_config('taskq.actor', ${'ana'}, true)`
  const [row] = await tx`SELECT taskq_create(${'Chase bank statement'}, priority => ${'HIGH'},
    due_date => ${'2030-06-05'}, user_id => ${'cus_1'}) AS id`
  return row.id
})

// many at once: all of them, or none; ids are strings, as everywhere
const bodies = [{ title: 'Review lease', due_date: '2030-06-06' }, { title: 'Call back', priority: 'LOW' }]
const tasks = await sql`SELECT task ->> 'id' AS id, task ->> 'title' AS title
  FROM taskq_create_many_json(${sql.json(bodies)}, actor => ${'bob'}) AS task`
assert.deepEqual(tasks.map((task) => task.title), ['Review lease', 'Call back'])
assert.equal(id, '9007199254740993')
assert.equal(tasks[1].id, '9007199254740995')

// a page, and the next one
const page = (after = null) => sql`SELECT * FROM taskq_queue_page(
  status => ${['OPEN', 'IN_PROGRESS', 'OVERDUE']}, priority => ${['HIGH', 'MEDIUM', 'LOW']}, page_size => ${2}, after => ${after})`
const first = await page()
const second = await page(first.at(-1).cursor)
assert.deepEqual([...first, ...second].map((row) => row.title), ['Chase bank statement', 'Review lease', 'Call back'])

// dates
assert.equal(first[0].due_date, '2030-06-05')
assert.equal(first[0].created_by, 'ana')

// claim
const claimed = await sql`SELECT * FROM taskq_claim(${'sta_1'}, count => ${1})`
assert.deepEqual(claimed.map((row) => [row.id, row.title, row.assignee_id]), [[id, 'Chase bank statement', 'sta_1']])

// errors, by SQLSTATE
await assert.rejects(sql`SELECT taskq_complete(${tasks[0].id})`, (error) => {
  assert.equal(error.code, '23514')
  assert.equal(error.constraint_name, 'taskq_task_lifecycle')
  assert.match(error.hint, /taskq_start\(\)/)
  return true
})
await assert.rejects(sql`SELECT taskq_start(${1})`, { code: 'P0002' })

// columns
const [{ n }] = await sql`SELECT count(*) AS n FROM taskq_tasks WHERE status = ${'OPEN'} AND priority = ANY (${['LOW', 'MEDIUM']})`
assert.equal(n, '2')
const written = await sql`INSERT INTO taskq_task ${sql({ title: 'Written', priority: null, source: null })} RETURNING priority, source`
assert.deepEqual({ ...written[0] }, { priority: 'MEDIUM', source: 'MANUAL' })

// listen, on a connection of the server's own
const direct = postgres({ port: process.env.LISTEN_PORT })
let hear
const heard = new Promise((resolve) => { hear = resolve })
await direct.listen('tasks', hear)
const [later] = await sql`SELECT taskq_create(${'Heard of'}) AS id`
const payload = await heard
assert.deepEqual(payload.match(/\d+/g), [later.id])
await direct.end()
await sql.end()
