// A list as a spreadsheet reads it (RFC 4180).  A cell that a spreadsheet would
// take for a formula gets an apostrophe, which makes it text.

const isFormula = /^[=+\-@\t\r]/
// A spreadsheet that takes another sign for the end of a cell sees cells that are none.
const isFormulaElsewhere = /([,;\t])(["\s]*)(?=[=+\-@])/g
function cell(value, separator) {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = String(value)
  const safe = (isFormula.test(text) ? `'${text}` : text)
    .replace(isFormulaElsewhere, (all, sign, between) => (sign === separator ? all : `${sign}${between}'`))
  return /[",;\t\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
export const line = (values, separator = ',') => `${values.map((value) => cell(value, separator)).join(separator)}\r\n`
// What spreadsheets expect goes by what stands in numbers: where that is a comma, cells end with a semicolon.
export const separatorIn = (locale) => (new Intl.NumberFormat(locale).format(1.5).includes(',') ? ';' : ',')
export const byteOrderMark = '\ufeff' // or a spreadsheet takes it for Latin-1
