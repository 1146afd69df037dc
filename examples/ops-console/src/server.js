// The web server: who may in, what every answer carries, and which routes there are.

import { parse as parseQuery } from 'node:querystring'
import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController } from 'fastify'
import { createApi } from './api.js'
import { registerAssets } from './assets.js'
import { createAuth } from './auth.js'
import { createDatabase } from './db.js'
import { handleErrors, Problem } from './errors.js'
import { createValidatorCompiler, operationsOf, readDocument, registerOperations } from './openapi.js'
import { createPages } from './pages.js'
import { createStream } from './stream.js'

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

const isApi = (request) => request.url.startsWith('/ops/')

function limitRates(app, config) {
  const key = ({ staff, ip }) => (staff ? `staff ${staff.id}` : `address ${ip}`)
  const options = (max, group) => ({
    max,
    timeWindow: '1 minute',
    keyGenerator: (request) => `${group} ${key(request)}`,
    errorResponseBuilder: (request, { after }) => new Problem(429, `Too many requests. Try again in ${after}.`),
  })
  return {
    everything: app.rateLimit(options(config.requestsPerMinute, 'all')),
    signIns: app.rateLimit(options(config.signInsPerMinute, 'sign-in')),
  }
}

export async function buildServer(config) {
  const app = Fastify({
    logger: config.logLevel === 'silent' ? false : { level: config.logLevel },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: config.behindTls,
    requestTimeout: 30_000,
    routerOptions: { querystringParser: parseAddress },
    forceCloseConnections: true,
  })
  const db = createDatabase(config, app.log)
  const auth = createAuth(db, config)
  const stream = createStream(db, app.log)

  await app.register(cookie)
  await app.register(rateLimit, { global: false })
  const limits = limitRates(app, config)

  app.setValidatorCompiler(createValidatorCompiler())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => done(null, parseQuery(body)))
  app.decorateRequest('staff', null)
  app.decorateRequest('startedAt', 0)

  app.addHook('onRequest', async (request, reply) => {
    request.startedAt = performance.now()
    reply.headers(securityHeaders)
    if (config.behindTls) reply.header('strict-transport-security', 'max-age=31536000')
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
    if (isApi(request)) throw new Problem(401, 'Sign in first.')
    const back = request.method === 'GET' ? `?next=${encodeURIComponent(request.url)}` : ''
    return reply.redirect(`/sign-in${back}`)
  })
  app.addHook('preHandler', async (request) => {
    if (!request.routeOptions.config.open) auth.checkCsrf(request)
  })
  app.addHook('onSend', async (request, reply) => {
    reply.header('server-timing', `total;dur=${(performance.now() - request.startedAt).toFixed(1)}`)
  })

  const operations = operationsOf(readDocument())
  const asset = registerAssets(app)
  const pages = createPages({ db, auth, stream, asset, operations })

  handleErrors(app, {
    wantsPage: (request) => !isApi(request) && /text\/html|\*\/\*|^$/.test(request.headers.accept ?? ''),
    renderPage: pages.renderError,
  })
  registerOperations(app, operations, createApi({ db, stream, auth }))
  pages.register(app)

  app.get('/ops/openapi.json', async () => readDocument())
  app.get('/health', { config: { open: true } }, async () => {
    await db.own('SELECT')
    return { status: 'ok', stream: stream.state() }
  })

  app.addHook('onReady', async () => stream.start())
  app.addHook('preClose', async () => stream.stop())
  app.addHook('onClose', async () => db.close())
  return app
}
