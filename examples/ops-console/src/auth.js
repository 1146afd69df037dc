// Who is asking.  Staff sign in with a token and get a session cookie; programs
// may send the token itself (Authorization: Bearer).  Only hashes are stored.
//
// An address that keeps sending secrets that are none is no longer listened to
// for a while, except with secrets that have been good before: those who share
// the address go on working.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem } from './errors.js'
import { createCounter } from './limits.js'
import { m } from './words.js'

const secretPattern = /^[A-Za-z0-9_-]{43}$/ // 256 bits in base64url
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

const sha256 = (text) => createHash('sha256').update(text).digest()

export const newSecret = () => randomBytes(32).toString('base64url')
export const hashOf = sha256

const byHash = `
  SELECT a.staff_id AS id, s.name, a.level, a.session_id, a.token_hash, a.last_seen_at < now() - interval '1 minute' AS is_back
  FROM console.access a JOIN taskq_staff_member s ON s.id = a.staff_id AND s.is_active
  WHERE a.hash = $1 AND a.is_session = $2`
// Those of the given hashes that still let somebody in.
const stillGood = `
  SELECT encode(a.hash, 'hex') AS hash
  FROM console.access a JOIN taskq_staff_member s ON s.id = a.staff_id AND s.is_active
  WHERE a.hash = ANY ($1)`
const startSession = `
  INSERT INTO console.session (session_hash, token_hash, identity, expires_at, address, browser)
  VALUES ($1, $2, $3, now() + make_interval(hours => $4), $5, $6)`
const sessionsOf = `
  SELECT n.id, n.created_at, n.last_seen_at, n.expires_at, n.address, n.browser, n.id = $2 AS is_this,
         CASE WHEN n.identity IS NULL THEN 'token' ELSE 'openid' END AS by
  FROM console.access a JOIN console.session n ON n.session_hash = a.hash
  WHERE a.is_session AND a.staff_id = $1 ORDER BY n.last_seen_at DESC, n.id LIMIT 200`
// Only one's own, whatever id is given; without an id all of them.
const endSessions = `
  DELETE FROM console.session n USING console.access a
  WHERE a.hash = n.session_hash AND a.is_session AND a.staff_id = $1 AND ($2::uuid IS NULL OR n.id = $2) AND ($3::uuid IS NULL OR n.id <> $3)
  RETURNING encode(n.session_hash, 'hex') AS hash`
const rememberedSecrets = 10_000

export function createAuth(db, { sessionHours, behindTls, guessesPerMinute }) {
  // The prefix has browsers take the cookie from this host and over TLS only.
  const cookieName = behindTls ? '__Host-session' : 'session'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: behindTls, maxAge: sessionHours * 3600 }
  const guesses = createCounter(guessesPerMinute)
  const wereGood = new Set()

  async function find(secret, { isSession }) {
    if (typeof secret !== 'string' || !secretPattern.test(secret)) return null
    const hash = sha256(secret)
    const [staff] = await db.own(byHash, [hash, isSession])
    return staff ? { ...staff, hash: hash.toString('hex') } : null
  }

  // As find(), unless the address has guessed too often: then undefined, and nothing is looked up.
  async function findFrom(ip, secret, kind) {
    if (typeof secret !== 'string' || !secretPattern.test(secret)) return null
    const hash = sha256(secret).toString('hex')
    if (guesses.isFull(ip) && !wereGood.has(hash)) return undefined
    const staff = await find(secret, kind)
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
      const staff = await findFrom(request.ip, bearer[1], { isSession: false })
      if (staff === undefined) throw new Problem(429, m('Too many wrong tokens came from your address. Try again in a minute.'), {}, guesses.secondsLeft())
      request.staff = staff
      return
    }
    const secret = request.cookies[cookieName]
    const staff = await findFrom(request.ip, secret, { isSession: true })
    // The CSRF token follows from the cookie, which a foreign page cannot read.
    if (!staff) return
    request.staff = { ...staff, session: staff.hash, csrf: csrfOf(secret) }
    // Nothing depends on it: a server that takes no writes is no reason to refuse.
    if (staff.is_back) await db.own('UPDATE console.session SET last_seen_at = now() WHERE session_hash = $1', [sha256(secret)]).catch(() => {})
  }

  const csrfOf = (secret) => sha256(`csrf ${secret}`).toString('base64url')

  // Browsers say where a request comes from.  Those that do not send
  // Sec-Fetch-Site send Origin with whatever changes something.
  function checkOrigin(request) {
    if (safeMethods.has(request.method)) return
    const { 'sec-fetch-site': site, origin } = request.headers
    const isOurs = site !== undefined ? site === 'same-origin' || site === 'none' : origin === undefined || isOurHost(hostOf(origin), request)
    if (!isOurs) throw new Problem(403, m('This request came from another site.'))
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
      throw new Problem(403, m('This page is from another session. Reload it and try again.'))
    }
  }

  // Whoever is signed in already, as himself or as another, is so no more.
  async function begin({ tokenHash = null, identity = null }, request, reply) {
    await endThis(request)
    const secret = newSecret()
    await db.own('DELETE FROM console.session WHERE expires_at <= now()')
    const browser = request.headers['user-agent']?.slice(0, 300) ?? null
    await db.own(startSession, [sha256(secret), tokenHash, identity, sessionHours, request.ip, browser])
    reply.setCookie(cookieName, secret, cookie)
  }

  async function signIn(token, request, reply) {
    const staff = await find(token, { isSession: false })
    if (staff) await begin({ tokenHash: sha256(token) }, request, reply)
    return staff
  }

  // By what an OpenID provider says of somebody.
  async function signInAs(identity, request, reply) {
    const [staff] = await db.own(`
      SELECT s.id, s.name FROM console.staff_identity i JOIN taskq_staff_member s ON s.id = i.staff_id AND s.is_active
      WHERE i.identity = $1`, [identity])
    if (staff) await begin({ identity }, request, reply)
    return staff ?? null
  }

  async function endThis({ staff }) {
    if (staff?.session) await db.own('DELETE FROM console.session WHERE session_hash = $1', [Buffer.from(staff.session, 'hex')])
  }

  async function signOut(request, reply) {
    await endThis(request)
    reply.clearCookie(cookieName, { ...cookie, maxAge: undefined })
  }

  async function whichAreGood(hashes) {
    const rows = await db.own(stillGood, [hashes.map((hash) => Buffer.from(hash, 'hex'))])
    return new Set(rows.map(({ hash }) => hash))
  }

  const sessions = (staff) => db.own(sessionsOf, [staff.id, staff.session_id])

  // Answers the hashes of those that ended.  except: the id of one that stays.
  const end = async (staff, { id = null, except = null } = {}) => (await db.own(endSessions, [staff.id, id, except])).map(({ hash }) => hash)

  // A new token in the place of the one that this request, or its session, came with.
  async function rotate(staff) {
    if (!staff.token_hash) throw new Problem(409, m('You did not sign in with a token.'))
    const token = newSecret()
    const [{ expires_at }] = await db.own('SELECT console.rotate_token($1, $2, $3) AS expires_at',
      [staff.token_hash, sha256(token), staff.session ? Buffer.from(staff.session, 'hex') : null])
    if (!expires_at) throw new Problem(409, m('The token has been replaced already.'))
    return { token, expires_at }
  }

  return { identify, checkOrigin, checkCsrf, signIn, signInAs, signOut, sessions, end, rotate, whichAreGood }
}
