// Everything that the console asks of taskq, as SQL with parameters.  "tx" is a
// transaction of db.js.  Rows come as JSON made by the database, so that the API
// and the pages show dates and times exactly as it tells them.

const filterArguments = `
    status => $1::taskq_status[], priority => $2::taskq_priority[], sla_status => $3::taskq_sla_status[],
    assignee_id => $4, unassigned => $5, user_id => $6, source => $7, due_from => $8, due_to => $9, search => $10,
    assignee_is_active => $11, paused => $12, kind => $13, team_id => $14, labels => $15`

// What a list tells of a task: all but the texts that can be long, which would be
// read from where they are stored, page after page, for nobody to see.
const briefly = `
  p.id, p.title, p.priority, p.status, p.stored_status, p.due_date, p.is_active, p.is_overdue, p.days_overdue,
  p.assignee_id, p.assignee_name, p.assignee_is_active, p.team_id, p.user_id, p.customer_name, p.source, p.dedupe_key, p.kind, p.labels, p.follows_id,
  p.sla_hours, p.sla_status, p.sla_due_at, p.sla_at_risk_at, p.sla_breached_at, p.sla_first_breached_at, p.sla_policy, p.sla_calendar, p.sla_revision,
  p.sla_from, p.response_hours, p.response_due_at, p.response_breached_at, p.response_hours_used, p.sla_hours_used, p.sla_warn_at, p.sla_warned_at,
  p.paused_at, left(p.pause_reason, 300) AS pause_reason, p.resume_at, p.is_paused,
  p.created_at, p.created_by, p.started_at, p.completed_at, p.cancelled_at, p.updated_at`

const pageOfTasks = `
  SELECT coalesce(json_agg(t), '[]') AS tasks
  FROM (SELECT ${briefly}, p.cursor
        FROM taskq_queue_page(${filterArguments}, sort => $16, page_size => $17, after => $18) AS p) t`

// Which kinds of work the service levels tell apart: what a field can offer.
const kinds = `SELECT coalesce(json_agg(DISTINCT kind), '[]') AS kinds FROM taskq_sla_policy WHERE kind IS NOT NULL`

// All that the page of the queue shows, in one question; but for clocks, see addClocks().
const queue = `
  SELECT (SELECT to_json(s) FROM taskq_stats() AS s) AS stats, (${pageOfTasks}) AS tasks, (${kinds}) AS kinds,
         taskq_queue_count(${filterArguments}, cap => $19)::integer AS count`

// What somebody has, and what their teams have that nobody has; what is due today
// comes first.  No further pages: whoever has more than this has another problem.
const mine = `
  WITH mine AS MATERIALIZED (
      SELECT ${briefly}, p.cursor FROM taskq_queue_page(${filterArguments}, sort => $16, page_size => $17) AS p
      UNION ALL
      SELECT ${briefly}, p.cursor FROM taskq_team_member m JOIN taskq_team g ON g.id = m.team_id
      CROSS JOIN LATERAL taskq_queue_page(${filterArguments.replace('assignee_id => $4, unassigned => $5', 'unassigned => true').replace('team_id => $14', 'team_id => m.team_id')},
          sort => $16, page_size => $17) AS p
      WHERE m.staff_id = $4 AND ($14::text IS NULL OR $14 = m.team_id) AND $5 IS NOT NULL)
  SELECT (SELECT to_json(s) FROM taskq_stats() AS s) AS stats, (${kinds}) AS kinds,
         (SELECT count(*)::integer FROM mine) AS count,
         (SELECT coalesce(json_agg(q), '[]') FROM (
             SELECT * FROM mine ORDER BY due_date = taskq_today() DESC NULLS LAST, due_date NULLS LAST, priority DESC, id LIMIT $17) q) AS tasks`
const mineAtMost = 500

const filterValues = (f) => [
  f.status ?? ['OPEN'], f.priority ?? null, f.sla_status ?? null,
  f.assignee_id ?? null, f.unassigned ?? false, f.user_id ?? null, f.source ?? null,
  f.due_from ?? null, f.due_to ?? null, f.search ?? null, f.assignee_is_active ?? null,
  f.paused ?? null, f.kind ?? null, f.team_id ?? null, f.labels ?? null,
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

export async function myWork(tx, filter, staffId) {
  const values = [...filterValues({ ...filter, assignee_id: staffId }), filter.sort ?? null, mineAtMost]
  const { stats, tasks, count, kinds: known } = await tx.row(mine, values)
  return { stats, count, kinds: known, ...cut(tasks, mineAtMost) }
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

// The clocks of a task, resolution first, each with the time line that its deadline
// follows from.  Of a long one, its begin and its end.
const spansAtEachEnd = 200

export async function slaOf(tx, id) {
  const rows = await tx.rows(`
    SELECT to_jsonb(c) || jsonb_build_object('spans', e.spans, 'spans_left_out', e.left_out) AS clock
    FROM taskq_sla_clocks c
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_object('begins', s.begins, 'ends', s.ends, 'what', s.what, 'label', left(s.label, 300),
                   'hours', s.hours, 'hours_so_far', s.hours_so_far) ORDER BY s.n) FILTER (WHERE s.n <= $2 OR s.n > s.total - $2), '[]') AS spans,
               greatest(0, count(*) - 2 * $2)::integer AS left_out
        FROM (SELECT e.*, e.ordinality AS n, count(*) OVER () AS total
              FROM taskq_sla_explain(c.task_id, c.clock) WITH ORDINALITY AS e) s) e
    WHERE c.task_id = $1 ORDER BY c.clock`, [id, spansAtEachEnd])
  return rows.map(({ clock }) => clock)
}

export const exists = async (tx, id) => (await tx.rows('SELECT FROM taskq_task WHERE id = $1', [id])).length > 0

export async function findTask(tx, id) {
  const row = await tx.row('SELECT to_jsonb(t) AS task FROM taskq_tasks t WHERE t.id = $1', [id])
  return row?.task
}

// The history from its end, or from before an event: as many events as there is
// room for on a page, but one at least.  "before" leads to those that came earlier.
const eventsAPage = 50
const bytesAPage = 256 * 1024

export async function historyOf(tx, id, { before = null, limit = eventsAPage } = {}) {
  // Instants among the changes are kept in UTC; they are told as all others are.
  const rows = await tx.rows(`
    SELECT to_jsonb(h) - '{bytes,n}'::text[] || jsonb_build_object('actor_name', s.name, 'changes', (
        SELECT jsonb_object_agg(key, CASE WHEN key ~ '_(at|from)$' AND value ? 'to'
            THEN jsonb_build_object('from', (value->>'from')::timestamptz, 'to', (value->>'to')::timestamptz) ELSE value END)
        FROM jsonb_each(h.changes))) AS event
    FROM (SELECT h.*, row_number() OVER newest AS n, sum(coalesce(octet_length(h.note), 0) + coalesce(octet_length(h.changes::text), 0)) OVER newest AS bytes
          FROM (SELECT * FROM taskq_task_history WHERE task_id = $1 AND ($2::bigint IS NULL OR event_id < $2)
                ORDER BY event_id DESC LIMIT $3) h
          WINDOW newest AS (ORDER BY h.event_id DESC)) h
    LEFT JOIN taskq_staff_member s ON s.id = h.actor
    WHERE h.n = 1 OR h.bytes <= $4
    ORDER BY h.event_id`, [id, before, limit, bytesAPage])
  const events = rows.map(({ event }) => event)
  return { events, before: events[0]?.event_id > 0 ? events[0].event_id : null }
}

// Names by id: { staff: { sta_1: 'Ann' }, teams, customers }.  An id may be any word.
export async function namesOf(tx, { staff, teams, customers }) {
  const names = await tx.row(`
    SELECT (SELECT coalesce(jsonb_object_agg(id, name), '{}') FROM taskq_staff_member WHERE id = ANY ($1)) AS staff,
           (SELECT coalesce(jsonb_object_agg(id, name), '{}') FROM taskq_team WHERE id = ANY ($2)) AS teams,
           (SELECT coalesce(jsonb_object_agg(id, name), '{}') FROM taskq_customer WHERE id = ANY ($3)) AS customers`, [staff, teams, customers])
  for (const byId of Object.values(names)) Object.setPrototypeOf(byId, null)
  return names
}

export async function createTask(tx, body) {
  const { task } = await tx.row('SELECT taskq_create_json($1) AS task', [JSON.stringify(body)])
  return task
}

// All or none; of two with one dedupe_key the second gets the task of the first.
export async function createTasks(tx, bodies) {
  const rows = await tx.rows('SELECT t AS task FROM taskq_create_many_json($1) t', [JSON.stringify(bodies)])
  return rows.map(({ task }) => task)
}

// The verbs, each for one task and for many.  $1 is the id, or the ids.
const verbs = {
  start: [],
  complete: ['note'],
  cancel: ['reason'],
  assign: ['assignee_id'],
  assign_team: ['team_id'],
  reschedule: ['due_date'],
  prioritize: ['priority'],
  set_sla: ['sla_hours', 'note'],
  apply_policy: ['policy', 'since'],
  comment: ['note'],
  pause: ['reason', 'until'],
  resume: ['note'],
}

function call(verb, ids, body) {
  const name = Array.isArray(ids) ? `taskq_${verb}_many` : `taskq_${verb}`
  const given = [...verbs[verb], ...(body.if_unchanged_since ? ['if_unchanged_since'] : [])]
  const named = given.map((argument, n) => `, ${argument} => $${n + 2}`)
  return [`SELECT id FROM ${name}($1${named.join('')})`, [ids, ...given.map((argument) => body[argument] ?? null)]]
}

// What a form of a task's fields says, verb by verb, in one transaction: what it does
// not mention stays.  The first verb looks whether the task is still as it was read;
// after that this transaction has it.
const edits = ['title', 'description', 'labels', 'attributes']
export async function editTask(tx, id, changes) {
  let since = changes.if_unchanged_since
  const once = () => {
    const value = since
    since = undefined
    return value ?? null
  }
  const has = (name) => changes[name] !== undefined
  if (edits.some(has)) {
    const attributes = has('attributes') ? JSON.stringify(changes.attributes ?? {}) : null
    await tx.row('SELECT id FROM taskq_edit($1, title => $2, description => $3, labels => $4, attributes => $5, if_unchanged_since => $6)',
      [id, changes.title ?? null, has('description') ? changes.description ?? '' : null, has('labels') ? changes.labels ?? [] : null, attributes, once()])
  }
  for (const [verb, name] of [['prioritize', 'priority'], ['set_sla', 'sla_hours'], ['reschedule', 'due_date'], ['assign_team', 'team_id'], ['assign', 'assignee_id']]) {
    if (has(name)) await tx.row(...call(verb, id, { ...changes, if_unchanged_since: once() }))
  }
  return findTask(tx, id)
}

// Labels are added to and taken from what each task has.
const labelMany = `
  SELECT (taskq_edit(t.id, labels => ARRAY(
      SELECT l FROM unnest(coalesce(t.labels, '{}') || $2::text[]) l WHERE l <> ALL ($3::text[])))).id
  FROM (SELECT id, labels FROM taskq_task WHERE id = ANY ($1) ORDER BY id) t`
export const labelTasks = (tx, ids, add, remove) => tx.rows(labelMany, [ids, add, remove])

export const followUp = async (tx, id, { title, due_date, assignee_id, sla_hours }) =>
  (await tx.row('SELECT taskq_follow_up($1, title => $2, due_date => $3, assignee_id => $4, sla_hours => $5) AS id',
    [id, title ?? null, due_date ?? null, assignee_id ?? null, sla_hours ?? null])).id

// A function's change shows in the view from the next statement on.
export async function moveTask(tx, verb, id, body) {
  await tx.row(...call(verb, id, body))
  return findTask(tx, id)
}

export async function moveTasks(tx, verb, ids, body) {
  const rows = await tx.rows(...call(verb, ids, body))
  return rows.map(({ id }) => Number(id))
}

export async function claimTasks(tx, staffId, { count, team_id }) {
  const rows = await tx.rows(`SELECT to_jsonb(t) AS task FROM (SELECT ${briefly} FROM taskq_claim($1, $2, team_id => $3) AS p) t`, [staffId, count, team_id ?? null])
  return rows.map(({ task }) => task)
}

export const stats = (tx, { assignee_id, user_id, team_id } = {}) =>
  tx.row('SELECT * FROM taskq_stats(assignee_id => $1, user_id => $2, team_id => $3)', [assignee_id ?? null, user_id ?? null, team_id ?? null])

// Everything that was done to a task after an instant, the latest last.
export async function historySince(tx, id, since) {
  const { event_id } = await tx.row('SELECT coalesce(max(event_id), 0) AS event_id FROM taskq_task_history WHERE task_id = $1 AND at <= $2', [id, since])
  const { events } = await historyOf(tx, id, { limit: 20 })
  return events.filter((event) => event.event_id > Number(event_id))
}

const slaBy = `
  SELECT r.*, coalesce(s.name, g.name) AS group_name
  FROM taskq_sla_report(taskq_day_start($1), taskq_day_start($2::date + 1), group_by => $3) AS r
  LEFT JOIN taskq_staff_member s ON $3 = 'assignee' AND s.id = r.group_key
  LEFT JOIN taskq_team g ON $3 = 'team' AND g.id = r.group_key
  ORDER BY r.group_key NULLS LAST`

export async function slaReport(tx, { from, to, group }) {
  const rows = await tx.rows(slaBy, [from, to, group])
  return rows.map(({ group_name, ...row }) => (group === 'assignee' ? { ...row, assignee_name: group_name } : row))
}

// taskq's report has no group for customers: the same numbers from the view of tasks.
const slaByCustomer = `
  SELECT t.user_id AS group_key, t.customer_name AS group_name, count(*)::integer AS tasks,
         (count(*) FILTER (WHERE t.sla_status = 'MET' AND NOT t.was_late))::integer AS met,
         (count(*) FILTER (WHERE t.sla_status = 'BREACHED' OR t.was_late))::integer AS breached,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.created_at) / 3600) FILTER (WHERE t.completed_at IS NOT NULL) AS p50_hours,
         percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.created_at) / 3600) FILTER (WHERE t.completed_at IS NOT NULL) AS p90_hours
  FROM (SELECT *, coalesce(sla_first_breached_at <= statement_timestamp(), false) AS was_late FROM taskq_tasks) t
  WHERE least(t.sla_due_at, t.sla_first_breached_at) >= taskq_day_start($1) AND least(t.sla_due_at, t.sla_first_breached_at) < taskq_day_start($2::date + 1)
  GROUP BY 1, 2 ORDER BY breached DESC, tasks DESC, group_name LIMIT 50`

// A group's rows with the names of people and teams, as a page shows them.
export async function slaGroups(tx, { from, to, group }) {
  if (group !== 'customer') return tx.rows(slaBy, [from, to, group])
  const rows = await tx.rows(slaByCustomer, [from, to])
  return rows.map((row) => ({ ...row, compliance: row.met + row.breached ? row.met / (row.met + row.breached) : null, response_tasks: 0 }))
}

export const refreshRenewals = async (tx, dryRun) => {
  const rows = await tx.rows('SELECT to_jsonb(r) AS crossing FROM taskq_renewals_refresh(dry_run => $1) AS r', [dryRun])
  return rows.map(({ crossing }) => crossing)
}

export async function renewalsOf(tx, userId) {
  const rows = await tx.rows(`
    SELECT to_jsonb(r) AS renewal FROM (
        SELECT id, user_id, service_type, due_date, days_until_due, status, is_overdue, assignee_id, assignee_name, reference,
               next_threshold, next_threshold_on, open_task_id, every, completed_at, cancelled_at, compliance_flagged_at
        FROM taskq_renewals WHERE user_id = $1 ORDER BY days_until_due NULLS LAST, due_date DESC LIMIT 100) r`, [userId])
  return rows.map(({ renewal }) => renewal)
}

export const findCustomer = (tx, id) => tx.row(`
  SELECT c.id, c.name, c.is_active, c.assigned_agent_id, s.name AS agent_name, c.merged_into, i.name AS merged_name
  FROM taskq_customer c LEFT JOIN taskq_staff_member s ON s.id = c.assigned_agent_id
  LEFT JOIN taskq_customer i ON i.id = c.merged_into
  WHERE c.id = $1`, [id])

// What each word of a search is LIKE, wherever it stands.
export const likesOf = (text) => text.split(/\s+/).filter(Boolean).slice(0, 8).map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`)

// Customers, staff and teams whose name has every word, as it stands or in pieces,
// or whose id it is.  Letters are compared as taskq's search does.  For customers the
// index of schema.sql makes it quick; words of one or two letters are looked for
// where a name begins, for which such an index is no use elsewhere.
async function byName(tx, { columns, from, where }, text, limit, language) {
  const likes = likesOf(text)
  if (likes.length === 1 && text.trim().length < 3) likes[0] = likes[0].slice(1)
  const match = likes.map((like, n) => `taskq_fold(p.name) LIKE taskq_fold($${n + 3})`).join(' AND ') || 'true'
  const rows = await tx.rows(`
    (SELECT ${columns}, 0 AS place FROM ${from} WHERE ${where} AND p.id = $1)
    UNION ALL
    (SELECT ${columns}, 1 AS place FROM ${from} WHERE ${where} AND p.id <> $1 AND ${match}${likes.length ? '' : ' ORDER BY p.name, p.id'} LIMIT $2)`, [text.trim(), limit * 10, ...likes])
  const begins = new Intl.Collator(language, { usage: 'search', sensitivity: 'base' })
  const start = text.trim()
  const rank = ({ place, name }) => (place === 0 ? 0 : begins.compare(name.slice(0, start.length), start) === 0 ? 1 : 2)
  const order = new Intl.Collator(language)
  return rows.map((row) => ({ ...row, rank: rank(row) }))
    .sort((a, b) => a.rank - b.rank || order.compare(a.name, b.name)).slice(0, limit)
    .map(({ place, rank: own, ...row }) => row)
}

const people = {
  customer: {
    columns: 'p.id, p.name, s.name AS note',
    from: 'taskq_customer p LEFT JOIN taskq_staff_member s ON s.id = p.assigned_agent_id',
    where: 'p.is_active',
  },
  staff: {
    columns: `p.id, p.name, CASE WHEN p.away_until >= taskq_today() THEN 'away' END AS note`,
    from: 'taskq_staff_member p',
    where: 'p.is_active',
  },
  team: { columns: 'p.id, p.name, NULL AS note', from: 'taskq_team p', where: 'p.is_active' },
}
export const kindsOfPeople = Object.keys(people)
export const findPeople = (tx, kind, text, limit, language) => byName(tx, people[kind], text, limit, language)

export const findCustomers = (tx, text, limit, language = 'en') =>
  byName(tx, { ...people.customer, columns: 'p.id, p.name, s.name AS agent_name' }, text, limit, language)
// Those that are no longer active, too.
export const customersWith = (tx, text, limit, language) =>
  byName(tx, { ...people.customer, columns: 'p.id, p.name, s.name AS agent_name, p.is_active, p.merged_into', where: 'true' }, text, limit, language)

export const workload = (tx, limit) =>
  tx.rows('SELECT * FROM taskq_workload ORDER BY overdue DESC, open + in_progress DESC, assignee_name LIMIT $1', [limit])

export const teamWorkload = (tx, limit) =>
  tx.rows('SELECT * FROM taskq_team_workload ORDER BY overdue DESC, open + in_progress DESC, team_name LIMIT $1', [limit])

export const knownKinds = async (tx) => (await tx.row(kinds)).kinds
