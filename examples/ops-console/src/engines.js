// What works by itself: renewals, rules, schedules and the worker.

import { Problem } from './errors.js'
import { likesOf } from './taskq.js'
import { m } from './words.js'

const noSuchRenewal = (id) => new Problem(404, m('Renewal {1} does not exist.'), { values: { 1: id } })

const brief = `id, user_id, customer_name, customer_is_active, service_type, due_date, days_until_due, status, is_overdue, assignee_id, assignee_name, reference,
  next_threshold, next_threshold_on, open_task_id, every, anchor_on, created_at, created_by, completed_at, cancelled_at, compliance_flagged_at`

// By due date, without their notes; "after" is where the page before ended.  closed
// (true or false) is instead of a status; what is closed comes the latest first.
export async function listRenewals(tx, { status, closed, user_id, service_type, due_from, due_to, search, limit, after }) {
  const values = []
  const conditions = ['true']
  const add = (condition, ...given) => conditions.push(condition.replace(/\?/g, () => `$${values.push(given.shift())}`))
  if (status) add('r.status = ANY (?)', status)
  if (closed !== undefined) add(`r.stored_status ${closed ? '' : 'NOT '}IN ('COMPLETED', 'CANCELLED')`)
  if (user_id !== undefined) add('r.user_id = ?', user_id)
  if (service_type !== undefined) add('r.service_type = ?', service_type)
  if (due_from !== undefined) add('r.due_date >= ?', due_from)
  if (due_to !== undefined) add('r.due_date <= ?', due_to)
  for (const like of likesOf(search ?? '')) {
    add(`taskq_fold(concat_ws(E'\\n', r.customer_name, r.service_type, r.reference)) LIKE taskq_fold(?)`, like)
  }
  if (after !== undefined) add(`(r.due_date, r.id) ${closed ? '<' : '>'} (?::date, ?::bigint)`, ...after.split('/'))
  const direction = closed ? 'DESC' : 'ASC'
  const rows = await tx.rows(`
    SELECT to_jsonb(b) AS renewal FROM (SELECT ${brief} FROM taskq_renewals r
    WHERE ${conditions.join(' AND ')}
    ORDER BY r.due_date ${direction}, r.id ${direction} LIMIT ${limit + 1}) b`, values)
  const renewals = rows.map(({ renewal }) => renewal)
  const page = renewals.slice(0, limit)
  const last = page.at(-1)
  return { renewals: page, next: renewals.length > limit ? `${last.due_date}/${last.id}` : null }
}

export async function findRenewal(tx, id) {
  const row = await tx.row('SELECT to_jsonb(r) AS renewal FROM taskq_renewals r WHERE r.id = $1', [id])
  if (!row) throw noSuchRenewal(id)
  return row.renewal
}

// Whose it is itself: the view says who would get its task.
export const ownAssignee = (tx, id) => tx.row(`
  SELECT o.assignee_id AS own_assignee_id, s.name AS own_assignee_name
  FROM taskq_renewal o LEFT JOIN taskq_staff_member s ON s.id = o.assignee_id WHERE o.id = $1`, [id])

// Each step of its ladder: when, what then, and what came of it.
export const ladderOf = (tx, { id, service_type: type, due_date: due }) => tx.rows(`
  SELECT l.days_before, l.task_priority, max(taskq_renewal_threshold_day(l.days_before, $3, l.calendar)) OVER (ORDER BY l.days_before DESC)::text AS day,
         x.crossed_at::text, x.outcome, x.task_id
  FROM taskq_renewal_ladder($2) l
  LEFT JOIN taskq_renewal_crossing x ON x.renewal_id = $1 AND x.due_date = $3 AND x.days_before = l.days_before
  ORDER BY l.days_before DESC`, [id, type, due])

// What is renewed of late: what a field can offer.
export const serviceTypes = async (tx) => (await tx.rows(`
  SELECT DISTINCT service_type AS type FROM (SELECT service_type FROM taskq_renewal ORDER BY id DESC LIMIT 1000) r
  ORDER BY 1 LIMIT 100`)).map(({ type }) => type)

export async function createRenewal(tx, { user_id, service_type, due_date, assignee_id, reference, notes, every }) {
  const { id } = await tx.row('SELECT taskq_renewal_create($1, $2, $3, $4, $5, $6, $7) AS id',
    [user_id, service_type, due_date, assignee_id ?? null, reference ?? null, notes ?? null, every ?? null])
  return findRenewal(tx, id)
}

const editable = ['service_type', 'due_date', 'assignee_id', 'reference', 'notes', 'every']

// What the changes do not mention stays.
export async function editRenewal(tx, id, changes) {
  const names = editable.filter((name) => changes[name] !== undefined)
  if (names.length === 0) return
  const sets = names.map((name, n) => `${name} = $${n + 2}${name === 'every' ? '::interval' : ''}`)
  const row = await tx.row(`UPDATE taskq_renewal SET ${sets.join(', ')} WHERE id = $1 RETURNING id`, [id, ...names.map((name) => changes[name])])
  if (!row) throw noSuchRenewal(id)
}

// The renewal, and with a next cycle that too.
export async function completeRenewal(tx, id, nextDueDate) {
  const { next } = await tx.row('SELECT taskq_renewal_complete($1, $2) AS next', [id, nextDueDate ?? null])
  return { renewal: await findRenewal(tx, id), next: next === null ? null : await findRenewal(tx, next) }
}

export async function cancelRenewal(tx, id, reason) {
  await tx.row('SELECT id FROM taskq_renewal_cancel($1, $2)', [id, reason ?? null])
  return findRenewal(tx, id)
}

export const tryRules = async (tx, { event, payload, user_id }) => (await tx.rows(`
  SELECT to_jsonb(d) AS firing FROM taskq_emit_dry_run($1, $2, $3) d`, [event, JSON.stringify(payload), user_id ?? null])).map(({ firing }) => firing)

export const ruleRuns = async (tx, { limit, before, rule_id }) => (await tx.rows(`
  SELECT to_jsonb(r) AS run FROM taskq_workflow_run r
  WHERE ($1::bigint IS NULL OR r.id < $1) AND ($2::bigint IS NULL OR r.rule_id = $2)
  ORDER BY r.id DESC LIMIT $3`, [before ?? null, rule_id ?? null, limit])).map(({ run }) => run)

// How often each rule ran of late, and how often it failed.
export const runsByRule = (tx) => tx.rows(`
  SELECT r.rule_id, count(*)::integer AS runs, (count(*) FILTER (WHERE r.outcome = 'failed'))::integer AS failed, max(r.at)::text AS last
  FROM taskq_workflow_run r GROUP BY r.rule_id`)

export const eventsInUse = async (tx) => (await tx.rows('SELECT DISTINCT event FROM taskq_workflow_rule ORDER BY 1 LIMIT 200')).map(({ event }) => event)

export const datesOf = async (tx, name, count) => (await tx.rows(`
  SELECT to_jsonb(d) AS date FROM taskq_schedule_dates($1, $2) d`, [name, count])).map(({ date }) => date)

export const worker = async (tx, isManager) => ({
  status: (await tx.row('SELECT to_jsonb(w) AS status FROM taskq_worker_status w WHERE w.database = current_database()'))?.status ?? null,
  sweeps: (await tx.rows('SELECT to_jsonb(s) AS sweep FROM taskq_sweep_log s ORDER BY s.id DESC LIMIT 30')).map(({ sweep }) => sweep),
  findings: isManager ? (await tx.rows('SELECT to_jsonb(c) AS finding FROM taskq_check() c ORDER BY c.severity, c.subject')).map(({ finding }) => finding) : null,
})

export const backlog = async (tx, group) => (await tx.rows('SELECT to_jsonb(b) AS row FROM taskq_backlog($1) b', [group])).map(({ row }) => row)
