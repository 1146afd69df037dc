// What went wrong, told twice: as problem+json (RFC 9457) for programs, and in
// a sentence for a person.  The database's own words are kept beside it.

import { STATUS_CODES } from 'node:http'
import { faultInWords, fieldInWords, sentenceOf } from './sentences.js'
import { english, m, wordsFor } from './words.js'

const statusOfSqlstate = {
  P0002: 404, // no such task or renewal
  '09000': 409, // a trigger of the user's suppressed it
  55000: 409, // not in a state for it
  '55P03': 409, // somebody else has it locked
  23502: 422, // something has to be filled in
  23503: 422, // unknown or inactive staff, unknown customer
  42501: 403,
  57014: 503, // took too long
  25006: 503, // a standby, or a server that is being moved
}

// And by class, where the code itself is not above.
const statusOfClass = {
  '08': 503, // the connection was lost
  22: 422, // a value that cannot be
  23: 409, // the lifecycle refuses it, or a constraint
  28: 503, // the console itself is not let in
  '3D': 503, // no such database
  40: 409, // still in the way of others after several attempts
  44: 409, // a view's check
  53: 503, // no memory, no disk, no connection left
  54: 422, // larger than the database can take
  57: 503, // the server is going down, or coming up
  P0: 409, // a trigger of the user's: RAISE
}

const statusOf = ({ code, routine, isStale, isWrongValue }) => {
  if (isWrongValue) return 422
  if (isStale) return 412 // changed since the caller looked at it
  if (!isSqlstate(code)) return undefined
  return statusOfSqlstate[code] ?? statusOfClass[code.slice(0, 2)] ??
    (routine === 'exec_stmt_raise' ? 409 : undefined) // RAISE with a code of its own
}

// retryAfter: seconds, for whoever asks too often.
export class Problem extends Error {
  constructor(status, detail, members = {}, retryAfter = undefined) {
    super(detail)
    Object.assign(this, { status, members, retryAfter })
  }
}

const isSqlstate = (code) => /^[0-9A-Z]{5}$/.test(code ?? '')

// A socket's error has a code like ECONNRESET, or none and a message of pg's: db.js knows it.
const isUnavailable = ({ isUnavailable: known, syscall }) => known || syscall !== undefined

const unknownOutcome = m('The connection to the database was lost at the moment of saving. It is not known whether the change was made: look before you repeat it.')

function heldBy({ staff, program, role } = {}, { t }) {
  if (staff) return t('{name} is changing this at the moment. Try again in a few seconds.', { name: staff })
  if (role) return t('Something else is changing this at the moment: {what}. Try again in a few seconds.', { what: program ? `${program}, ${role}` : role })
  return t('Somebody else is changing this at the moment. Try again in a few seconds.')
}

// { text, field }: a sentence, and which field it is about, if any.
function told(error, status, level, words) {
  const { t } = words
  if (error.isUnknown) return { text: t(unknownOutcome) }
  if (status === 503) return { text: t('The database does not answer at the moment. Try again in a minute.') }
  if (error.code === '42501' && level) return { text: t('Your level, {level}, may not do this.', { level: t(level) }) }
  if (error.code === '55P03') return { text: heldBy(error.holder, words) }
  return sentenceOf(error, words)
}

function fromDatabase(error, level, words) {
  const status = isUnavailable(error) ? 503 : statusOf(error)
  if (status === undefined) return undefined
  const { code: sqlstate, message, detail, hint, constraint, changed } = error
  const { text, field } = told(error, status, level, words)
  const members = isSqlstate(sqlstate) ? { database: { sqlstate, message, detail, hint, constraint }, changed } : {}
  if (field) members.errors = [{ field, message: text }]
  if (error.isUnknown) members.outcome = 'unknown'
  return new Problem(status, text, members)
}

// Of several schemas that a value may have, what the first says is said; that none fits is no news.
function fromValidation(error, words) {
  const told = error.validation.filter(({ keyword }) => !['oneOf', 'anyOf'].includes(keyword))
  const all = (told.length > 1 ? told.filter(({ params }) => params.type !== 'null') : told)
  const errors = (all.length ? all : error.validation).map((fault) => ({
    field: [...fault.instancePath.split('/').slice(1), fault.params.missingProperty ?? fault.params.additionalProperty].filter((name) => name !== undefined).join('.'),
    message: faultInWords(fault, words),
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

export function problemBody({ status, message, members: { values, ...members } }, { t } = english) {
  const errors = members.errors?.map(({ field, message: about }) => ({ field, message: t(about, values) }))
  return { type: 'about:blank', title: STATUS_CODES[status], status, detail: t(message, values), ...members, errors }
}

const nothingHere = m('There is nothing at this address.')

// wantsPage(request) says who is asking; renderPage(problem, request) draws it.
export function handleErrors(app, { wantsPage, renderPage }) {
  function answer(error, request, reply) {
    const words = wordsFor(request)
    const isNoAddress = error.validationContext === 'params' && wantsPage(request)
    const problem = isNoAddress ? new Problem(404, nothingHere) : toProblem(error, request.staff?.level, words)
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed')
    const retryAfter = problem.retryAfter ?? (problem.status === 503 ? 10 : undefined)
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
    reply.code(problem.status)
    if (wantsPage(request)) return reply.type('text/html; charset=utf-8').send(renderPage(problem, request))
    return reply.type('application/problem+json').send(JSON.stringify(problemBody(problem, words)))
  }
  app.setErrorHandler(answer)
  app.setNotFoundHandler(() => {
    throw new Problem(404, nothingHere)
  })
  return { answer }
}
