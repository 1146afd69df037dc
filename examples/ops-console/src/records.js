// What managers keep in tables of taskq's: teams, SLA policies, schedules, rules,
// steps of renewals.  Each is read, written whole and removed in the same way.
// Names of columns come from here, never from a request.

import { Problem } from './errors.js'

const tables = {
  team: { table: 'taskq_team', key: ['id'], columns: ['name', 'is_active'], name: 'team' },
  policy: {
    table: 'taskq_sla_policy',
    key: ['name'],
    columns: ['user_id', 'kind', 'priority', 'source', 'calendar', 'response_hours', 'sla_hours', 'warn_percents', 'is_enabled'],
    name: 'policy',
  },
  schedule: {
    table: 'taskq_schedule',
    key: ['name'],
    columns: ['title_template', 'description_template', 'priority', 'kind', 'team_id', 'assignee_id', 'user_id', 'sla_hours',
      'starts_on', 'every', 'until', 'business_day', 'calendar', 'lead_days', 'is_enabled'],
    name: 'schedule',
  },
  rule: {
    table: 'taskq_workflow_rule',
    key: ['name'],
    columns: ['event', 'condition', 'action', 'title_template', 'description_template', 'priority', 'due_in_days', 'sla_hours', 'assignee_id', 'assignee_path',
      'assignee_strategy', 'assignee_pool', 'user_id_path', 'dedupe_key', 'is_enabled', 'kind', 'calendar', 'team_id'],
    name: 'rule',
  },
  threshold: {
    table: 'taskq_renewal_threshold',
    key: ['service_type', 'days_before'],
    columns: ['task_priority', 'title_template', 'description_template', 'sla_hours', 'kind', 'calendar', 'team_id'],
    name: 'step',
  },
}

const atMost = 1000

export async function listRecords(tx, kind) {
  const { table, key } = tables[kind]
  const rows = await tx.rows(`SELECT to_jsonb(r) AS record FROM ${table} r ORDER BY ${key.join(', ')} LIMIT ${atMost}`)
  return rows.map(({ record }) => record)
}

export async function findRecord(tx, kind, id) {
  const { table, key, name } = tables[kind]
  const row = await tx.row(`SELECT to_jsonb(r) AS record FROM ${table} r WHERE ${key[0]} = $1`, [id])
  if (!row) throw new Problem(404, `There is no ${name} ${id}.`)
  return row.record
}

// What the record does not mention is as if it were new.
export async function putRecord(tx, kind, record) {
  const { table, key, columns } = tables[kind]
  const given = [...key, ...columns.filter((column) => record[column] !== undefined)]
  const { record: written } = await tx.row(`
    INSERT INTO ${table} AS r (${given.join(', ')})
    SELECT ${given.join(', ')} FROM jsonb_populate_record(NULL::${table}, $1)
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${columns.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}
    RETURNING to_jsonb(r) AS record`, [JSON.stringify(record)]).catch((error) => {
    // A check of the table's, or a jsonpath that is none: the record is wrong.  Of tasks it is the lifecycle that refuses.
    error.isWrongValue = ['23514', '23502', '42601'].includes(error.code)
    throw error
  })
  return written
}

export async function removeRecord(tx, kind, id, column = tables[kind].key[0]) {
  const { table, name } = tables[kind]
  const row = await tx.row(`DELETE FROM ${table} AS r WHERE ${column} = $1 RETURNING to_jsonb(r) AS record`, [id])
  if (!row) throw new Problem(404, `There is no ${name} ${id}.`)
  return row.record
}
