// What happened to a task, in words: names where the database has ids, days and
// times as the rest of the page has them.

import { escape, short } from './format.js'
import { m } from './words.js'

const sentences = {
  __proto__: null,
  created: m('{who} created the task'),
  started: m('{who} started work'),
  completed: m('{who} completed the task'),
  cancelled: m('{who} cancelled the task'),
  overdue: m('The task became overdue'),
  recovered: m('The task is no longer overdue'),
  sla_breached: m('The SLA was breached'),
  sla_at_risk: m('The SLA came to be at risk'),
  sla_warning: m('The SLA’s time is used up to {note} %'),
  response_breached: m('Work had not begun in time'),
  sla_moved: m('The deadlines moved'),
  paused: m('{who} paused the task'),
  resumed: m('{who} resumed the task'),
  assigned: m('{who} changed who has the task'),
  rescheduled: m('{who} moved the due date'),
  prioritized: m('{who} changed the priority'),
  sla_changed: m('{who} changed the SLA'),
  edited: m('{who} edited the task'),
  updated: m('{who} changed the task'),
  commented: m('{who} wrote a note'),
  followed_up: m('{who} followed it up with task {id}'),
  merged: m('{who} merged the customer into another'),
  erased: m('{who} erased the texts'),
}
const byItself = { __proto__: null, resumed: m('The pause was over'), recovered: sentences.recovered }

const fields = {
  __proto__: null,
  title: m('Title'), description: m('Description'), priority: m('Priority'), assignee_id: m('Assignee'), team_id: m('Team'),
  due_date: m('Due date'), sla_hours: m('SLA hours'), user_id: m('Customer'), sla_due_at: m('SLA deadline'), kind: m('Kind'),
  sla_policy: m('SLA policy'), sla_calendar: m('Calendar'), sla_from: m('SLA from'), response_hours: m('Response hours'),
  response_due_at: m('Response deadline'), resume_at: m('Until'), dedupe_key: m('Dedupe key'), pause_reason: m('Reason'),
}
const hidden = new Set(['paused_at', 'pause_reason', 'sla_at_risk_at', 'sla_revision', 'sla_warn_at', 'sla_warned_at',
  'response_hours_used', 'sla_hours_used', 'sla_breached_at', 'sla_first_breached_at', 'follow_up'])
const references = { __proto__: null, assignee_id: 'staff', team_id: 'teams', user_id: 'customers' }

export const fieldName = (field, t) => t(fields[field] ?? field)

// The ids among the changes whose names are wanted: { staff, teams, customers }.
export function idsIn(events) {
  const ids = { staff: new Set(), teams: new Set(), customers: new Set() }
  for (const { changes } of events) {
    for (const [field, kind] of Object.entries(references)) {
      for (const id of [changes?.[field]?.from, changes?.[field]?.to]) if (id) ids[kind].add(id)
    }
  }
  return Object.fromEntries(Object.entries(ids).map(([kind, set]) => [kind, [...set]]))
}

const isTime = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value))

export function createHistory(words, format, names, today) {
  const { t } = words

  function told(field, value) {
    if (value === null || value === undefined || value === '') return t('none')
    if (references[field]) return names[references[field]][value] ?? value
    if (value === 'infinity') return format.noDate
    if (field === 'priority') return format.priorities[value] ?? value
    if (field === 'due_date') return format.date(value, today)
    if (isTime(value)) return format.time(value)
    if (field === 'sla_hours' || field === 'response_hours') return format.spell(value)
    return short(textOf(value), 300)
  }

  const line = (field, name, { from, to }) => ({ field: name, from: told(field, from), to: told(field, to) })

  // The lines of an event's changes: { field, from, to }, or { field, text }.
  function linesOf(changes) {
    const lines = []
    for (const [field, change] of Object.entries(changes ?? {})) {
      if (hidden.has(field)) continue
      if (field === 'labels') {
        if (change.added?.length) lines.push({ field: t('Labels added'), text: change.added.join(', ') })
        if (change.removed?.length) lines.push({ field: t('Labels removed'), text: change.removed.join(', ') })
      } else if (field === 'attributes') {
        for (const [key, value] of Object.entries(change)) lines.push(line(null, key, value))
      } else {
        lines.push(line(field, fieldName(field, t), change))
      }
    }
    return lines
  }

  // Who has the task is said in the sentence itself.
  function sentenceOf({ kind, actor, changes, note }) {
    const change = Object.keys(changes ?? {}).length === 1 ? changes.assignee_id : undefined
    if (kind === 'assigned' && change) {
      const [from, to] = [told('assignee_id', change.from), told('assignee_id', change.to)]
      if (change.to && change.to === actor) return { text: t('{who} took the task', { who: '\u0001' }), lines: [] }
      if (change.to) return { text: t('{who} gave the task to {name}', { who: '\u0001', name: to }), lines: [] }
      return { text: t('{who} took the task from {name}', { who: '\u0001', name: from }), lines: [] }
    }
    const sentence = (actor === null && byItself[kind]) || sentences[kind]
    const text = sentence ? t(sentence, { who: '\u0001', note: note ?? '', id: '\u0002' }) : `\u0001 ${kind}`
    return { text, lines: linesOf(changes) }
  }

  const personOf = ({ actor, actor_name }) => actor_name ?? actor ?? 'taskq'

  return {
    event(event) {
      const { text, lines } = sentenceOf(event)
      const followUp = event.changes?.follow_up
      return {
        html: escape(text).replace('\u0001', () => `<b>${escape(personOf(event))}</b>`)
          .replace('\u0002', () => `<a href="/tasks/${Number(followUp)}" data-drawer>${Number(followUp)}</a>`),
        text: text.replace('\u0001', () => personOf(event)).replace('\u0002', () => followUp),
        lines,
        note: event.kind === 'sla_warning' ? null : event.note,
      }
    },
    told,
  }
}
