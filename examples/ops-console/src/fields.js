// What forms send.  All of it is text: a field that is not there says nothing
// (undefined), one that is empty says "none" (null).

import { Problem } from './errors.js'
import { m } from './words.js'

export const refuse = (field, message, values) => {
  throw new Problem(422, message, { values, errors: [{ field, message }] })
}

const types = {
  text: (value) => value,
  key: (value) => value.trim() || null,
  date(value, field) {
    const isDate = /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value)
    return isDate ? value : refuse(field, m('This is not a date.'))
  },
  number(value, field) {
    const number = Number(value.replace(',', '.'))
    return Number.isFinite(number) ? number : refuse(field, m('This is not a number.'))
  },
  integer(value, field) {
    return /^-?\d{1,9}$/.test(value.trim()) ? Number(value) : refuse(field, m('This is not a whole number.'))
  },
  instant(value, field) {
    return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$/.test(value) ? value : refuse(field, m('This is not a time.'))
  },
  flag: (value) => value === 'true' || value === 'on',
  list: (value) => value.split(/[,\n]/).map((part) => part.trim()).filter(Boolean),
  ids(value, field) {
    const ids = value.split(',').map(Number)
    if (ids.length > 1000) refuse(field, m('At most 1,000 tasks are changed at once.'))
    return ids.every((id) => Number.isSafeInteger(id) && id > 0) ? ids : refuse(field, m('These are no tasks.'))
  },
  // A line for each: name = value.  What is no JSON is text.
  attributes(value, field) {
    const lines = value.split('\n').map((line) => line.trim()).filter(Boolean)
    return Object.fromEntries(lines.map((line) => {
      const at = line.indexOf('=')
      if (at < 1) refuse(field, m('Write a line for each attribute: name = value.'))
      const text = line.slice(at + 1).trim()
      try {
        return [line.slice(0, at).trim(), JSON.parse(text)]
      } catch {
        return [line.slice(0, at).trim(), text]
      }
    }))
  },
  json(value, field) {
    try {
      return JSON.parse(value)
    } catch {
      return refuse(field, m('This is not JSON.'))
    }
  },
}

export function readFields(body, wanted) {
  const values = {}
  for (const [name, given] of Object.entries(body ?? {})) {
    if (name === 'csrf') continue
    const type = Object.hasOwn(wanted, name) ? wanted[name] : null
    if (!type) refuse(name, m('This form has no field {field}.'), { field: name })
    const texts = [given].flat()
    if (texts.some((text) => typeof text !== 'string')) refuse(name, m('This form has no field {field}.'), { field: name })
    const clean = texts.join(',').replaceAll('\r\n', '\n')
    values[name] = clean === '' ? null : types[type](clean, name)
  }
  return values
}
