// A list as a spreadsheet reads it (RFC 4180).  A cell that a spreadsheet would
// take for a formula gets an apostrophe, which makes it text.

const isFormula = /^[=+\-@\t\r]/
export function cell(value) {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = String(value)
  const safe = isFormula.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
export const line = (values) => `${values.map(cell).join(',')}\r\n`
export const byteOrderMark = '\ufeff' // or a spreadsheet takes it for Latin-1
