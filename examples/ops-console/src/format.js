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
const weekday = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'short' })
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

// While a task is paused its deadlines are infinity.
export const noDate = 'no date'
export const deadline = (text) => (text === 'infinity' ? noDate : time(text))
export const by = (due) => (due === noDate ? noDate : `by ${due}`)


// "Mon 09:00" within a week, else with the date: an instant still to come, or of late.
export function moment(text, today) {
  const days = (Date.parse(text.slice(0, 10)) - Date.parse(today)) / day
  const clock = text.slice(11, 16)
  if (days === 0) return clock
  return `${Math.abs(days) < 7 && days > 0 ? weekday.format(new Date(text.slice(0, 10))) : date(text.slice(0, 10), today)} ${clock}`
}

// Hours as people say them: 45 min, 2 h 10, 8 h.
export function spell(hours) {
  const minutes = Math.floor(Math.abs(hours) * 60 + 1e-6)
  if (minutes < 60) return `${minutes} min`
  const rest = minutes % 60
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${String(rest).padStart(2, '0')}`
}
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

// A clock of taskq_sla_clocks: business time, less pauses.
export function clock({ state, due_at, hours, hours_used, hours_left, percent, next_opening }, today) {
  if (hours_used === null || hours === null) {
    return { share: 1, words: hours_used === null ? 'unknown' : spell(hours_used), more: '', isLate: false, state, due: deadline(due_at) }
  }
  const isLate = hours_left < 0
  return {
    share: Math.min(1, Math.max(0, 1 - percent / 100)),
    words: isLate ? `${spell(hours_left)} late` : `${spell(hours_used)} of ${spell(hours)}`,
    more: state === 'CLOSED_HOURS' && next_opening ? `closed until ${moment(next_opening, today)}` : state === 'PAUSED' ? 'paused' : '',
    isLate,
    state,
    due: deadline(due_at),
  }
}

// How much of an SLA's time is left, as a share for the bar and in words.  A task
// that has only the response clock shows that one until work begins.
export function sla({ sla_status, sla_due_at, sla_from, created_at, is_active, clocks }, today, now = Date.now()) {
  if (sla_status === 'NONE') {
    if (!is_active || !clocks?.response || clocks.response.state === 'STOPPED') return null
    const response = clock(clocks.response, today)
    return { ...response, words: `${response.words}, response`, tone: response.isLate ? 'BREACHED' : 'ON_TRACK', name: 'Response' }
  }
  const what = { tone: sla_status, name: slaStatuses[sla_status], due: deadline(sla_due_at), more: '' }
  if (!is_active) return { ...what, words: slaStatuses[sla_status] }
  if (clocks?.resolution) return { ...what, ...clock(clocks.resolution, today) }
  if (sla_due_at === 'infinity') return { ...what, share: 1, words: 'never due' }
  const left = Date.parse(sla_due_at) - now
  const whole = Date.parse(sla_due_at) - Date.parse(sla_from ?? created_at)
  return {
    ...what,
    share: Math.min(1, Math.max(0, left / whole)),
    words: left >= 0 ? `${duration(left)} left` : `${duration(left)} late`,
  }
}

// A pause in words, for the chip's title and the drawer; and its reason, which may be long.
export const short = (text, length = 200) => (text.length > length ? `${text.slice(0, length)} …` : text)
export const pause = ({ paused_at, resume_at }, today) =>
  `Paused since ${moment(paused_at, today)}${resume_at ? `, until ${moment(resume_at, today)}` : ''}`

const whats = { open: 'open', closed: 'closed', holiday: 'holiday', paused: 'paused', late: 'late' }
const shownSpans = 40 // of a time line: its begin and its end

// The time line of a clock, ready to be shown; what is left out of a long one is a row of its own.
export function timeline(spans, today, leftOut = 0) {
  const lines = spans.map(({ begins, ends, what, label, hours, hours_so_far }) => ({
    from: `${date(begins.slice(0, 10), today)} ${begins.slice(11, 16)}`,
    to: `${begins.slice(0, 10) === ends.slice(0, 10) ? '' : `${date(ends.slice(0, 10), today)} `}${ends.slice(11, 16)}`,
    what,
    word: whats[what],
    label,
    hours: hours === null ? '?' : ['open', 'late'].includes(what) ? spell(hours) : '',
    soFar: ['open', 'late'].includes(what) && hours_so_far !== null ? spell(hours_so_far) : '',
  }))
  if (lines.length <= shownSpans) return lines
  const half = shownSpans / 2
  return [...lines.slice(0, half), { what: 'more', word: `… ${number(lines.length - shownSpans + leftOut)} lines more …` }, ...lines.slice(-half)]
}

// The windows of a calendar as taskq_calendar_set() takes them.
const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
export function hoursText(windows) {
  const days = dayNames.map((name, n) => windows.filter(({ weekday: d }) => d === n + 1)
    .map(({ opens, closes }) => `${opens.slice(0, 5)}-${closes.slice(0, 5)}`).join(','))
  if (days.every((text) => text === '00:00-24:00')) return '24/7'
  const parts = []
  for (const [n, text] of days.entries()) {
    const last = parts.at(-1)
    if (last?.text === text) last.to = dayNames[n]
    else parts.push({ from: dayNames[n], to: dayNames[n], text })
  }
  return parts.filter(({ text }) => text).map(({ from, to, text }) => `${from === to ? from : `${from}-${to}`} ${text}`).join('; ')
}

// Holidays as a list is read: what comes next first, what is past last.
export function upcoming(holidays, today) {
  const next = ({ day: on, yearly }) => {
    if (!yearly) return on
    const here = `${today.slice(0, 4)}${on.slice(4)}`
    return here >= today ? here : `${Number(today.slice(0, 4)) + 1}${on.slice(4)}`
  }
  const all = holidays.map((holiday) => ({ ...holiday, next: next(holiday), isPast: next(holiday) < today }))
  const order = (a, b) => (a.next < b.next ? -1 : 1)
  return [...all.filter((h) => !h.isPast).sort(order), ...all.filter((h) => h.isPast).sort(order).reverse()]
}

const kinds = {
  created: 'created the task', started: 'started', completed: 'completed', cancelled: 'cancelled', overdue: 'saw it become overdue',
  recovered: 'saw that it is no longer overdue', sla_breached: 'saw the SLA breached', sla_at_risk: 'saw the SLA at risk',
  sla_warning: 'warned of the SLA', response_breached: 'saw that work did not begin in time', sla_moved: 'moved the deadlines',
  paused: 'paused the task', resumed: 'resumed the task', assigned: 'assigned', rescheduled: 'rescheduled',
  prioritized: 'changed the priority', sla_changed: 'changed the SLA', edited: 'edited', updated: 'changed', commented: 'commented',
  erased: 'erased the texts',
}

const fields = {
  assignee_id: 'assignee', due_date: 'due date', sla_hours: 'SLA hours', user_id: 'customer', sla_due_at: 'SLA deadline',
  sla_policy: 'SLA policy', sla_calendar: 'calendar', sla_from: 'SLA from', response_hours: 'response hours', response_due_at: 'response deadline',
  resume_at: 'until',
}
const hidden = ['paused_at', 'pause_reason', 'sla_at_risk_at', 'sla_revision', 'sla_warn_at', 'sla_warned_at', 'response_hours_used', 'sla_hours_used']
const isTime = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
const told = (value) => (value === null || value === undefined ? 'none' : value === 'infinity' ? noDate : isTime(value) ? time(value) : value)

export function event({ kind, actor, actor_name, changes }) {
  const who = actor_name ?? actor
  const what = kinds[kind] ?? kind
  return {
    who: who ?? 'taskq',
    what,
    changes: Object.entries(changes ?? {})
      .filter(([field]) => !hidden.includes(field))
      .map(([field, { from, to }]) => ({ field: fields[field] ?? field.replaceAll('_', ' '), from: told(from), to: told(to) })),
  }
}

// "Firefox, Windows": what a browser says of itself, in short.
export function browserName(text) {
  const find = (words) => words.find(([pattern]) => pattern.test(text))?.[1]
  const program = find([[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari']])
  const system = find([[/Windows/, 'Windows'], [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']])
  return [program, system].filter(Boolean).join(', ') || short(text ?? 'unknown', 60)
}

// An id as a part of an address.  Browsers take "." and "..", however they are
// written, for a way through folders: these, and what begins with "~", get a "~".
export const segment = (id) => encodeURIComponent(/^(~|\.{1,2}$)/.test(id) ? `~${id}` : id)
export const fromSegment = (text) => text.replace(/^~/, '')

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
