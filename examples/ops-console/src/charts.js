// Charts as SVG, drawn here: no script, no inline style, and they print.
// Colours come from the style sheet, by class.

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])
const round = (n) => Math.round(n * 10) / 10

// The next round number from which a scale can be divided in four.
function niceMaximum(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 4)))
  return [1, 2, 4, 8, 10].map((n) => n * power).find((n) => n >= value && n % 4 === 0) ?? 20 * power
}

// A column a week: tasks that met their SLA, and on top those that breached it.
export function weeklyChart(weeks, { label }) {
  const width = 720, height = 230, left = 40, right = 8, top = 22, bottom = 24
  const maximum = niceMaximum(Math.max(...weeks.map(({ met, breached }) => met + breached), 1))
  const y = (value) => round(top + (height - top - bottom) * (1 - value / maximum))
  const step = (width - left - right) / weeks.length
  const bar = Math.min(step * 0.62, 44)

  const grid = [0, 1, 2, 3, 4].map((n) => (maximum * n) / 4).map((value) =>
    `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>` +
    `<text class="scale" x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`)

  const columns = weeks.map(({ group_key, met, breached, compliance }, n) => {
    const x = round(left + n * step + (step - bar) / 2)
    const middle = round(x + bar / 2)
    const share = compliance === null ? '' : `${Math.round(compliance * 100)}%`
    return `<g><title>Week of ${escape(group_key)}: ${met} met, ${breached} breached</title>` +
      `<rect class="met" x="${x}" y="${y(met)}" width="${round(bar)}" height="${round(y(0) - y(met))}"/>` +
      `<rect class="breached" x="${x}" y="${y(met + breached)}" width="${round(bar)}" height="${round(y(met) - y(met + breached))}"/>` +
      `<text class="value" x="${middle}" y="${y(met + breached) - 6}" text-anchor="middle">${share}</text>` +
      `<text class="scale" x="${middle}" y="${height - 6}" text-anchor="middle">${escape(label(group_key))}</text></g>`
  })

  return `<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="SLA compliance by week">${grid.join('')}${columns.join('')}</svg>`
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
