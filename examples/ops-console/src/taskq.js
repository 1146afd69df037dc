// Everything that the console asks of taskq, as SQL with parameters.  "tx" is a
// transaction of db.js.  Rows come as JSON made by the database, so that the API
// and the pages show dates and times exactly as it tells them.

const filterArguments = `
    status => $1::taskq_status[], priority => $2::taskq_priority[], sla_status => $3::taskq_sla_status[],
    assignee_id => $4, unassigned => $5, user_id => $6, source => $7, due_from => $8, due_to => $9, search => $10,
    assignee_is_active => $11, paused => $12, kind => $13`

const pageOfTasks = `
  SELECT coalesce(json_agg(p), '[]') AS tasks
  FROM taskq_queue_page(${filterArguments}, sort => $14, page_size => $15, after => $16) AS p`

// Which kinds of work the service levels tell apart: what a field can offer.
const kinds = `SELECT coalesce(json_agg(DISTINCT kind), '[]') AS kinds FROM taskq_sla_policy WHERE kind IS NOT NULL`

// All that the page of the queue shows, in one question; but for clocks, see addClocks().
const queue = `
  SELECT (SELECT to_json(s) FROM taskq_stats() AS s) AS stats, (${pageOfTasks}) AS tasks, (${kinds}) AS kinds,
         taskq_queue_count(${filterArguments}, cap => $17)::integer AS count`

const filterValues = (f) => [
  f.status ?? ['OPEN'], f.priority ?? null, f.sla_status ?? null,
  f.assignee_id ?? null, f.unassigned ?? false, f.user_id ?? null, f.source ?? null,
  f.due_from ?? null, f.due_to ?? null, f.search ?? null, f.assignee_is_active ?? null,
  f.paused ?? null, f.kind ?? null,
]

// One row more than asked for tells whether there is a next page.
const limitOf = (filter) => filter.limit ?? 50
const pageValues = (filter) => [...filterValues(filter), filter.sort ?? null, limitOf(filter) + 1, filter.after ?? null]

function cut(tasks, limit) {
  const page = tasks.slice(0, limit)
  const next = tasks.length > limit ? page.at(-1).cursor : null
  for (const task of page) delete task.cursor
  return { tasks: page, next }
}

export async function listTasks(tx, filter) {
  const { tasks } = await tx.row(pageOfTasks, pageValues(filter))
  return cut(tasks, limitOf(filter))
}

export async function queueOf(tx, filter, countCap) {
  const { stats, tasks, count, kinds: known } = await tx.row(queue, [...pageValues(filter), countCap])
  return { stats, count, kinds: known, ...cut(tasks, limitOf(filter)) }
}

// The clocks of an SLA in business time, or with pauses, are the database's to tell;
// those of all other tasks follow from their columns.  Gives each task "clocks".
const needsClocks = (t) => (t.sla_due_at !== null || t.response_due_at !== null) &&
  (t.sla_calendar !== null || t.sla_revision !== null || t.is_paused || t.response_due_at !== null)

export async function addClocks(tx, tasks) {
  const byId = new Map(tasks.filter(needsClocks).map((task) => [task.id, task]))
  if (byId.size === 0) return
  const rows = await tx.rows('SELECT to_jsonb(c) AS clock FROM taskq_sla_clocks c WHERE c.task_id = ANY ($1)', [[...byId.keys()]])
  for (const { clock } of rows) {
    const task = byId.get(clock.task_id)
    task.clocks = { ...task.clocks, [clock.clock]: clock }
  }
}

// The clocks of a task, resolution first, each with the time line that its deadline follows from.
export async function slaOf(tx, id) {
  const rows = await tx.rows(`
    SELECT to_jsonb(c) || jsonb_build_object('spans', (
        SELECT coalesce(jsonb_agg(e ORDER BY e.begins), '[]') FROM taskq_sla_explain(c.task_id, c.clock) e)) AS clock
    FROM taskq_sla_clocks c WHERE c.task_id = $1 ORDER BY c.clock`, [id])
  return rows.map(({ clock }) => clock)
}

export async function findTask(tx, id) {
  const row = await tx.row('SELECT to_jsonb(t) AS task FROM taskq_tasks t WHERE t.id = $1', [id])
  return row?.task
}

export async function historyOf(tx, id) {
  // Instants among the changes are kept in UTC; they are told as all others are.
  const rows = await tx.rows(`
    SELECT to_jsonb(h) || jsonb_build_object('actor_name', s.name, 'changes', (
        SELECT jsonb_object_agg(key, CASE WHEN key ~ '_(at|from)$'
            THEN jsonb_build_object('from', (value->>'from')::timestamptz, 'to', (value->>'to')::timestamptz) ELSE value END)
        FROM jsonb_each(h.changes))) AS event
    FROM taskq_task_history h LEFT JOIN taskq_staff_member s ON s.id = h.actor
    WHERE h.task_id = $1 ORDER BY h.event_id`, [id])
  return rows.map(({ event }) => event)
}

export async function createTask(tx, body) {
  const { task } = await tx.row('SELECT taskq_create_json($1) AS task', [JSON.stringify(body)])
  return task
}

// The verbs, each for one task and for many.  $1 is the id, or the ids.
const verbs = {
  start: [],
  complete: ['note'],
  cancel: ['reason'],
  assign: ['assignee_id'],
  reschedule: ['due_date'],
  comment: ['note'],
  pause: ['reason', 'until'],
  resume: ['note'],
}

function call(verb, ids, body) {
  const name = Array.isArray(ids) ? `taskq_${verb}_many` : `taskq_${verb}`
  const named = verbs[verb].map((argument, n) => `, ${argument} => $${n + 2}`)
  return [`SELECT id FROM ${name}($1${named.join('')})`, [ids, ...verbs[verb].map((argument) => body[argument] ?? null)]]
}

// A function's change shows in the view from the next statement on.
export async function moveTask(tx, verb, id, body) {
  await tx.row(...call(verb, id, body))
  return findTask(tx, id)
}

export async function moveTasks(tx, verb, ids, body) {
  const rows = await tx.rows(...call(verb, ids, body))
  return rows.map(({ id }) => Number(id))
}

export async function claimTasks(tx, staffId, count) {
  const rows = await tx.rows('SELECT to_jsonb(c) AS task FROM taskq_claim($1, $2) AS c', [staffId, count])
  return rows.map(({ task }) => task)
}

export const stats = (tx, { assignee_id, user_id } = {}) =>
  tx.row('SELECT * FROM taskq_stats(assignee_id => $1, user_id => $2)', [assignee_id ?? null, user_id ?? null])

const slaBy = `
  SELECT r.*, s.name AS assignee_name
  FROM taskq_sla_report(taskq_day_start($1), taskq_day_start($2::date + 1), group_by => $3) AS r
  LEFT JOIN taskq_staff_member s ON $3 = 'assignee' AND s.id = r.group_key
  ORDER BY r.group_key NULLS LAST`

export async function slaReport(tx, { from, to, group }) {
  const rows = await tx.rows(slaBy, [from, to, group])
  return rows.map(({ assignee_name, ...row }) => (group === 'assignee' ? { ...row, assignee_name } : row))
}

export const refreshRenewals = async (tx, dryRun) => {
  const rows = await tx.rows('SELECT to_jsonb(r) AS crossing FROM taskq_renewals_refresh(dry_run => $1) AS r', [dryRun])
  return rows.map(({ crossing }) => crossing)
}

export async function renewalsOf(tx, userId) {
  const rows = await tx.rows(`
    SELECT to_jsonb(r) AS renewal FROM taskq_renewals r
    WHERE r.user_id = $1 ORDER BY r.days_until_due NULLS LAST, r.due_date DESC LIMIT 100`, [userId])
  return rows.map(({ renewal }) => renewal)
}

export const findCustomer = (tx, id) => tx.row(`
  SELECT c.id, c.name, c.is_active, c.assigned_agent_id, s.name AS agent_name
  FROM taskq_customer c LEFT JOIN taskq_staff_member s ON s.id = c.assigned_agent_id
  WHERE c.id = $1`, [id])

export const searchCustomers = (tx, text, limit) => tx.rows(`
  SELECT c.id, c.name, s.name AS agent_name
  FROM taskq_customer c LEFT JOIN taskq_staff_member s ON s.id = c.assigned_agent_id
  WHERE c.is_active AND ($1 = '' OR c.id = $1 OR strpos(lower(c.name), lower($1)) > 0)
  ORDER BY c.name, c.id LIMIT $2`, [text, limit])

export const activeStaff = (tx, limit) =>
  tx.rows('SELECT id, name FROM taskq_staff_member WHERE is_active ORDER BY name, id LIMIT $1', [limit])

export const staffName = async (tx, id) =>
  (await tx.row('SELECT name FROM taskq_staff_member WHERE id = $1', [id]))?.name

export const workload = (tx, limit) =>
  tx.rows('SELECT * FROM taskq_workload ORDER BY overdue DESC, open + in_progress DESC, assignee_name LIMIT $1', [limit])

export const workerStatus = (tx) =>
  tx.row('SELECT * FROM taskq_worker_status WHERE database = current_database()')

export const knownKinds = async (tx) => (await tx.row(kinds)).kinds
