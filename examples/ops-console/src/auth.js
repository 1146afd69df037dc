// Who is asking.  Staff sign in with a token and get a session cookie; programs
// may send the token itself (Authorization: Bearer).  Only hashes are stored.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Problem } from './errors.js'

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
const startSession = `
  INSERT INTO console.session (session_hash, token_hash, expires_at)
  VALUES ($1, $2, now() + make_interval(hours => $3))`

export function createAuth(db, { sessionHours, behindTls }) {
  // The prefix has browsers take the cookie from this host and over TLS only.
  const cookieName = behindTls ? '__Host-session' : 'session'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: behindTls, maxAge: sessionHours * 3600 }

  async function find(sql, secret) {
    if (!secretPattern.test(secret ?? '')) return null
    const [staff] = await db.own(sql, [sha256(secret)])
    return staff ?? null
  }

  // Sets request.staff, or leaves it null.
  async function identify(request) {
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')
    if (bearer) {
      request.staff = await find(byToken, bearer[1])
      return
    }
    const secret = request.cookies[cookieName]
    const staff = await find(bySession, secret)
    // The CSRF token follows from the cookie, which a foreign page cannot read.
    if (staff) request.staff = { ...staff, session: sha256(secret).toString('hex'), csrf: csrfOf(secret) }
  }

  const csrfOf = (secret) => sha256(`csrf ${secret}`).toString('base64url')

  function checkOrigin(request) {
    if (safeMethods.has(request.method)) return
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new Problem(403, 'This request came from another site.')
    }
  }

  // Forms carry the token as a field, scripts as a header.  A bearer token is
  // no cookie: nobody else's page can have it sent.
  function checkCsrf(request) {
    if (safeMethods.has(request.method) || !request.staff?.csrf) return
    const given = Buffer.from(String(request.headers['x-csrf-token'] ?? request.body?.csrf ?? ''))
    const expected = Buffer.from(request.staff.csrf)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Problem(403, 'This page is from another session. Reload it and try again.')
    }
  }

  async function signIn(token, reply) {
    const staff = await find(byToken, token)
    if (!staff) return null
    const secret = newSecret()
    await db.own('DELETE FROM console.session WHERE expires_at <= now()')
    await db.own(startSession, [sha256(secret), sha256(token), sessionHours])
    reply.setCookie(cookieName, secret, cookie)
    return staff
  }

  async function signOut(request, reply) {
    if (request.staff?.session) {
      await db.own('DELETE FROM console.session WHERE session_hash = $1', [Buffer.from(request.staff.session, 'hex')])
    }
    reply.clearCookie(cookieName, { ...cookie, maxAge: undefined })
  }

  const isStillSignedIn = async (request) => {
    await identify(request)
    return request.staff !== null
  }

  return { identify, checkOrigin, checkCsrf, signIn, signOut, isStillSignedIn }
}
