// Who is asking.  Staff sign in with a token and get a session cookie; programs
// may send the token itself (Authorization: Bearer).  Only hashes are stored.
//
// An address that keeps sending secrets that are none is no longer listened to
// for a while, except with secrets that have been good before: those who share
// the address go on working.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem } from './errors.js'
import { createCounter } from './limits.js'

const secretPattern = /^[A-Za-z0-9_-]{43}$/ // 256 bits in base64url
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

const sha256 = (text) => createHash('sha256').update(text).digest()

export const newSecret = () => randomBytes(32).toString('base64url')
export const hashOf = sha256

const staffColumns = `
  t.staff_id AS id, s.name, t.level
  FROM console.staff_token t JOIN taskq_staff_member s ON s.id = t.staff_id AND s.is_active`

const bySession = `
  SELECT ${staffColumns} JOIN console.session n USING (token_hash)
  WHERE n.session_hash = $1 AND n.expires_at > now() AND t.expires_at > now()`
const byToken = `SELECT ${staffColumns} WHERE t.token_hash = $1 AND t.expires_at > now()`
// Those of the given hashes, of sessions and of tokens, that still let somebody in.
const stillGood = `
  SELECT encode(n.session_hash, 'hex') AS hash
  FROM console.session n JOIN console.staff_token t USING (token_hash) JOIN taskq_staff_member s ON s.id = t.staff_id AND s.is_active
  WHERE n.session_hash = ANY ($1) AND n.expires_at > now() AND t.expires_at > now()
  UNION ALL
  SELECT encode(t.token_hash, 'hex')
  FROM console.staff_token t JOIN taskq_staff_member s ON s.id = t.staff_id AND s.is_active
  WHERE t.token_hash = ANY ($1) AND t.expires_at > now()`
const startSession = `
  INSERT INTO console.session (session_hash, token_hash, expires_at)
  VALUES ($1, $2, now() + make_interval(hours => $3))`

const rememberedSecrets = 10_000

export function createAuth(db, { sessionHours, behindTls, guessesPerMinute }) {
  // The prefix has browsers take the cookie from this host and over TLS only.
  const cookieName = behindTls ? '__Host-session' : 'session'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: behindTls, maxAge: sessionHours * 3600 }
  const guesses = createCounter(guessesPerMinute)
  const wereGood = new Set()

  async function find(sql, secret) {
    if (typeof secret !== 'string' || !secretPattern.test(secret)) return null
    const hash = sha256(secret)
    const [staff] = await db.own(sql, [hash])
    return staff ? { ...staff, hash: hash.toString('hex') } : null
  }

  // As find(), unless the address has guessed too often: then undefined, and nothing is looked up.
  async function findFrom(ip, sql, secret) {
    if (typeof secret !== 'string' || !secretPattern.test(secret)) return null
    const hash = sha256(secret).toString('hex')
    if (guesses.isFull(ip) && !wereGood.has(hash)) return undefined
    const staff = await find(sql, secret)
    if (!staff) {
      wereGood.delete(hash)
      guesses.add(ip)
    } else if (!wereGood.has(hash)) {
      if (wereGood.size >= rememberedSecrets) wereGood.clear()
      wereGood.add(hash)
    }
    return staff
  }

  // Sets request.staff, or leaves it null.
  async function identify(request) {
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')
    if (bearer) {
      const staff = await findFrom(request.ip, byToken, bearer[1])
      if (staff === undefined) throw new Problem(429, 'Too many wrong tokens came from your address. Try again in a minute.', {}, guesses.secondsLeft())
      request.staff = staff
      return
    }
    const secret = request.cookies[cookieName]
    const staff = await findFrom(request.ip, bySession, secret)
    // The CSRF token follows from the cookie, which a foreign page cannot read.
    if (staff) request.staff = { ...staff, session: staff.hash, csrf: csrfOf(secret) }
  }

  const csrfOf = (secret) => sha256(`csrf ${secret}`).toString('base64url')

  // Browsers say where a request comes from.  Those that do not send
  // Sec-Fetch-Site send Origin with whatever changes something.
  function checkOrigin(request) {
    if (safeMethods.has(request.method)) return
    const { 'sec-fetch-site': site, origin } = request.headers
    const isOurs = site !== undefined ? site === 'same-origin' || site === 'none' : origin === undefined || isOurHost(hostOf(origin), request)
    if (!isOurs) throw new Problem(403, 'This request came from another site.')
  }

  const hostOf = (origin) => (URL.canParse(origin) ? new URL(origin).host : null) // "null" is none
  // A proxy may pass on the host that it was asked for, or send its own name and tell the other.
  const isOurHost = (name, { host, headers, protocol }) =>
    name !== null && [host, headers.host].some((ours) => hostOf(`${protocol}://${ours}`) === name)

  // Forms carry the token as a field, scripts as a header.  A bearer token is
  // no cookie: nobody else's page can have it sent.
  function checkCsrf(request) {
    if (safeMethods.has(request.method) || !request.staff?.csrf) return
    const given = request.headers['x-csrf-token'] ?? request.body?.csrf
    const expected = Buffer.from(request.staff.csrf)
    const bytes = Buffer.from(typeof given === 'string' ? given : '')
    if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) {
      throw new Problem(403, 'This page is from another session. Reload it and try again.')
    }
  }

  // Whoever is signed in already, as himself or as another, is so no more.
  async function signIn(token, request, reply) {
    const staff = await find(byToken, token)
    if (!staff) return null
    await endSession(request)
    const secret = newSecret()
    await db.own('DELETE FROM console.session WHERE expires_at <= now()')
    await db.own(startSession, [sha256(secret), sha256(token), sessionHours])
    reply.setCookie(cookieName, secret, cookie)
    return staff
  }

  async function endSession({ staff }) {
    if (staff?.session) await db.own('DELETE FROM console.session WHERE session_hash = $1', [Buffer.from(staff.session, 'hex')])
  }

  async function signOut(request, reply) {
    await endSession(request)
    reply.clearCookie(cookieName, { ...cookie, maxAge: undefined })
  }

  async function whichAreGood(hashes) {
    const rows = await db.own(stillGood, [hashes.map((hash) => Buffer.from(hash, 'hex'))])
    return new Set(rows.map(({ hash }) => hash))
  }

  return { identify, checkOrigin, checkCsrf, signIn, signOut, whichAreGood }
}
