// The tables that managers keep, told once: which columns there are, what kind of
// field each takes, and what is said beside it.  Lists, forms and statements follow
// from this.
//
//   type:  text, area, key, number, integer, date, flag, list, choice, and people:
//          customer, staff, team; calendar (one of those there are)
//   key:   what pages know a record by; natural: what the API knows it by, and PUTs
//   api:   columns that only the API has

import { Problem } from './errors.js'
import { m } from './words.js'

const priorities = { URGENT: m('Urgent'), HIGH: m('High'), MEDIUM: m('Medium'), LOW: m('Low') }

const name = { name: 'name', label: m('Name'), type: 'text', required: true, max: 63, isTitle: true }
const kind = { name: 'kind', label: m('Kind'), type: 'text', max: 63 }
const team = { name: 'team_id', label: m('Team'), type: 'team' }
const assignee = { name: 'assignee_id', label: m('Assignee'), type: 'staff' }
const customer = { name: 'user_id', label: m('Customer'), type: 'customer' }
const calendar = { name: 'calendar', label: m('Calendar'), type: 'calendar' }
const slaHours = { name: 'sla_hours', label: m('Hours to close'), type: 'number' }
const enabled = { name: 'is_enabled', label: m('In force'), type: 'flag', initial: true, list: true }
const titleTemplate = { name: 'title_template', label: m('Title'), type: 'text', max: 1000, wide: true }
const descriptionTemplate = { name: 'description_template', label: m('Description'), type: 'area', wide: true }

export const records = {
  policies: {
    table: 'taskq_sla_policy',
    key: 'name',
    natural: ['name'],
    title: m('SLA policies'),
    one: m('policy'),
    about: m('Which SLA a new task gets: that of the policy that fits it most closely.'),
    order: 'name',
    columns: [
      { ...name, list: true },
      { ...customer, list: true, empty: m('all') },
      { ...team, list: true, empty: m('all') },
      { ...kind, list: true, empty: m('all') },
      { name: 'priority', label: m('Priority'), type: 'choice', choices: priorities, list: true, empty: m('all') },
      { name: 'source', label: m('Source'), type: 'text', max: 63, empty: m('all') },
      { ...calendar, list: true, empty: m('all day every day') },
      { name: 'response_hours', label: m('Hours to begin'), type: 'number', list: true },
      { ...slaHours, list: true },
      { name: 'warn_percents', label: m('Warnings at'), type: 'list', about: m('Percent of the time, separated by commas') },
      enabled,
    ],
  },
  schedules: {
    table: 'taskq_schedule',
    key: 'id',
    natural: ['name'],
    title: m('Schedules'),
    one: m('schedule'),
    about: m('Work that recurs: each date becomes a task.'),
    order: 'name',
    columns: [
      { ...name, list: true },
      { ...titleTemplate, required: true, about: m('May have {{date}}, {{due_date}}, {{month}}, {{year}} and {{customer.name}}') },
      descriptionTemplate,
      { name: 'starts_on', label: m('First date'), type: 'date', required: true, list: true },
      { name: 'every', label: m('Every'), type: 'every', required: true, list: true, about: m('1 month, 2 weeks, 90 days') },
      { name: 'until', label: m('Last day'), type: 'date' },
      { name: 'business_day', label: m('If it is no business day'), type: 'choice', required: true, initial: 'SAME', choices: { SAME: m('that day all the same'), NEXT: m('the next one'), PREVIOUS: m('the one before') } },
      calendar,
      { name: 'lead_days', label: m('Days ahead'), type: 'integer', required: true, initial: 0, about: m('How long before it is due a task is made') },
      { name: 'priority', label: m('Priority'), type: 'choice', required: true, initial: 'MEDIUM', choices: priorities },
      kind, { ...team, list: true }, { ...assignee, list: true }, { ...customer, list: true }, slaHours, enabled,
    ],
  },
  thresholds: {
    table: 'taskq_renewal_threshold',
    key: 'id',
    natural: ['service_type', 'days_before'],
    title: m('Renewal steps'),
    one: m('step'),
    about: m('What happens how long before a renewal is due. Without any, the built-in ones hold: 90, 60 and 30 days without a task, 14 days High, 7 days Urgent.'),
    order: 'service_type NULLS FIRST, days_before DESC',
    columns: [
      { name: 'service_type', label: m('What is renewed'), type: 'text', max: 100, list: true, empty: m('all others'), isTitle: true },
      { name: 'days_before', label: m('Days before'), type: 'integer', required: true, list: true },
      { name: 'task_priority', label: m('Task'), type: 'choice', choices: priorities, list: true, empty: m('no task') },
      { ...titleTemplate, about: m('May have {{renewal.service_type}}, {{customer.name}} and {{renewal.due_date}}') },
      descriptionTemplate, { ...calendar, list: true }, { ...team, list: true }, kind, slaHours,
    ],
  },
  rules: {
    table: 'taskq_workflow_rule',
    key: 'id',
    natural: ['name'],
    api: ['assignee_pool'],
    title: m('Rules'),
    one: m('rule'),
    about: m('What is to happen when something happens.'),
    order: 'event, id',
    columns: [
      { ...name, max: 200, list: true },
      { name: 'event', label: m('Event'), type: 'text', required: true, max: 100, list: true, suggestions: 'events' },
      { name: 'condition', label: m('Condition'), type: 'area', code: true, wide: true, about: m('A jsonpath predicate, as in $.new.status == "REJECTED"; empty: always') },
      { name: 'action', label: m('Action'), type: 'choice', required: true, list: true, initial: 'CREATE_TASK', choices: { CREATE_TASK: m('make a task'), ESCALATE: m('raise the priority'), ASSIGN: m('assign') } },
      { ...titleTemplate, about: m('May have {{path.in.the.payload}}') },
      descriptionTemplate,
      { name: 'priority', label: m('Priority'), type: 'choice', choices: priorities },
      { name: 'due_in_days', label: m('Due in days'), type: 'integer' },
      calendar, slaHours, kind, { ...team, list: true },
      { ...assignee, about: m('Always this one; or one of the next two') },
      { name: 'assignee_path', label: m('Assignee at the path'), type: 'text', max: 200 },
      { name: 'assignee_strategy', label: m('Assignee by'), type: 'choice', choices: { CUSTOMER_AGENT: m('the customer’s agent'), LEAST_LOADED: m('who has least to do') } },
      { name: 'user_id_path', label: m('Customer at the path'), type: 'text', max: 200 },
      { name: 'dedupe_key', label: m('Only one at a time'), type: 'text', max: 255, wide: true, about: m('A key; while a task with it is active there is no second. May have {{path}}') },
      enabled,
    ],
  },
}

export const ownEvents = ['task.created', 'task.started', 'task.assigned', 'task.commented', 'task.paused', 'task.resumed', 'task.completed', 'task.cancelled', 'task.overdue',
  'task.sla_moved', 'task.sla_at_risk', 'task.sla_warning', 'task.sla_breached', 'task.response_breached', 'renewal.threshold_crossed', 'renewal.overdue']

// --- statements.  Names are of this file, values are arguments.

const columnsOf = ({ columns }) => columns.map(({ name: column }) => `"${column}"`)
const naturalKey = ({ natural, key }) => (natural.length === 1 ? natural[0] : key)
const missing = (id) => new Problem(404, m('“{id}” is not there, or no longer.'), { values: { id } })

// A check of the table's, or a jsonpath that is none: the record is wrong.  Of tasks it is the lifecycle that refuses.
async function write(tx, sql, values) {
  try {
    return await tx.row(sql, values)
  } catch (error) {
    error.isWrongValue = ['23514', '23502', '42601'].includes(error.code)
    throw error
  }
}

export async function listRecords(tx, { table, order }) {
  const rows = await tx.rows(`SELECT to_jsonb(r) AS record FROM ${table} r ORDER BY ${order} LIMIT 1000`)
  return rows.map(({ record }) => record)
}

export async function findRecord(tx, { table, key }, id) {
  const row = await tx.row(`SELECT to_jsonb(r) AS record FROM ${table} r WHERE r.${key}::text = $1`, [id])
  if (!row) throw missing(id)
  return row.record
}

// The database turns text into what a column is.
export async function insertRecord(tx, kindOf, values) {
  const columns = columnsOf(kindOf).join(', ')
  await write(tx, `
    INSERT INTO ${kindOf.table} (${columns}) SELECT ${columns} FROM jsonb_populate_record(NULL::${kindOf.table}, $1)`, [JSON.stringify(values)])
}

export async function updateRecord(tx, kindOf, id, values) {
  const columns = columnsOf(kindOf).join(', ')
  const row = await write(tx, `
    UPDATE ${kindOf.table} AS r SET (${columns}) = (SELECT ${columns} FROM jsonb_populate_record(NULL::${kindOf.table}, $1))
    WHERE r.${kindOf.key}::text = $2 RETURNING r.${kindOf.key}`, [JSON.stringify(values), id])
  if (!row) throw missing(id)
}

// By its natural key.  What the record does not mention is as if it were new.
export async function putRecord(tx, { table, natural, columns, api = [] }, record) {
  const others = [...columns.map(({ name: column }) => column), ...api].filter((column) => !natural.includes(column))
  const given = [...natural, ...others.filter((column) => record[column] !== undefined)].join(', ')
  const { record: written } = await write(tx, `
    INSERT INTO ${table} AS r (${given})
    SELECT ${given} FROM jsonb_populate_record(NULL::${table}, $1)
    ON CONFLICT (${natural.join(', ')}) DO UPDATE SET ${others.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}
    RETURNING to_jsonb(r) AS record`, [JSON.stringify(record)])
  return written
}

// column: what the id is of.
async function remove(tx, { table }, id, column) {
  const row = await tx.row(`DELETE FROM ${table} AS r WHERE r.${column}::text = $1 RETURNING to_jsonb(r) AS record`, [id])
  if (!row) throw missing(id)
  return row.record
}
export const removeRecord = (tx, kindOf, id) => remove(tx, kindOf, id, kindOf.key)
export const removeNamed = (tx, kindOf, id) => remove(tx, kindOf, id, naturalKey(kindOf))
