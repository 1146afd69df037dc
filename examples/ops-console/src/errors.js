// What went wrong, told twice: as problem+json (RFC 9457) for programs, and in
// a sentence for a person.  The database's own words are kept beside it.

import { STATUS_CODES } from 'node:http'
import { fieldInWords, sentenceOf } from './sentences.js'
import { english, m, wordsFor } from './words.js'

const statusOfSqlstate = {
  P0002: 404, // no such task or renewal
  23514: 409, // the lifecycle refuses it
  '09000': 409, // a trigger of the user's suppressed it
  55000: 409, // changed by somebody else since; not in this state
  40001: 409, // still in the way of others after several attempts
  '40P01': 409,
  23505: 409, // there is one already
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

function fromDatabase(error, level, words) {
  const status = isUnavailable(error) ? 503 : statusOfSqlstate[error.code]
  if (status === undefined) return undefined
  const { code: sqlstate, message, detail, hint, constraint } = error
  let { text, field } = sentenceOf(error, words)
  if (sqlstate === '42501' && level) text = words.t('Your level, {level}, may not do this.', { level: words.t(level) })
  if (status === 503) text = words.t('The database does not answer at the moment. Try again in a minute.')
  const database = isSqlstate(sqlstate) && { database: { sqlstate, message, detail, hint, constraint } }
  return new Problem(status, text, { ...database, ...(field && { errors: [{ field, message: text }] }) })
}

function fromValidation(error, words) {
  const errors = error.validation.map(({ instancePath, params, message }) => ({
    field: [...instancePath.split('/').slice(1), params.missingProperty ?? params.additionalProperty].filter((name) => name !== undefined).join('.'),
    message: params.allowedValues ? `${message}: ${params.allowedValues.join(', ')}` : message,
  }))
  const sentence = errors.map(({ field, message }) => `${fieldInWords(field || error.validationContext, words)}: ${message}`).join('; ')
  return new Problem(422, `${words.upper(sentence)}.`, { errors })
}

export function toProblem(error, level, words = english) {
  if (error instanceof Problem) return error
  if (error.validation) return fromValidation(error, words)
  if (error.statusCode >= 400 && error.statusCode < 500) return new Problem(error.statusCode, words.upper(error.message))
  return fromDatabase(error, level, words) ??
    new Problem(500, words.t('Something went wrong here. It has been written to the log.'))
}

export function problemBody({ status, message, members }, { t } = english) {
  return { type: 'about:blank', title: STATUS_CODES[status], status, detail: t(message, members.values), ...members, values: undefined }
}

// wantsPage(request) says who is asking; renderPage(problem, request) draws it.
export function handleErrors(app, { wantsPage, renderPage }) {
  app.setErrorHandler((error, request, reply) => {
    const words = wordsFor(request)
    const problem = toProblem(error, request.staff?.level, words)
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed')
    if (problem.status === 503) reply.header('retry-after', '10')
    reply.code(problem.status)
    if (wantsPage(request)) return reply.type('text/html; charset=utf-8').send(renderPage(problem, request))
    return reply.type('application/problem+json').send(JSON.stringify(problemBody(problem, words)))
  })
  app.setNotFoundHandler(() => {
    throw new Problem(404, m('There is nothing at this address.'))
  })
}
