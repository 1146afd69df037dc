// taskq with Sequelize, on pg.
import assert from 'node:assert/strict'
import { DatabaseError, DataTypes, QueryTypes, Sequelize } from 'sequelize'

// connect
const db = new Sequelize({
  dialect: 'postgres',
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  database: process.env.PGDATABASE,
  username: process.env.PGUSER,
  password: process.env.PGPASSWORD,
  logging: false
})

// The table, to write: the columns that an application may write, and the key.
const Task = db.define('Task', {
  id: { type: DataTypes.BIGINT, primaryKey: true },
  title: DataTypes.TEXT,
  description: DataTypes.TEXT,
  priority: DataTypes.TEXT,
  status: DataTypes.TEXT,
  due_date: DataTypes.DATEONLY,
  assignee_id: DataTypes.TEXT,
  user_id: DataTypes.TEXT,
  source: DataTypes.TEXT
}, { tableName: 'taskq_task', timestamps: false })

// The view, to read: its status is that of this moment.
const TaskNow = db.define('TaskNow', {
  id: { type: DataTypes.BIGINT, primaryKey: true },
  title: DataTypes.TEXT,
  priority: DataTypes.TEXT,
  status: DataTypes.TEXT,
  due_date: DataTypes.DATEONLY,
  created_by: DataTypes.TEXT
}, { tableName: 'taskq_tasks', timestamps: false })

// create, as somebody: the actor holds for the transaction
const query = (sql, bind, options) => db.query(sql, { bind, type: QueryTypes.SELECT, ...options })
const id = await db.transaction(async (transaction) => {
  await query("SELECT set_config('taskq.actor', $1, true)", ['ana'], { transaction })
  const [row] = await query('SELECT taskq_create($1, priority => $2, due_date => $3, user_id => $4) AS id',
    ['Chase bank statement', 'HIGH', '2030-06-05', 'cus_1'], { transaction })
  return row.id
})

// many at once: all of them, or none; ids are strings, as everywhere
const bodies = [{ title: 'Review lease', due_date: '2030-06-06' }, { title: 'Call back', priority: 'LOW' }]
const tasks = await query(`SELECT task ->> 'id' AS id, task ->> 'title' AS title
  FROM taskq_create_many_json($1, actor => $2) AS task`, [JSON.stringify(bodies), 'bob'])
assert.deepEqual(tasks.map((task) => task.title), ['Review lease', 'Call back'])
assert.equal(id, '9007199254740993')
assert.equal(tasks[1].id, '9007199254740995')

// a page, and the next one
const page = (after = null) => query(
  'SELECT * FROM taskq_queue_page(status => $1, priority => $2, page_size => $3, after => $4)',
  [['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after])
const first = await page()
const second = await page(first.at(-1).cursor)
assert.deepEqual([...first, ...second].map((row) => row.title), ['Chase bank statement', 'Review lease', 'Call back'])

// replacements are written into the statement: a list of them is text, and needs no cast either
const [{ n }] = await db.query('SELECT taskq_queue_count(status => ARRAY[:status], cap => NULL) AS n',
  { replacements: { status: ['OPEN', 'OVERDUE'] }, type: QueryTypes.SELECT })
assert.equal(Number(n), 3)

// dates
assert.equal(first[0].due_date, '2030-06-05')
assert.equal(first[0].created_by, 'ana')

// claim
const claimed = await query('SELECT * FROM taskq_claim($1, count => $2)', ['sta_1', 1])
assert.deepEqual(claimed.map((row) => [row.id, row.title, row.assignee_id]), [[id, 'Chase bank statement', 'sta_1']])

// errors, by SQLSTATE: the driver's error is inside Sequelize's
await assert.rejects(query('SELECT taskq_complete($1)', [tasks[0].id]), (error) => {
  assert(error instanceof DatabaseError)
  assert.equal(error.original.code, '23514')
  assert.equal(error.original.constraint, 'taskq_task_lifecycle')
  return true
})
await assert.rejects(query('SELECT taskq_start($1)', [1]), (error) => error.original.code === 'P0002')

// the model: null means the default; a create names what it writes, or it would write the key too, for which an agent has no right
await db.transaction(async (transaction) => {
  await query("SELECT set_config('taskq.actor', $1, true)", ['ana'], { transaction })
  const task = await Task.create({ title: 'Written', due_date: '2030-06-07', priority: null, source: null },
    { fields: ['title', 'due_date', 'priority', 'source'], transaction })
  assert.deepEqual([task.priority, task.status, task.source, task.due_date], ['MEDIUM', 'OPEN', 'MANUAL', '2030-06-07'])
  await Task.update({ priority: 'URGENT' }, { where: { id: task.id }, transaction })
})
const open = await TaskNow.findAll({ where: { status: 'OPEN', priority: ['URGENT', 'LOW'] }, order: ['id'] })
assert.deepEqual(open.map((task) => [task.title, task.created_by]), [['Call back', 'bob'], ['Written', 'ana']])
await db.close()
