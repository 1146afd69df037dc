// How the pages say things.  Dates and times come from the database as the
// clock on the desk's wall has them, and are cut, not converted.

const day = 24 * 3600 * 1000

export const statuses = { OPEN: 'Open', IN_PROGRESS: 'In progress', OVERDUE: 'Overdue', COMPLETED: 'Completed', CANCELLED: 'Cancelled' }
export const active = ['OPEN', 'IN_PROGRESS', 'OVERDUE']
export const priorities = { URGENT: 'Urgent', HIGH: 'High', MEDIUM: 'Medium', LOW: 'Low' }
export const slaStatuses = { AT_RISK: 'At risk', BREACHED: 'Breached', ON_TRACK: 'On track', MET: 'Met', NONE: 'No SLA', CANCELLED: 'Cancelled' }
export const sorts = { due: 'Due date', priority: 'Priority', sla: 'SLA deadline', created: 'Newest', closed: 'Last closed' }

const dayMonth = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short' })
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' })
const thousands = new Intl.NumberFormat('en-GB')

export const number = (value) => thousands.format(value)
export const percent = (share) => (share === null ? '–' : `${(share * 100).toFixed(share === 1 ? 0 : 1)} %`)
export const hours = (value) => (value === null ? '–' : `${value.toFixed(1)} h`)
const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`

export function date(text, today) {
  const value = new Date(text) // "2026-06-05" is midnight UTC, and is shown in UTC
  return (text.slice(0, 4) === today.slice(0, 4) ? dayMonth : dayMonthYear).format(value)
}

export const time = (text) => text.slice(0, 16).replace('T', ' ')
export const addDays = (text, n) => new Date(Date.parse(text) + n * day).toISOString().slice(0, 10)

// The due date of a task in words, next to the date itself.
export function due({ due_date, is_overdue, is_active }, today) {
  if (!due_date || !is_active) return ''
  const days = Math.round((Date.parse(due_date) - Date.parse(today)) / day)
  if (is_overdue) return `${plural(-days, 'day')} overdue`
  if (days === 0) return 'today'
  if (days === 1) return 'tomorrow'
  return days < 15 ? `in ${days} days` : ''
}

function duration(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`
  return `${Math.floor(minutes / 1440)} d`
}

// How much of an SLA's time is left, as a share for the bar and in words.
export function sla({ sla_status, sla_due_at, created_at, is_active }, now = Date.now()) {
  if (sla_status === 'NONE') return null
  if (!is_active) return { words: slaStatuses[sla_status] }
  if (sla_due_at === 'infinity') return { share: 1, words: 'never due' }
  const left = Date.parse(sla_due_at) - now
  const whole = Date.parse(sla_due_at) - Date.parse(created_at)
  return {
    share: Math.min(1, Math.max(0, left / whole)),
    words: left >= 0 ? `${duration(left)} left` : `${duration(left)} late`,
  }
}

const kinds = {
  created: 'created the task', started: 'started', completed: 'completed', cancelled: 'cancelled', overdue: 'Became overdue',
  recovered: 'Is no longer overdue', sla_breached: 'SLA breached', assigned: 'assigned', rescheduled: 'rescheduled',
  prioritized: 'changed the priority', sla_changed: 'changed the SLA', edited: 'edited', updated: 'changed', commented: 'commented',
  erased: 'erased the texts',
}

const fields = {
  assignee_id: 'assignee', due_date: 'due date', sla_hours: 'SLA hours', user_id: 'customer', sla_due_at: 'SLA deadline',
}

export function event({ kind, actor, actor_name, changes }) {
  const who = actor_name ?? actor
  const what = kinds[kind] ?? kind
  return {
    who: who ?? 'taskq',
    what: who ? what : what[0].toLowerCase() + what.slice(1),
    changes: Object.entries(changes ?? {})
      .filter(([field]) => field !== 'sla_at_risk_at')
      .map(([field, { from, to }]) => ({ field: fields[field] ?? field.replace('_', ' '), from: from ?? 'none', to: to ?? 'none' })),
  }
}

// A query string; arrays become repeated names, and what says nothing is left out.
export function address(path, query) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of [value].flat()) {
      if (item !== undefined && item !== null && item !== '') search.append(name, item)
    }
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}
