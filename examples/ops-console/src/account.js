// Everybody's own page: where one is signed in, signing out there, a new token;
// and the ways to sign in and out.

import { Problem } from './errors.js'
import { safeNext } from './forms.js'
import { m } from './words.js'

export function createAccount({ auth, oidc, stream, render }) {
  const html = (reply, text) => reply.type('text/html; charset=utf-8').send(text)
  const signInView = (request, data) => render('sign-in', request, { failed: '', withOpenid: oidc !== null, ...data })

  async function hangUp(hashes) {
    for (const hash of hashes) stream.endSession(hash)
  }

  const signInPage = (request, reply) => html(reply, signInView(request, { next: safeNext(request.query.next) }))

  async function signIn(request, reply) {
    const { token, next } = request.body
    const before = request.staff?.session
    const staff = await auth.signIn(token.trim(), request, reply)
    if (!staff) return html(reply.code(401), signInView(request, { next: safeNext(next), failed: m('This token is not valid, or no longer.') }))
    if (before) stream.endSession(before)
    return reply.redirect(safeNext(next), 303)
  }

  async function signOut(request, reply) {
    await auth.signOut(request, reply)
    if (request.staff?.session) stream.endSession(request.staff.session)
    return reply.redirect('/sign-in', 303)
  }

  const toOpenid = async (request, reply) => reply.redirect(await oidc.begin(safeNext(request.query.next), reply), 303)

  async function fromOpenid(request, reply) {
    const { identity, next } = await oidc.end(request, reply)
    const staff = identity && await auth.signInAs(identity, request, reply)
    if (staff) return reply.redirect(safeNext(next), 303)
    return html(reply.code(403), signInView(request, { next: safeNext(next), failed: m('You are known to the sign-in service, but not to this desk.') }))
  }

  const accountView = async (request, data = {}) => render('account', request, {
    zone: 'UTC', sessions: await auth.sessions(request.staff), hasToken: request.staff.token_hash !== null, newToken: null, ...data,
  })
  const accountPage = async (request, reply) => html(reply, await accountView(request))

  async function endOne(request, reply) {
    await hangUp(await auth.end(request.staff, { id: request.params.id }))
    return reply.redirect('/account', 303)
  }

  async function endAll(request, reply) {
    await hangUp(await auth.end(request.staff))
    return signOut(request, reply)
  }

  async function rotate(request, reply) {
    const { token } = await auth.rotate(request.staff)
    return html(reply, await accountView(request, { newToken: token }))
  }

  function register(app) {
    const uuid = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } }
    const form = (properties, required = []) => ({ type: 'object', additionalProperties: false, required, properties })
    const anybody = { anybody: true }
    app.get('/sign-in', { config: anybody }, signInPage)
    app.post('/sign-in', {
      config: { ...anybody, signsIn: true },
      schema: { body: form({ token: { type: 'string', maxLength: 200 }, next: { type: 'string', maxLength: 4000 } }, ['token']) },
    }, signIn)
    app.post('/sign-out', { config: anybody }, signOut)
    if (oidc) {
      app.get('/sign-in/openid', { config: anybody }, toOpenid)
      app.get('/sign-in/openid/callback', { config: anybody }, fromOpenid)
    }
    app.get('/account', accountPage)
    app.post('/account/sessions/:id/end', { schema: { params: uuid } }, endOne)
    app.post('/account/sessions/end', endAll)
    app.post('/account/token', rotate)
  }

  const handlers = {
    listSessions: async ({ staff }) => ({ sessions: await auth.sessions(staff) }),
    async endSession({ staff, params }) {
      const ended = await auth.end(staff, params)
      if (ended.length === 0) throw new Problem(404, m('There is no such session.'))
      await hangUp(ended)
      return { ended: ended.length }
    },
    async endSessions({ staff, body }) {
      const ended = await auth.end(staff, { except: body.but_this ? staff.session_id : null })
      await hangUp(ended)
      return { ended: ended.length }
    },
    rotateToken: ({ staff }) => auth.rotate(staff),
  }

  return { register, handlers }
}
