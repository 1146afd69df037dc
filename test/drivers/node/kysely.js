// taskq with Kysely, on pg.
import assert from 'node:assert/strict'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

// A date without a time of day, as it is written: not a Date at this zone's midnight.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

// connect: PGHOST and the other variables of libpq
const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool() }) })

// create, as somebody: the actor holds for the transaction
const id = await db.transaction().execute(async (tx) => {
  await sql`SELECT set_config('taskq.actor', ${'ana'}, true)`.execute(tx)
  const { rows } = await sql`SELECT taskq_create(${'Chase bank statement'}, priority => ${'HIGH'},
    due_date => ${'2030-06-05'}, user_id => ${'cus_1'}) AS id`.execute(tx)
  return rows[0].id
})

// many at once: all of them, or none; ids are strings, as everywhere
const bodies = [{ title: 'Review lease', due_date: '2030-06-06' }, { title: 'Call back', priority: 'LOW' }]
const { rows: tasks } = await sql`SELECT task ->> 'id' AS id, task ->> 'title' AS title
  FROM taskq_create_many_json(${JSON.stringify(bodies)}, actor => ${'bob'}) AS task`.execute(db)
assert.deepEqual(tasks.map((task) => task.title), ['Review lease', 'Call back'])
assert.equal(id, '9007199254740993')
assert.equal(tasks[1].id, '9007199254740995')

// a page, and the next one
async function page(after = null) {
  const { rows } = await sql`SELECT * FROM taskq_queue_page(status => ${['OPEN', 'IN_PROGRESS', 'OVERDUE']},
    priority => ${['HIGH', 'MEDIUM', 'LOW']}, page_size => ${2}, after => ${after})`.execute(db)
  return rows
}
const first = await page()
const second = await page(first.at(-1).cursor)
assert.deepEqual([...first, ...second].map((row) => row.title), ['Chase bank statement', 'Review lease', 'Call back'])

// dates
assert.equal(first[0].due_date, '2030-06-05')
assert.equal(first[0].created_by, 'ana')

// claim
const { rows: claimed } = await sql`SELECT * FROM taskq_claim(${'sta_1'}, count => ${1})`.execute(db)
assert.deepEqual(claimed.map((row) => [row.id, row.title, row.assignee_id]), [[id, 'Chase bank statement', 'sta_1']])

// errors, by SQLSTATE
await assert.rejects(sql`SELECT taskq_complete(${tasks[0].id})`.execute(db), { code: '23514', constraint: 'taskq_task_lifecycle' })
await assert.rejects(sql`SELECT taskq_start(${1})`.execute(db), { code: 'P0002' })

// the builder: parameters have no type, and so no cast is needed
const written = await db.insertInto('taskq_task').values({ title: 'Written', priority: null, source: null, due_date: '2030-06-07' })
  .returning(['id', 'priority', 'source', 'due_date']).executeTakeFirstOrThrow()
assert.deepEqual([written.priority, written.source, written.due_date], ['MEDIUM', 'MANUAL', '2030-06-07'])
await db.updateTable('taskq_task').set({ priority: 'URGENT' }).where('id', '=', written.id).execute()
const open = await db.selectFrom('taskq_tasks').select('title')
  .where('status', '=', 'OPEN').where('priority', 'in', ['URGENT', 'LOW']).orderBy('id').execute()
assert.deepEqual(open.map((task) => task.title), ['Call back', 'Written'])
await db.destroy()
