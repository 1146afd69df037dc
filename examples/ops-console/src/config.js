// Settings, all from the environment.  The database is named by DATABASE_URL,
// or else by PGHOST, PGUSER and the other variables that libpq knows.

import { addressesOf } from './limits.js'

function integer(env, name, fallback) {
  if (env[name] === undefined || env[name] === '') return fallback
  const value = Number(env[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} must be a whole number, not "${env[name]}"`)
  return value
}

function openid(env) {
  if (!env.OIDC_ISSUER) return { issuer: null }
  for (const name of ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL']) if (!env[name]) throw new Error(`OIDC_ISSUER needs ${name}`)
  const { protocol, hostname } = new URL(env.OIDC_ISSUER)
  if (protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) throw new Error('OIDC_ISSUER must be reached over TLS')
  return {
    issuer: env.OIDC_ISSUER,
    clientId: env.OIDC_CLIENT_ID,
    clientSecret: env.OIDC_CLIENT_SECRET,
    claim: env.OIDC_CLAIM || 'email',
    publicUrl: env.PUBLIC_URL,
  }
}

export function readConfig(env = process.env) {
  const statementTimeout = integer(env, 'STATEMENT_TIMEOUT_MS', 10_000)
  return {
    databaseUrl: env.DATABASE_URL,
    listenUrl: env.LISTEN_DATABASE_URL || undefined,
    poolSize: integer(env, 'POOL_SIZE', 10),
    statementTimeout,
    // How long to wait for what somebody else is changing.
    lockTimeout: integer(env, 'LOCK_TIMEOUT_MS', 2000),
    // The server ends what takes too long; if it no longer even does that, it is gone.
    queryTimeout: statementTimeout && statementTimeout + 2000,
    // How long requests that are under way may take to end when the console is told to.
    drainTimeout: integer(env, 'DRAIN_TIMEOUT_MS', 15_000),
    heartbeat: integer(env, 'HEARTBEAT_MS', 20_000), // of the streams, for proxies that hang up on silence
    host: env.HOST || '127.0.0.1',
    port: integer(env, 'PORT', 8080),
    // Behind a proxy that speaks TLS: cookies are then sent over TLS only, and
    // the address of a client is the one that the proxy passes on.
    behindTls: env.BEHIND_TLS === '1',
    proxies: addressesOf(env.PROXY_ADDRESS || '127.0.0.0/8, ::1'),
    sessionHours: integer(env, 'SESSION_HOURS', 12),
    requestsPerMinute: integer(env, 'REQUESTS_PER_MINUTE', 600),
    signInsPerMinute: integer(env, 'SIGN_INS_PER_MINUTE', 10),
    guessesPerMinute: integer(env, 'GUESSES_PER_MINUTE', 60),
    // Signing in by OpenID Connect: on, if there is an issuer.
    openid: openid(env),
    logLevel: env.LOG_LEVEL || 'info',
  }
}
