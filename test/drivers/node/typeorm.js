// taskq with TypeORM, on pg.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { DataSource, EntitySchema, In, QueryFailedError } from 'typeorm'

// The table, to write; what the server fills in is neither inserted nor updated.
const Task = new EntitySchema({
  name: 'Task',
  tableName: 'taskq_task',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    title: { type: 'text' },
    description: { type: 'text', nullable: true },
    priority: { type: 'enum', enumName: 'taskq_priority', enum: ['LOW', 'MEDIUM', 'HIGH', 'URGENT'] },
    status: { type: 'enum', enumName: 'taskq_status', enum: ['OPEN', 'IN_PROGRESS', 'OVERDUE', 'COMPLETED', 'CANCELLED'] },
    due_date: { type: 'date', nullable: true },
    assignee_id: { type: 'text', nullable: true },
    user_id: { type: 'text', nullable: true },
    source: { type: 'text' },
    created_by: { type: 'text', insert: false, update: false },
    created_at: { type: 'timestamptz', insert: false, update: false }
  }
})

// The view, to read: its status is that of this moment.
const TaskNow = new EntitySchema({
  name: 'TaskNow',
  type: 'view',
  tableName: 'taskq_tasks',
  columns: {
    id: { type: 'bigint', primary: true },
    title: { type: 'text' },
    priority: { type: 'text' },
    status: { type: 'text' },
    due_date: { type: 'date' },
    created_by: { type: 'text' }
  }
})

// connect; the tables are taskq's, so that nothing may be synchronized
const source = await new DataSource({
  type: 'postgres',
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  database: process.env.PGDATABASE,
  username: process.env.PGUSER,
  password: process.env.PGPASSWORD,
  installExtensions: false,
  synchronize: false,
  entities: [Task, TaskNow]
}).initialize()

// create, as somebody: the actor holds for the transaction
const id = await source.transaction(async (tx) => {
  await tx.query("SELECT set_config('taskq.actor', $1, true)", ['ana'])
  const [row] = await tx.query('SELECT taskq_create($1, priority => $2, due_date => $3, user_id => $4) AS id',
    ['Chase bank statement', 'HIGH', '2030-06-05', 'cus_1'])
  return row.id
})

// many at once: all of them, or none; ids are strings, as everywhere
const bodies = [{ title: 'Review lease', due_date: '2030-06-06' }, { title: 'Call back', priority: 'LOW' }]
const tasks = await source.query(`SELECT task ->> 'id' AS id, task ->> 'title' AS title
  FROM taskq_create_many_json($1, actor => $2) AS task`, [JSON.stringify(bodies), 'bob'])
assert.deepEqual(tasks.map((task) => task.title), ['Review lease', 'Call back'])
assert.equal(id, '9007199254740993')
assert.equal(tasks[1].id, '9007199254740995')

// a page, and the next one; of a query's own rows a date is cast, else it is a Date at this zone's midnight
const page = (after = null) => source.query(
  'SELECT *, due_date::text FROM taskq_queue_page(status => $1, priority => $2, page_size => $3, after => $4)',
  [['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after])
const first = await page()
const second = await page(first.at(-1).cursor)
assert.deepEqual([...first, ...second].map((row) => row.title), ['Chase bank statement', 'Review lease', 'Call back'])

// dates
assert.equal(first[0].due_date, '2030-06-05')
assert.equal(first[0].created_by, 'ana')

// claim
const claimed = await source.query('SELECT * FROM taskq_claim($1, count => $2)', ['sta_1', 1])
assert.deepEqual(claimed.map((row) => [row.id, row.title, row.assignee_id]), [[id, 'Chase bank statement', 'sta_1']])

// errors, by SQLSTATE: the driver's error is beside TypeORM's
await assert.rejects(source.query('SELECT taskq_complete($1)', [tasks[0].id]), (error) => {
  assert(error instanceof QueryFailedError)
  assert.equal(error.driverError.code, '23514')
  assert.equal(error.driverError.constraint, 'taskq_task_lifecycle')
  return true
})
await assert.rejects(source.query('SELECT taskq_start($1)', [1]), (error) => error.driverError.code === 'P0002')

// the entity: what is not set is the default; an update names what it writes
const written = await source.transaction(async (tx) => {
  await tx.query("SELECT set_config('taskq.actor', $1, true)", ['ana'])
  const { id: key } = await tx.save(Task, { title: 'Written', due_date: '2030-06-07', priority: null })
  await tx.update(Task, { id: key }, { assignee_id: 'sta_2' })
  return tx.findOneByOrFail(Task, { id: key })
})
assert.deepEqual([written.priority, written.status, written.source, written.created_by, written.due_date],
  ['MEDIUM', 'OPEN', 'MANUAL', 'ana', '2030-06-07'])
const open = await source.getRepository(TaskNow).find({ where: { status: 'OPEN', priority: In(['MEDIUM', 'LOW']) }, order: { id: 'ASC' } })
assert.deepEqual(open.map((task) => [task.title, task.due_date]), [['Review lease', '2030-06-06'], ['Call back', null], ['Written', '2030-06-07']])
await source.destroy()
