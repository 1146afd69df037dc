// What works by itself: renewals, rules, schedules and the worker.

import { Problem } from './errors.js'
import { m } from './words.js'

const brief = `id, user_id, customer_name, customer_is_active, service_type, due_date, days_until_due, status, is_overdue, assignee_id, assignee_name, reference,
  next_threshold, next_threshold_on, open_task_id, every, anchor_on, created_at, created_by, completed_at, cancelled_at, compliance_flagged_at`

// By due date, without their notes; "after" is where the page before ended.
export async function listRenewals(tx, { status, user_id, service_type, due_from, due_to, limit, after }) {
  const [, day, id] = after === undefined ? [] : /^(\d{4}-\d\d-\d\d)\/(\d+)$/.exec(after)
  const rows = await tx.rows(`
    SELECT to_jsonb(b) AS renewal FROM (SELECT ${brief} FROM taskq_renewals r
    WHERE r.status = ANY ($1) AND ($2::text IS NULL OR r.user_id = $2) AND ($3::text IS NULL OR r.service_type = $3)
      AND ($4::date IS NULL OR r.due_date >= $4) AND ($5::date IS NULL OR r.due_date <= $5)
      AND ($6::date IS NULL OR (r.due_date, r.id) > ($6, $7::bigint))
    ORDER BY r.due_date, r.id LIMIT $8) b`,
  [status, user_id ?? null, service_type ?? null, due_from ?? null, due_to ?? null, day ?? null, id ?? null, limit + 1])
  const renewals = rows.map(({ renewal }) => renewal)
  const page = renewals.slice(0, limit)
  const last = page.at(-1)
  return { renewals: page, next: renewals.length > limit ? `${last.due_date}/${last.id}` : null }
}

export async function findRenewal(tx, id) {
  const row = await tx.row('SELECT to_jsonb(r) AS renewal FROM taskq_renewals r WHERE r.id = $1', [id])
  if (!row) throw new Problem(404, m('Renewal {1} does not exist.'), { values: { 1: id } })
  return row.renewal
}

export async function createRenewal(tx, { user_id, service_type, due_date, assignee_id, reference, notes, every }) {
  const { id } = await tx.row('SELECT taskq_renewal_create($1, $2, $3, $4, $5, $6, $7) AS id',
    [user_id, service_type, due_date, assignee_id ?? null, reference ?? null, notes ?? null, every ?? null])
  return findRenewal(tx, id)
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
