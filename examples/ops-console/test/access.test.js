// Who may in, and what each level may do.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createClient, formOf, openStream } from './help/client.js'
import { openDesk, until } from './help/desk.js'

let desk
const as = (level) => createClient(desk.url, desk.tokens[level])

before(async () => { desk = await openDesk('access') })
after(() => desk.close())
beforeEach(() => desk.clear())

// A browser's way in: the cookie, and the CSRF token of its pages.
async function signIn(token) {
  const nobody = createClient(desk.url)
  const { status, headers } = await nobody.request('POST', '/sign-in', formOf({ token, next: '/tasks' }))
  assert.equal(status, 303)
  const cookie = headers.get('set-cookie').split(';')[0]
  const client = createClient(desk.url, null, { cookie })
  const { text } = await client.get('/tasks', { headers: { accept: 'text/html' } })
  const csrf = /name="csrf-token" content="([^"]+)"/.exec(text)[1]
  return { client, cookie, csrf, setCookie: headers.get('set-cookie') }
}

describe('nobody', () => {
  test('the API answers 401, a page leads to the sign-in page and back', async () => {
    const nobody = createClient(desk.url)
    const api = await nobody.get('/ops/tasks')
    assert.equal(api.status, 401)
    assert.equal(api.type, 'application/problem+json')
    const page = await nobody.get('/tasks?status=OVERDUE')
    assert.equal(page.status, 302)
    assert.equal(page.headers.get('location'), '/sign-in?next=%2Ftasks%3Fstatus%3DOVERDUE')
  })

  test('tokens that are none, or no longer, are refused', async () => {
    const nobody = createClient(desk.url)
    for (const token of ['', 'x', 'A'.repeat(43), `${desk.tokens.agent}x`, "' OR 1=1 --"]) {
      assert.equal((await createClient(desk.url, token || 'x').get('/ops/tasks')).status, 401)
      if (token) assert.equal((await nobody.request('POST', '/sign-in', formOf({ token }))).status, 401)
    }
    const token = await desk.tokenFor('sta_zoe', 'agent')
    const zoe = createClient(desk.url, token)
    const { client } = await signIn(token)
    assert.equal((await zoe.get('/ops/tasks')).status, 200)
    await desk.db.query(`UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_zoe'`)
    assert.equal((await zoe.get('/ops/tasks')).status, 401)
    assert.equal((await client.get('/ops/tasks')).status, 401)
    await desk.db.query(`UPDATE taskq_staff_member SET is_active = true WHERE id = 'sta_zoe'`)
    assert.equal((await client.get('/ops/tasks')).status, 200)
    await desk.db.query(`DELETE FROM console.staff_token WHERE token_hash = sha256($1)`, [token])
    assert.equal((await client.get('/ops/tasks')).status, 401)
  })

  test('signing in leads nowhere else', async () => {
    const nobody = createClient(desk.url)
    for (const next of ['https://example.org/', '//example.org/', '/\\example.org', 'javascript:alert(1)']) {
      const { headers } = await nobody.request('POST', '/sign-in', formOf({ token: desk.tokens.agent, next }))
      assert.equal(headers.get('location'), '/tasks', next)
    }
  })

  test('the database has no token and no cookie, only hashes', async () => {
    const { cookie } = await signIn(desk.tokens.agent)
    const { rows } = await desk.db.query(`
      SELECT encode(token_hash, 'hex') || encode(token_hash, 'base64') AS kept FROM console.staff_token
      UNION ALL SELECT encode(session_hash, 'hex') || encode(session_hash, 'base64') FROM console.session`)
    for (const { kept } of rows) {
      assert.ok(!kept.includes(desk.tokens.agent) && !kept.includes(cookie.split('=')[1]))
    }
  })
})

describe('a browser', () => {
  test('its cookie is kept from scripts and from other sites', async () => {
    const { setCookie } = await signIn(desk.tokens.agent)
    assert.match(setCookie, /; HttpOnly/)
    assert.match(setCookie, /; SameSite=Lax/)
  })

  test('behind TLS the cookie is for TLS and this host only', async () => {
    const secure = await openDesk('tls', { behindTls: true })
    try {
      const { headers } = await createClient(secure.url).request('POST', '/sign-in', formOf({ token: secure.tokens.agent }))
      assert.match(headers.get('set-cookie'), /^__Host-session=.*; Path=\/; HttpOnly; Secure/)
      assert.ok(headers.get('strict-transport-security'))
    } finally {
      await secure.close()
    }
  })

  test('changes nothing without its CSRF token, or from another site', async () => {
    const { client, csrf } = await signIn(desk.tokens.agent)
    const other = await signIn(desk.tokens.second)
    const post = (headers) => client.post('/ops/tasks', { title: 'x' }, { headers })
    assert.equal((await post({})).status, 403)
    assert.equal((await post({ 'x-csrf-token': 'x' })).status, 403)
    assert.equal((await post({ 'x-csrf-token': other.csrf })).status, 403)
    assert.equal((await post({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await post({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' })).status, 201)
    assert.equal((await client.request('POST', '/sign-out', formOf({}))).status, 403)
  })

  test('after signing out the cookie is worth nothing, and its stream ends', async () => {
    const { client, cookie, csrf } = await signIn(desk.tokens.agent)
    const response = await fetch(`${desk.url}/ops/tasks/stream`, { headers: { cookie } })
    const { status } = await client.request('POST', '/sign-out', formOf({ csrf }))
    assert.equal(status, 303)
    assert.equal((await client.get('/ops/tasks')).status, 401)
    await response.text()   // which would not end while the stream is open
  })

  test('the page\'s headers keep scripts of others out', async () => {
    const { client } = await signIn(desk.tokens.agent)
    const { headers, text } = await client.get('/tasks')
    const policy = headers.get('content-security-policy')
    assert.ok(!policy.includes('unsafe'))
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.doesNotMatch(text, /<script>|<style|style="|\son\w+="/)
  })
})

describe('levels', () => {
  const forManagers = [
    ['/ops/calendars/berlin', { timezone: 'Europe/Berlin', hours: 'Mon-Fri 09:00-17:00', dry_run: true }],
    ['/ops/calendars/berlin', { timezone: 'Europe/Berlin', hours: 'Mon-Fri 09:00-17:00' }],
    ['/ops/holidays', { list: 'german', day: '2026-12-25' }],
  ]
  const changes = [
    ['/ops/tasks', { title: 'x' }],
    ['/ops/tasks/ID/start', {}],
    ['/ops/tasks/ID/complete', {}],
    ['/ops/tasks/ID/cancel', {}],
    ['/ops/tasks/ID/assign', { assignee_id: 'sta_adam' }],
    ['/ops/tasks/ID/reschedule', { due_date: null }],
    ['/ops/tasks/ID/comment', { note: 'x' }],
    ['/ops/tasks/ID/pause', { reason: 'x' }],
    ['/ops/tasks/ID/resume', {}],
    ['/ops/tasks/bulk', { action: 'start', ids: ['ID'] }],
    ['/ops/tasks/bulk', { action: 'pause', ids: ['ID'] }],
    ['/ops/tasks/claim', {}],
    ['/ops/renewals/refresh', {}],
    ...forManagers,
  ]

  test('a viewer reads everything and changes nothing', async () => {
    const id = await desk.task({ due_date: await desk.today(2) })
    for (const path of ['/ops/tasks', `/ops/tasks/${id}`, `/ops/tasks/${id}/sla`, '/ops/calendars', '/ops/tasks/stats', '/ops/reports/sla?from=2026-01-01&to=2026-01-31']) {
      assert.equal((await as('viewer').get(path)).status, 200, path)
    }
    for (const [path, body] of changes) {
      const { status, body: problem } = await as('viewer').post(path.replace('ID', id), JSON.parse(JSON.stringify(body).replace('"ID"', id)))
      assert.equal(status, 403, path)
      assert.equal(problem.database.sqlstate, '42501')
      assert.equal(problem.detail, 'Your level, viewer, may not do this.')
    }
    const { body: task } = await as('viewer').get(`/ops/tasks/${id}`)
    assert.deepEqual(task.history.map(({ kind }) => kind), ['created'])
  })

  test('only a manager changes calendars, or looks at what a change would do', async () => {
    for (const [path, body] of forManagers) assert.equal((await as('agent').post(path, body)).status, 403, path)
    for (const [path, body] of forManagers) assert.equal((await as('manager').post(path, body)).status, 200, path)
    const { body: { holidays } } = await as('manager').post('/ops/calendars/berlin', { timezone: 'Europe/Berlin', hours: '24/7', holiday_lists: ['german'] })
      .then(() => as('viewer').get('/ops/calendars/berlin'))
    assert.equal((await as('agent').post(`/ops/holidays/${holidays[0].id}/remove`, {})).status, 403)
    assert.equal((await as('manager').post(`/ops/holidays/${holidays[0].id}/remove`, {})).status, 200)
  })

  test('an agent moves tasks, and only a manager has renewals looked at', async () => {
    const id = await desk.task()
    for (const [verb, body] of [['assign', { assignee_id: 'sta_adam' }], ['start', {}], ['comment', { note: 'x' }], ['pause', {}], ['resume', {}], ['complete', {}]]) {
      assert.equal((await as('agent').post(`/ops/tasks/${id}/${verb}`, body)).status, 200, verb)
    }
    assert.equal((await as('agent').post('/ops/renewals/refresh', {})).status, 403)
    assert.equal((await as('manager').post('/ops/renewals/refresh', {})).status, 200)
  })

  test('role and actor last for one request, whichever connection it gets', async () => {
    const id = await desk.task()
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) =>
      n % 2 ? as('viewer').post(`/ops/tasks/${id}/comment`, { note: 'x' }) : as(n % 4 ? 'agent' : 'second').post(`/ops/tasks/${id}/comment`, { note: String(n) })))
    answers.forEach(({ status }, n) => assert.equal(status, n % 2 ? 403 : 200))
    const { body: task } = await as('viewer').get(`/ops/tasks/${id}`)
    for (const { kind, actor, note } of task.history) {
      if (kind === 'commented') assert.equal(actor, Number(note) % 4 ? 'sta_adam' : 'sta_zoe')
    }
  })

  test('the console\'s own connection can read, and no more', async () => {
    const { rows } = await desk.db.query(`
      SELECT has_function_privilege('ops_console', 'taskq_start(bigint, timestamptz, text)', 'EXECUTE') AS start,
             has_table_privilege('ops_console', 'console.staff_token', 'INSERT') AS token,
             (SELECT rolinherit OR rolsuper FROM pg_roles WHERE rolname = 'ops_console') AS inherits`)
    assert.deepEqual(rows[0], { start: false, token: false, inherits: false })
  })
})

describe('limits', () => {
  test('a body that is too large: 413', async () => {
    const { status } = await as('agent').post('/ops/tasks', { title: 'x', description: 'x'.repeat(300_000) })
    assert.equal(status, 413)
  })

  test('too many requests: 429, for each member of staff, and for each address that signs in', async () => {
    const small = await openDesk('limits', { requestsPerMinute: 20, signInsPerMinute: 3 })
    try {
      const agent = createClient(small.url, small.tokens.agent)
      const statuses = []
      for (let n = 0; n < 25; n++) statuses.push((await agent.get('/ops/tasks/stats')).status)
      assert.deepEqual(statuses, [...Array(20).fill(200), ...Array(5).fill(429)])
      assert.equal((await createClient(small.url, small.tokens.viewer).get('/ops/tasks/stats')).status, 200)
      const tries = []
      for (let n = 0; n < 5; n++) tries.push((await createClient(small.url).request('POST', '/sign-in', formOf({ token: 'wrong' }))).status)
      assert.deepEqual(tries, [401, 401, 401, 429, 429])
    } finally {
      await small.close()
    }
  })

  test('too many streams of one session: 429', async () => {
    const streams = []
    for (let n = 0; n < 21; n++) streams.push(await openStream(desk.url, desk.tokens.manager))
    assert.deepEqual(streams.map(({ status }) => status), [...Array(20).fill(200), 429])
    for (const stream of streams) stream.close()
    await until('room again', async () => {
      const stream = await openStream(desk.url, desk.tokens.manager)
      stream.close()
      return stream.status === 200
    })
  })
})
