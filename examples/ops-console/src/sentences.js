// The database's refusals, as one would say them to staff.  What is not known
// here is taken over as it is, without the names of functions and types.

import { formatIn } from './format.js'
import { m } from './words.js'

const statusWords = { __proto__: null, IN_PROGRESS: m('in progress'), OPEN: m('open'), OVERDUE: m('overdue'), COMPLETED: m('completed'), CANCELLED: m('cancelled') }
const fieldWords = {
  __proto__: null,
  user_id: m('Customer'), assignee_id: m('Assignee'), team_id: m('Team'), sla_hours: m('SLA hours'), due_date: m('Due date'), title: m('Title'),
  description: m('Description'), priority: m('Priority'), labels: m('Labels'), attributes: m('Attributes'), note: m('Note'), reason: m('Reason'),
  until: m('Until'), kind: m('Kind'), sla_policy: m('SLA policy'), response_hours: m('Response hours'), search: m('Search'), hours: m('Hours'),
  timezone: m('Time zone'), ids: m('Tasks'), from: m('From'), to: m('Until'), due_from: m('Due from'), due_to: m('Due until'), status: m('Status'), sla_status: m('SLA'), source: m('Source'),
  sort: m('Sort'), name: m('Name'), token: m('Your token'), every: m('Every'), condition: m('Condition'), event: m('Event'), payload: m('Payload'),
}

// What answers are called, as node's http names them.
export const titles = [m('Bad Request'), m('Unauthorized'), m('Forbidden'), m('Not Found'), m('Method Not Allowed'), m('Conflict'), m('Precondition Failed'), m('Payload Too Large'),
  m('Unprocessable Entity'), m('Too Many Requests'), m('Internal Server Error'), m('Service Unavailable')]

const invisible = m('There are characters in this that cannot be written down.')

// Each: what the message looks like, the field it is about, and what is said.
const patterns = [
  [/^user_id "(.*)" is not a customer/s, 'user_id', m('There is no customer “{1}”. Type part of the name and choose from the list.')],
  [/^user_id "(.*)" is (?:an )?inactive/s, 'user_id', m('Customer “{1}” is no longer active.')],
  [/^assignee_id "(.*)" is not a member of staff/s, 'assignee_id', m('Nobody here is called “{1}”. Type part of the name and choose from the list.')],
  [/^assignee_id "(.*)" is (?:an )?inactive/s, 'assignee_id', m('“{1}” no longer works here. Choose somebody else.')],
  [/^team_id "(.*)" is not a team/s, 'team_id', m('There is no team “{1}”.')],
  [/^team_id "(.*)" is (?:an )?inactive/s, 'team_id', m('Team “{1}” is no longer active.')],
  [/^task (\d+) cannot go from OPEN to COMPLETED/, null, m('Task {1} has not been started. Start it first, or use “Start and complete”.')],
  [/^task (\d+) is OPEN and cannot be followed up/, null, m('Task {1} is still open: there is nothing to follow up.')],
  [/^task (\d+) is \w+ and cannot be followed up/, null, m('Task {1} is still being worked on: there is nothing to follow up.')],
  [/^task (\d+) was last changed at/, null, m('Somebody else has changed task {1} meanwhile.')],
  [/^task (\d+) does not exist/, null, m('Task {1} does not exist.')],
  [/^renewal (\d+) does not exist/, null, m('Renewal {1} does not exist.')],
  [/^(\w+) must not contain/, (name) => name, invisible],
  [/^title must/, 'title', m('A title has 1 to 200 characters, on one line.')],
  [/^sla_hours must/, 'sla_hours', m('SLA hours are a number over 0 and up to 87,600.')],
  [/^until must be an instant that is still to come/, 'until', m('Until must be a time that is still to come.')],
  [/^labels must|^labels: |^a label must|^label must|^each of labels must/, 'labels', m('A label has 1 to 63 characters, and a task at most 32 of them.')],
  [/^attributes must/, 'attributes', m('Attributes may take up 16 kB at most.')],
  [/^note must/, 'note', m('A note has 1 to 65,536 characters.')],
  [/_(?:sla|response)_hours_check"/, null, m('Hours are a number over 0 and up to 87,600.')],
  [/_lead_days_check"|_due_in_days_check"|_days_before_check"/, null, m('This number of days cannot be.')],
  [/^(?:to_id|to_staff|to_team|from_id|from_staff) "(.*)" (?:does not exist|is not a)/s, (name) => name, m('“{1}” is not there, or no longer.')],
  [/^from_id and to_id must be two/, 'to_id', m('A customer cannot become part of itself.')],
  [/^to_staff must not be from_staff/, 'to_staff', m('Choose somebody else.')],
  [/^every must|^invalid input syntax for type interval/, 'every', m('Write every as “1 month”, “2 weeks” or “90 days”.')],
  [/^invalid input value for enum \w+: "(.*)"/s, null, m('“{1}” is none of the choices.')],
  [/^invalid input syntax for type (?:smallint|integer|bigint|numeric|real|double precision): "(.*)"/s, null, m('“{1}” is not a number.')],
  [/^(?:date\/time field value out of range|(?:date|timestamp) out of range|invalid input syntax for type (?:date|timestamp[a-z ]*)): "(.*)"/s, null, m('“{1}” is not a date or a time.')],
  [/^invalid input syntax for type json|^invalid byte sequence|^unsupported Unicode escape/, null, invisible],
  [/ jsonpath input/, 'condition', m('The condition is no jsonpath that can be read.')],
  [/^invalid template in column/, null, m('Every {{ takes a path and }} behind it.')],
  [/^invalid path in column/, null, m('A path is keys and positions joined by dots, as in new.customer_id.')],
  [/^event ".*" does not exist/s, 'event', m('taskq has no event of this name.')],
  [/^since must not be after until/, null, m('The first day must not be after the last.')],
  [/^after is not a cursor/, null, m('This page of the list is not there. Begin with the first.')],
  [/^argument "timezone" must/, 'timezone', m('There is no time zone of this name. Write it as Europe/Istanbul.')],
  [/^argument "hours" .* at character (\d+)/s, 'hours', m('The hours cannot be read from character {1} on. Write them as Mon-Fri 09:00-12:00,13:00-17:30; Sat 10:00-14:00.')],
  [/^argument "holiday_lists" names list "(.*)", of/s, 'holiday_lists', m('There is no list of holidays “{1}”.')],
]

// Where a row points to what is not there, and what points to a row that is to go.
const absent = /^Key \(.*?(\w+)\)=\((?:.*, )?(.*)\) is not present/s
const inUse = / is still referenced /

const constraints = {
  __proto__: null,
  taskq_sla_policy_pkey: ['name', m('There is a policy of this name already.')],
  taskq_sla_policy_key: [null, m('There is a policy for exactly these tasks already.')],
  taskq_sla_policy_hours_check: ['sla_hours', m('Give hours to begin, hours to close, or both.')],
  taskq_sla_policy_warn_percents_check: ['warn_percents', m('Warnings are whole numbers from 1 to 99, at most 20 of them.')],
  taskq_schedule_name_key: ['name', m('There is a schedule of this name already.')],
  taskq_schedule_every_check: ['every', m('Write every as “1 month”, “2 weeks” or “90 days”.')],
  taskq_schedule_until_check: ['until', m('The last day must not be before the first.')],
  taskq_schedule_calendar_check: ['calendar', m('Moving to a business day takes a calendar, and a calendar is for nothing else.')],
  taskq_workflow_rule_name_key: ['name', m('There is a rule of this name already.')],
  taskq_workflow_rule_assignee_check: ['assignee_id', m('Say in one way only who gets the task.')],
  taskq_workflow_rule_assign_check: ['assignee_id', m('Say who is to get the task, or which team.')],
  taskq_workflow_rule_event_check: ['event', m('taskq has no event of this name.')],
  taskq_renewal_threshold_key: ['days_before', m('There is a step on this day already.')],
  taskq_renewal_active_key: ['due_date', m('This customer has the same renewal with this due date already.')],
  taskq_team_pkey: ['id', m('There is a team with this id already.')],
  taskq_staff_member_pkey: ['id', m('There is a member of staff with this id already.')],
}

// taskq names a constraint after its table and column.
const tables = 'sla_policy|schedule|workflow_rule|renewal_threshold|renewal|staff_member|team_member|team|customer|calendar|holiday|task'
const columnOf = (constraint) => new RegExp(`^taskq_(?:${tables})_(\\w+)_(?:check|fkey)$`).exec(constraint ?? '')?.[1] ?? null

function plain(text, { t }) {
  if (!text) return ''
  const words = text
    .replace(/ with taskq_\w+\(\)/g, '')
    .replace(/\bargument "(\w+)"/g, (all, name) => name.replaceAll('_', ' '))
    .replace(/\b(IN_PROGRESS|OPEN|OVERDUE|COMPLETED|CANCELLED)\b/g, (word) => t(statusWords[word]))
    .replace(/(\d\d:\d\d):\d\d(\.\d+)?([+-]\d\d(:\d\d)*)?/g, '$1')
  const sentence = words[0].toUpperCase() + words.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}

// A hint that names tables and functions is for whoever writes SQL.
const isForDevelopers = (hint) => /taskq_\w+/.test(hint.replace(/ with taskq_\w+\(\)/g, ''))

// { text, field }: the sentence, and which field it is about, if any.
// who: the name of whoever the detail names by id, where that is known.
export function sentenceOf({ code, message = '', detail, hint, constraint, column, who }, words) {
  const { t } = words
  const frozen = /^task (\d+) (?:cannot go from|is) (COMPLETED|CANCELLED) (?:to|and can no longer change)/.exec(message)
  if (frozen && detail) {
    const when = / at (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d).* by (.+?)\.?$/s.exec(detail)
    const state = t(statusWords[frozen[2]])
    if (when) {
      const time = formatIn(words).time(`${when[1]}T${when[2]}`)
      return { text: t('Task {id} is {state} already, since {time}, by {who}.', { id: frozen[1], state, time, who: who ?? when[3] }), field: null }
    }
  }
  if (constraints[constraint]) {
    const [field, text] = constraints[constraint]
    return { text: t(text), field }
  }
  for (const [pattern, field, text] of patterns) {
    const found = pattern.exec(message)
    if (!found) continue
    const about = typeof field === 'function' ? found[0].split(' ')[0] : field ?? column ?? columnOf(constraint)
    return { text: t(text, { ...found }), field: about }
  }
  if (code === '23502') return { text: t('This has to be filled in.'), field: column ?? null }
  if (code === '23503') {
    const [, name, id] = absent.exec(detail ?? '') ?? []
    if (name) return { text: t('“{1}” is not there, or no longer.', { 1: id }), field: name }
    if (inUse.test(detail)) return { text: t('This is still in use elsewhere.'), field: null }
  }
  const check = /violates (?:check|foreign key|not-null) constraint/.test(message)
  const field = column ?? (check ? columnOf(constraint) : /^(\w+) must/.exec(message)?.[1]) ?? null
  const known = fieldWords[field] ? field : column ?? null
  if (check && code !== '23514' && code !== '23503') return { text: t('This value cannot be saved.'), field: known }
  const text = [message, detail, hint && !isForDevelopers(hint) ? hint : ''].map((part) => plain(part, words)).filter(Boolean).join(' ')
  return { text: check ? t('The database does not take this value ({constraint}).', { constraint }) : fieldWords[field] ? text.replace(/^\w+/, t(fieldWords[field])) : text, field: known }
}

// What does not fit openapi.yaml, by its fields.
export function fieldInWords(field, { t }) {
  const name = field.split('.')[0] // of labels.0
  return fieldWords[name] ? t(fieldWords[name]) : field
}

// And by what is wrong with one, as ajv has it.
export function faultInWords({ keyword, params, message }, { t }) {
  const { limit } = params
  switch (keyword) {
    case 'required': return t('has to be filled in')
    case 'additionalProperties': return t('is not known here')
    case 'minLength': return limit === 1 ? t('has to be filled in') : t('has at least {limit} characters', { limit })
    case 'maxLength': return t('has at most {limit} characters', { limit })
    case 'minItems': return t('are at least {limit}', { limit })
    case 'maxItems': return t('are at most {limit}', { limit })
    case 'minimum': return t('is at least {limit}', { limit })
    case 'maximum': return t('is at most {limit}', { limit })
    case 'exclusiveMinimum': return t('is more than {limit}', { limit })
    case 'exclusiveMaximum': return t('is less than {limit}', { limit })
    case 'enum': return t('is one of {values}', { values: params.allowedValues.join(', ') })
    case 'type': return ['number', 'integer'].includes(params.type) ? t('is a number') : t('is of another kind than it should be')
    case 'format': return params.format === 'date' ? t('is a date that there is, as 2026-01-31') : params.format === 'date-time' ? t('is a time, with its zone') : t('cannot be read')
    case 'pattern': return t('cannot be read')
    default: return message
  }
}
