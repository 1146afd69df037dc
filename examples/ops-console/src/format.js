// How the pages say things.  Dates and times come from the database as the
// clock on the desk's wall has them, and are cut, not converted.

import { m } from './words.js'

const day = 24 * 3600 * 1000

const statuses = { OPEN: m('Open'), IN_PROGRESS: m('In progress'), OVERDUE: m('Overdue'), COMPLETED: m('Completed'), CANCELLED: m('Cancelled') }
const priorities = { URGENT: m('Urgent'), HIGH: m('High'), MEDIUM: m('Medium'), LOW: m('Low') }
const slaStatuses = { AT_RISK: m('At risk'), BREACHED: m('Breached'), ON_TRACK: m('On track'), MET: m('Met'), NONE: m('No SLA'), CANCELLED: m('Cancelled') }
const sorts = { due: m('Due date'), priority: m('Priority'), sla: m('SLA deadline'), created: m('Newest'), closed: m('Last closed') }
const sources = { __proto__: null, MANUAL: m('entered by hand'), RENEWAL: m('a renewal'), SCHEDULE: m('a schedule'), WORKFLOW: m('a rule'), IMPORT: m('an import') }
const levels = { viewer: m('viewer'), agent: m('agent'), manager: m('manager') }

export const active = ['OPEN', 'IN_PROGRESS', 'OVERDUE']
export const closed = ['COMPLETED', 'CANCELLED']
export const addDays = (text, n) => new Date(Date.parse(text) + n * day).toISOString().slice(0, 10)
export const short = (text, length = 200) => (text.length > length ? `${text.slice(0, length)} …` : text)
const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / day)

// The windows of a calendar as taskq_calendar_set() takes them: English, whoever reads it.
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

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escape = (text) => String(text).replace(/[&<>"']/g, (c) => entities[c])

// Text as HTML, its links made to be clicked.  A full stop or a closing bracket
// behind an address is of the sentence.
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']+)/).map((part, n) => {
    if (n % 2 === 0) return escape(part)
    let end = part.length
    while (/[.,;:!?)\]}]/.test(part[end - 1])) end--
    const link = part.slice(0, end)
    return `<a href="${escape(link)}" target="_blank" rel="noopener noreferrer nofollow">${escape(link)}</a>${escape(part.slice(end))}`
  }).join('')
}

// Attributes as they are edited: a line for each, name = value.  What is no JSON is text.
const isJson = (text) => { try { JSON.parse(text); return true } catch { return false } }
export const attributesText = (attributes) => Object.entries(attributes ?? {})
  .map(([name, value]) => `${name} = ${typeof value === 'string' && !isJson(value) && !/\n/.test(value) ? value : JSON.stringify(value)}`).join('\n')

// An interval as PostgreSQL writes it ("1 year 6 mons 2 days"), as it is entered.
export const everyText = (every) => (every ?? '').replace(/\bmons?\b/g, (word) => (word === 'mon' ? 'month' : 'months'))

function inLanguage({ t, tn, locale, language }) {
  const dates = (options) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
  const dayMonth = dates({ weekday: 'short', day: 'numeric', month: 'short' })
  const dayMonthYear = dates({ day: 'numeric', month: 'short', year: 'numeric' })
  const shortDay = dates({ day: 'numeric', month: 'short' })
  const weekday = dates({ weekday: 'short' })
  const numbers = new Intl.NumberFormat(locale)
  const oneDigit = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const shares = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const whole = new Intl.NumberFormat(locale, { style: 'percent' })
  const all = (names) => Object.fromEntries(Object.entries(names).map(([key, name]) => [key, t(name)]))

  // For a list: what is left or late, and no more.
  // Past its deadline, though while the calendar is closed no time has passed.
  const isPast = ({ state, hours_left: left, due_at: due }) => state !== 'STOPPED' && left <= 0 && due !== 'infinity' && Date.parse(due) <= Date.now()

  function inShort(clock, told) {
    const { hours_left: left } = clock
    if (left === null || left === undefined || told.state === 'STOPPED') return told
    const time = f.roughly(left * 3_600_000, { inDays: false })
    return { ...told, words: left < 0 || isPast(clock) ? t('{time} late', { time }) : t('{time} left', { time }) }
  }

  const f = {
    statuses: all(statuses), priorities: all(priorities), slaStatuses: all(slaStatuses), sorts: all(sorts), levels: all(levels),
    weekdays: dayNames.map((name, n) => weekday.format(new Date(Date.UTC(2024, 0, 1 + n)))),
    source: (source) => t(sources[source] ?? source),
    number: (value) => numbers.format(value),
    percent: (share, digits = 1) => (share === null ? '–' : (share === 1 || digits === 0 ? whole : shares).format(share)),
    hours: (value) => (value === null || value === undefined ? '–' : t('{hours} h', { hours: oneDigit.format(value) })),

    // "2026-06-05" is midnight UTC, and is shown in UTC
    date: (text, today) => (text.slice(0, 4) === today.slice(0, 4) ? dayMonth : dayMonthYear).format(new Date(text.slice(0, 10))),
    dayMonth: (text) => shortDay.format(new Date(text.slice(0, 10))),
    time: (text) => `${dayMonthYear.format(new Date(text.slice(0, 10)))} ${text.slice(11, 16)}`,

    // While a task is paused its deadlines are infinity.
    noDate: t('no date'),
    deadline: (text) => (text === 'infinity' ? f.noDate : f.time(text)),
    by: (due) => (due === f.noDate ? f.noDate : t('by {time}', { time: due })),

    // "Mon 09:00" within a week, else with the date: an instant still to come, or of late.
    moment(text, today) {
      const days = daysBetween(today, text.slice(0, 10))
      const clock = text.slice(11, 16)
      if (days === 0) return clock
      return `${Math.abs(days) < 7 && days > 0 ? weekday.format(new Date(text.slice(0, 10))) : f.date(text, today)} ${clock}`
    },

    // "Firefox, Windows": what a browser says of itself, in short.
    browserName(text) {
      const find = (words) => words.find(([pattern]) => pattern.test(text))?.[1]
      return [find(programs), find(systems)].filter(Boolean).join(', ') || short(text ?? t('unknown'), 60)
    },

    // Hours as people say them: 45 min, 2 h 10, 8 h.
    spell(hours) {
      const minutes = Math.floor(Math.abs(hours) * 60 + 1e-6)
      if (minutes < 60) return t('{minutes} min', { minutes })
      const rest = minutes % 60
      return rest === 0 ? t('{hours} h', { hours: minutes / 60 }) : t('{hours} h {minutes}', { hours: Math.floor(minutes / 60), minutes: String(rest).padStart(2, '0') })
    },

    // How long ago, for what somebody has just done.
    ago(text, now = Date.now()) {
      const minutes = Math.max(0, Math.floor((now - Date.parse(text)) / 60_000))
      if (minutes < 1) return t('just now')
      if (minutes < 60) return tn(minutes, 'a minute ago', '{n} minutes ago')
      if (minutes < 1440) return tn(Math.floor(minutes / 60), 'an hour ago', '{n} hours ago')
      return tn(Math.floor(minutes / 1440), 'a day ago', '{n} days ago')
    },

    // The due date of a task in words, next to the date itself.
    due({ due_date, is_overdue, is_active }, today) {
      if (!due_date || !is_active) return ''
      const days = daysBetween(today, due_date)
      if (is_overdue) return tn(-days, 'one day overdue', '{n} days overdue')
      if (days === 0) return t('today')
      if (days === 1) return t('tomorrow')
      return days < 15 ? t('in {n} days', { n: days }) : ''
    },

    inDays(days) {
      if (days < 0) return tn(-days, 'one day overdue', '{n} days overdue')
      return days === 0 ? t('today') : tn(days, 'in one day', 'in {n} days')
    },

    // A clock of taskq_sla_clocks: business time, less pauses.
    clock(clock, today) {
      const { state, due_at, hours, hours_used, hours_left, percent, next_opening } = clock
      if (hours_used === null || hours === null) {
        return { share: 1, words: hours_used === null ? t('unknown') : f.spell(hours_used), more: '', isLate: false, state, due: f.deadline(due_at) }
      }
      const isLate = hours_left < 0 || isPast(clock)
      return {
        share: Math.min(1, Math.max(0, 1 - percent / 100)),
        words: isLate ? t('{time} late', { time: f.spell(hours_left) })
          : state === 'STOPPED' ? t('{time} of {whole}', { time: f.spell(hours_used), whole: f.spell(hours) })
            : t('{time} of {whole} left', { time: f.spell(hours_left), whole: f.spell(hours) }),
        more: state === 'CLOSED_HOURS' && next_opening ? t('closed until {time}', { time: f.moment(next_opening, today) }) : state === 'PAUSED' ? t('paused') : '',
        isLate,
        state,
        due: f.deadline(due_at),
      }
    },

    // How much of an SLA's time is left, as a share for the bar and in words.  A task
    // that has only the response clock shows that one until work begins.
    sla({ sla_status, sla_due_at, sla_from, created_at, is_active, clocks }, today, now = Date.now()) {
      if (sla_status === 'NONE') {
        if (!is_active || !clocks?.response || clocks.response.state === 'STOPPED') return null
        const response = f.clock(clocks.response, today)
        return { ...response, words: t('{time}, response', { time: inShort(clocks.response, response).words }), tone: response.isLate ? 'BREACHED' : 'ON_TRACK', name: t('Response') }
      }
      const what = { tone: sla_status, name: f.slaStatuses[sla_status], due: f.deadline(sla_due_at), more: '' }
      if (!is_active) return { ...what, words: f.slaStatuses[sla_status] }
      if (clocks?.resolution) return { ...what, ...inShort(clocks.resolution, f.clock(clocks.resolution, today)) }
      if (sla_due_at === 'infinity') return { ...what, share: 1, words: t('never due') }
      const left = Date.parse(sla_due_at) - now
      const span = Date.parse(sla_due_at) - Date.parse(sla_from ?? created_at)
      return {
        ...what,
        share: Math.min(1, Math.max(0, left / span)),
        words: left >= 0 ? t('{time} left', { time: f.roughly(left) }) : t('{time} late', { time: f.roughly(left) }),
      }
    },

    // To the nearest minute, hour or day: what was 2 h a moment ago is "2 h".  Open
    // hours make no days.
    roughly(ms, { inDays = true } = {}) {
      const minutes = Math.round(Math.abs(ms) / 60_000)
      if (minutes < 60) return t('{minutes} min', { minutes })
      if (minutes < 10 * 60) return f.spell(minutes / 60)
      if (minutes < 48 * 60 || !inDays) return t('{hours} h', { hours: numbers.format(Math.round(minutes / 60)) })
      return t('{days} d', { days: Math.round(minutes / 1440) })
    },

    // A pause in words, for the chip's title and the drawer; and its reason, which may be long.
    pause: ({ paused_at, resume_at }, today) => (resume_at
      ? t('Paused since {time}, until {end}', { time: f.moment(paused_at, today), end: f.moment(resume_at, today) })
      : t('Paused since {time}', { time: f.moment(paused_at, today) })),

    // The time line of a clock, ready to be shown; what is left out of a long one is a row of its own.
    timeline(spans, today, leftOut = 0) {
      const lines = spans.map(({ begins, ends, what, label, hours, hours_so_far }) => ({
        from: `${f.date(begins, today)} ${begins.slice(11, 16)}`,
        to: `${begins.slice(0, 10) === ends.slice(0, 10) ? '' : `${f.date(ends, today)} `}${ends.slice(11, 16)}`,
        what,
        word: t(spanWords[what]),
        label,
        hours: hours === null ? '?' : ['open', 'late'].includes(what) ? f.spell(hours) : '',
        soFar: ['open', 'late'].includes(what) && hours_so_far !== null ? f.spell(hours_so_far) : '',
      }))
      if (lines.length <= shownSpans) return lines
      const half = shownSpans / 2
      return [...lines.slice(0, half), { what: 'more', word: t('… {n} lines more …', { n: numbers.format(lines.length - shownSpans + leftOut) }) }, ...lines.slice(-half)]
    },

    // "every month", for people; the interval itself where it is unusual.
    every(every) {
      const one = { '1 mon': t('every month'), '1 year': t('every year'), '7 days': t('every week'), '1 day': t('every day'), '3 mons': t('every quarter') }
      return one[every] ?? t('every {interval}', { interval: everyText(every) })
    },
  }
  return { ...f, language, locale, active, closed, addDays, short, hoursText, upcoming, segment, address, linked, attributesText, everyText }
}

const programs = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari']]
const systems = [[/Windows/, 'Windows'], [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]
const spanWords = { open: m('open'), closed: m('closed'), holiday: m('holiday'), paused: m('paused'), late: m('late') }
const shownSpans = 40 // of a time line: its begin and its end

const known = new Map()
export function formatIn(words) {
  if (!known.has(words.language)) known.set(words.language, inLanguage(words))
  return known.get(words.language)
}
