// What went wrong, told twice: as problem+json (RFC 9457) for programs, and in
// a sentence for a person.  The database's own words are kept beside it.

import { STATUS_CODES } from 'node:http'

const statusOfSqlstate = {
  P0002: 404, // no such task or renewal
  23514: 409, // the lifecycle refuses it
  '09000': 409, // a trigger of the user's suppressed it
  40001: 409, // still in the way of others after several attempts
  '40P01': 409,
  23503: 422, // unknown or inactive staff, unknown customer
  22023: 422, // an argument out of bounds
  '22P02': 422, // not an enum value, not a number
  22003: 422,
  22007: 422, // not a date
  22008: 422,
  22021: 422, // a character that no text can hold
  '22P05': 422,
  42501: 403,
  57014: 503, // took too long
}

// Classes of SQLSTATE that mean a connection was lost, or the server is going down.
const lostClasses = ['08', '57']

export class Problem extends Error {
  constructor(status, detail, members = {}) {
    super(detail)
    Object.assign(this, { status, members })
  }
}

const isSqlstate = (code) => /^[0-9A-Z]{5}$/.test(code ?? '')

// A socket's error has a code like ECONNRESET, or none and a message of pg's.
function isUnavailable({ isUnavailable: known, code, syscall, message }) {
  return known || syscall !== undefined || lostClasses.includes(String(code).slice(0, 2)) || /^Connection terminated/.test(message)
}

const words = { IN_PROGRESS: 'in progress', OPEN: 'open', OVERDUE: 'overdue', COMPLETED: 'completed', CANCELLED: 'cancelled' }

// "Start it first with taskq_start()." is right in psql, but there is a button here.
function inPlainWords(text) {
  if (!text) return ''
  const plain = text
    .replace(/ with taskq_\w+\(\)/g, '')
    .replace(/\bargument "(\w+)"/g, (all, name) => name.replaceAll('_', ' '))
    .replace(/\b(IN_PROGRESS|OPEN|OVERDUE|COMPLETED|CANCELLED)\b/g, (word) => words[word])
    .replace(/(\d\d:\d\d):\d\d(\.\d+)?([+-]\d\d(:\d\d)*)?/g, '$1')
  const sentence = plain[0].toUpperCase() + plain.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}

function fromDatabase(error, level) {
  const status = isUnavailable(error) ? 503 : statusOfSqlstate[error.code]
  const { code: sqlstate, message, detail, hint, constraint } = error
  let sentence = [message, detail, hint].map(inPlainWords).filter(Boolean).join(' ')
  if (sqlstate === '42501' && level) sentence = `Your level, ${level}, may not do this.`
  if (status === 503) sentence = 'The database does not answer at the moment. Try again in a minute.'
  if (status === undefined) return undefined
  const database = isSqlstate(sqlstate) && { database: { sqlstate, message, detail, hint, constraint } }
  return new Problem(status, sentence, database || {})
}

function fromValidation(error) {
  const errors = error.validation.map(({ instancePath, params, message }) => ({
    field: [...instancePath.split('/').slice(1), params.missingProperty ?? params.additionalProperty].filter((name) => name !== undefined).join('.'),
    message: params.allowedValues ? `${message}: ${params.allowedValues.join(', ')}` : message,
  }))
  const sentence = errors.map(({ field, message }) => `${field || error.validationContext}: ${message}`).join('; ')
  return new Problem(422, inPlainWords(sentence), { errors })
}

export function toProblem(error, level) {
  if (error instanceof Problem) return error
  if (error.validation) return fromValidation(error)
  if (error.statusCode >= 400 && error.statusCode < 500) return new Problem(error.statusCode, inPlainWords(error.message))
  return fromDatabase(error, level) ??
    new Problem(500, 'Something went wrong here. It has been written to the log.')
}

export function problemBody({ status, message, members }) {
  return { type: 'about:blank', title: STATUS_CODES[status], status, detail: message, ...members }
}

// wantsPage(request) says who is asking; renderPage(problem, request) draws it.
export function handleErrors(app, { wantsPage, renderPage }) {
  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error, request.staff?.level)
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed')
    if (problem.status === 503) reply.header('retry-after', '10')
    reply.code(problem.status)
    if (wantsPage(request)) return reply.type('text/html; charset=utf-8').send(renderPage(problem, request))
    return reply.type('application/problem+json').send(JSON.stringify(problemBody(problem)))
  })
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'There is nothing at this address.')
  })
}
