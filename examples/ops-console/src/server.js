// The web server: who may in, what every answer carries, and which routes there are.

import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController } from 'fastify'
import { createAccount } from './account.js'
import { createApi } from './api.js'
import { registerAssets } from './assets.js'
import { createAuth } from './auth.js'
import { createDatabase } from './db.js'
import { createDrain } from './drain.js'
import { handleErrors, Problem, problemBody } from './errors.js'
import { createLimits, isAmong } from './limits.js'
import { describeError } from './log.js'
import { createOidc } from './oidc.js'
import { createValidatorCompiler, operationsOf, readDocument, registerOperations } from './openapi.js'
import { createPages } from './pages.js'
import { createStream } from './stream.js'
import { m } from './words.js'

const longestParameter = 255 * 12 // an id of 255 characters, of four bytes each, as an address has them
const bodyLimit = 256 * 1024 // a description of 65,536 characters fits, whatever they are

const securityHeaders = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

// A form sends all its fields; those that were left empty say nothing.
function parseAddress(text) {
  const query = parseQuery(text)
  for (const [name, value] of Object.entries(query)) {
    if (value === '') delete query[name]
  }
  return query
}

// What is no HTTP is answered here, before there is a request.
const answerNonsense = (headersOfAll) => (error, socket) => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy(error)
  const [status, detail] = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? [408, 'The request took too long to arrive.']
    : error.code === 'HPE_HEADER_OVERFLOW' ? [431, 'The address or the headers are too long.']
      : [400, 'This is not an HTTP request.']
  const body = JSON.stringify(problemBody(new Problem(status, detail)))
  const headers = {
    ...headersOfAll, 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body), connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'))
}

const isPage = (reply) => String(reply.getHeader('content-type')).startsWith('text/html')

// Answers that can be asked for again carry an ETag; whoever has that one already gets 304.
function unlessKnown({ method, headers }, reply, payload) {
  if (method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload
  const tag = reply.getHeader('etag') ?? `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`
  reply.header('etag', tag)
  const opaque = (text) => text.trim().replace(/^W\//, '')
  if (!(headers['if-none-match'] ?? '').split(',').map(opaque).includes(opaque(tag))) return payload
  reply.code(304).removeHeader('content-type').removeHeader('content-length')
  return null
}

const isApi = (request) => request.url.startsWith('/ops/')

export async function buildServer(config) {
  const headersOfAll = { ...securityHeaders, ...(config.behindTls && { 'strict-transport-security': 'max-age=31536000' }) }
  const app = Fastify({
    logger: config.logLevel === 'silent' ? false : { level: config.logLevel, serializers: { err: describeError } },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // One proxy, and only it: what it was told about addresses before it is not believed.
    trustProxy: config.behindTls && ((address, hop) => hop === 0 && isAmong(config.proxies, address)),
    requestTimeout: 30_000,
    routerOptions: { querystringParser: parseAddress, maxParamLength: longestParameter },
    forceCloseConnections: false,
    return503OnClosing: false,
    clientErrorHandler: answerNonsense(headersOfAll),
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...headersOfAll, 'cache-control': 'no-store' })
      errors.answer(new Problem(error.statusCode, m('There is nothing at this address.')), request, reply)
    },
  })
  const drain = createDrain(app.server)
  let errors
  let isClosing = false
  const db = createDatabase(config, app.log)
  const auth = createAuth(db, config)
  const stream = createStream(db, auth, config, app.log)

  await app.register(cookie)
  await app.register(rateLimit, { global: false })
  const limits = createLimits(app, config)

  app.setValidatorCompiler(createValidatorCompiler())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => done(null, parseQuery(body)))
  app.decorateRequest('staff', null)
  app.decorateRequest('startedAt', 0)

  app.addHook('onRequest', async (request, reply) => {
    request.startedAt = performance.now()
    reply.headers(headersOfAll)
    if (isClosing) throw new Problem(503, m('The console is being restarted. Try again in a few seconds.'))
    if (request.routeOptions.config.open) return
    reply.header('cache-control', 'no-store')
    auth.checkOrigin(request)
    await auth.identify(request)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { open, signsIn } = request.routeOptions.config
    if (!open) await (signsIn ? limits.signIns : limits.everything).call(app, request, reply)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { open, anybody } = request.routeOptions.config
    if (open || anybody || request.staff || request.is404) return
    if (isApi(request)) throw new Problem(401, m('Sign in first.'))
    const back = request.method === 'GET' ? `?next=${encodeURIComponent(request.url)}` : ''
    return reply.redirect(`/sign-in${back}`)
  })
  app.addHook('preHandler', async (request) => {
    const { open, signsIn } = request.routeOptions.config
    if (!open && !signsIn) auth.checkCsrf(request)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (isClosing) reply.header('connection', 'close')
    reply.header('server-timing', `total;dur=${(performance.now() - request.startedAt).toFixed(1)}`)
    return isApi(request) || isPage(reply) ? unlessKnown(request, reply, payload) : payload
  })

  const operations = operationsOf(readDocument())
  const asset = registerAssets(app)
  const pages = createPages({ db, asset, operations })
  const oidc = createOidc({ ...config.openid, behindTls: config.behindTls })
  const account = createAccount({ auth, oidc, stream, render: pages.render })

  errors = handleErrors(app, {
    wantsPage: (request) => !isApi(request) && /text\/html|\*\/\*|^$/.test(request.headers.accept ?? ''),
    renderPage: pages.renderError,
  })
  registerOperations(app, operations, { ...createApi({ db, stream }), ...account.handlers })
  pages.register(app)
  account.register(app)

  app.get('/ops/openapi.json', async () => readDocument())
  app.get('/health', { config: { open: true } }, async () => {
    await db.own('SELECT')
    return { status: 'ok', stream: stream.state() }
  })

  app.addHook('onReady', async () => stream.start())
  // First everything is answered, then the connections to the database go.
  app.addHook('preClose', async () => {
    isClosing = true
    drain.begin()
    await stream.stop()
  })
  app.addHook('onClose', async () => drain.end())
  app.addHook('onClose', async () => db.close())
  return app
}
