// Settings, all from the environment.  The database is named by DATABASE_URL,
// or else by PGHOST, PGUSER and the other variables that libpq knows.

function integer(env, name, fallback) {
  if (env[name] === undefined || env[name] === '') return fallback
  const value = Number(env[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} must be a whole number, not "${env[name]}"`)
  return value
}

export function readConfig(env = process.env) {
  return {
    databaseUrl: env.DATABASE_URL,
    poolSize: integer(env, 'POOL_SIZE', 10),
    statementTimeout: integer(env, 'STATEMENT_TIMEOUT_MS', 10_000),
    host: env.HOST || '127.0.0.1',
    port: integer(env, 'PORT', 8080),
    // Behind a proxy that speaks TLS: cookies are then sent over TLS only, and
    // the address of a client is the one that the proxy passes on.
    behindTls: env.BEHIND_TLS === '1',
    sessionHours: integer(env, 'SESSION_HOURS', 12),
    requestsPerMinute: integer(env, 'REQUESTS_PER_MINUTE', 600),
    signInsPerMinute: integer(env, 'SIGN_INS_PER_MINUTE', 10),
    logLevel: env.LOG_LEVEL || 'info',
  }
}
