// Charts as SVG, drawn here: no script, no inline style, and they print.
// Colours come from the style sheet, by class.

import { escape } from './format.js'

const round = (n) => Math.round(n * 10) / 10

// The next number from which a scale can be divided in four whole steps.
function niceMaximum(value) {
  for (let power = 1; ; power *= 10) {
    const step = [1, 2, 3, 4, 5, 6, 8].map((n) => n * power).find((n) => 4 * n >= value)
    if (step) return 4 * step
  }
}

// A column a week: tasks that met their SLA, and on top those that breached it.
// What has no room beside its neighbour is left out: shares first, then every
// second week's name, and so on.
export function weeklyChart(weeks, { label, t, number, percent }) {
  const width = 720, height = 230, right = 8, top = 22, bottom = 24
  const maximum = niceMaximum(Math.max(...weeks.map(({ met, breached }) => met + breached), 1))
  const left = 16 + 7 * number(maximum).length
  const y = (value) => round(top + (height - top - bottom) * (1 - value / maximum))
  const step = (width - left - right) / weeks.length
  const bar = Math.min(step * 0.62, 44)
  const every = Math.ceil(46 / step)

  const grid = [0, 1, 2, 3, 4].map((n) => (maximum * n) / 4).map((value) =>
    `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>` +
    `<text class="scale" x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${escape(number(value))}</text>`)

  const columns = weeks.map(({ group_key: week, met, breached, compliance }, n) => {
    const x = round(left + n * step + (step - bar) / 2)
    const middle = round(x + bar / 2)
    const share = compliance === null || step < 34 ? '' : percent(Math.round(compliance * 100) / 100, 0)
    const title = t('Week of {week}: {met} met, {breached} breached', { week: label(week), met: number(met), breached: number(breached) })
    return `<g><title>${escape(title)}</title>` +
      `<rect class="met" x="${x}" y="${y(met)}" width="${round(bar)}" height="${round(y(0) - y(met))}"/>` +
      `<rect class="breached" x="${x}" y="${y(met + breached)}" width="${round(bar)}" height="${round(y(met) - y(met + breached))}"/>` +
      `<text class="value" x="${middle}" y="${y(met + breached) - 6}" text-anchor="middle">${escape(share)}</text>` +
      (n % every === 0 ? `<text class="scale" x="${middle}" y="${height - 6}" text-anchor="middle">${escape(label(week))}</text>` : '') + '</g>'
  })

  return `<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(t('SLA compliance by week'))}">${grid.join('')}${columns.join('')}</svg>`
}

// One line of a list: how many of the tasks met their SLA, out of the longest line.
export function complianceBar({ met, breached }, longest) {
  const width = 200, height = 12
  const scale = width / Math.max(longest, 1)
  const split = round(met * scale)
  return `<svg class="chart bar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect class="met" width="${split}" height="${height}"/>` +
    `<rect class="breached" x="${split}" width="${round(breached * scale)}" height="${height}"/></svg>`
}

// A week of a calendar: a line a day, and on it when it is open.
export function weekGrid(windows, { today, t, names }) {
  const width = 460, left = 38, right = 10, top = 6, line = 26, bottom = 22
  const end = top + names.length * line
  const hour = (text) => Number(text.slice(0, 2)) + Number(text.slice(3, 5)) / 60
  const x = (hours) => round(left + ((width - left - right) * hours) / 24)

  const grid = [0, 3, 6, 9, 12, 15, 18, 21, 24].map((n) =>
    `<line class="grid" x1="${x(n)}" x2="${x(n)}" y1="${top}" y2="${end}"/>` +
    `<text class="scale" x="${x(n)}" y="${end + 15}" text-anchor="middle">${n}</text>`)
  const days = names.map((name, n) => {
    const spans = windows.filter(({ weekday }) => weekday === n + 1)
    const words = spans.map(({ opens, closes }) => `${opens.slice(0, 5)}–${closes.slice(0, 5)}`).join(', ') || t('closed')
    const y = top + n * line
    return `<g><title>${name}: ${words}</title><rect class="day" x="${left}" y="${y + 3}" width="${width - left - right}" height="${line - 6}" rx="3"/>` +
      `<text class="${n + 1 === today ? 'value' : 'scale'}" x="${left - 8}" y="${y + line / 2 + 4}" text-anchor="end">${name}</text>` +
      spans.map(({ opens, closes }) =>
        `<rect class="met" x="${x(hour(opens))}" y="${y + 3}" width="${round(x(hour(closes)) - x(hour(opens)))}" height="${line - 6}" rx="3"/>`).join('') + '</g>'
  })
  return `<svg class="chart week" viewBox="0 0 ${width} ${end + bottom}" role="img" aria-label="${escape(t('Open hours of the week'))}">${days.join('')}${grid.join('')}</svg>`
}
