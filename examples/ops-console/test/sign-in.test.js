// One's sessions and token, and signing in by OpenID Connect with a provider
// that the test runs.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { openBrowser, signIn } from './help/browser.js'
import { createClient, formOf, openStream } from './help/client.js'
import { openDesk } from './help/desk.js'

describe('one\'s account', () => {
  let desk

  before(async () => { desk = await openDesk('account') })
  after(() => desk.close())

  async function browserOf(token) {
    const { headers } = await createClient(desk.url).request('POST', '/sign-in', { ...formOf({ token }), headers: { ...formOf({}).headers, 'user-agent': 'A browser/1.0' } })
    const cookie = headers.get('set-cookie').split(';')[0]
    const client = createClient(desk.url, null, { cookie, accept: 'text/html' })
    const csrf = /name="csrf-token" content="([^"]+)"/.exec((await client.get('/account')).text)[1]
    return { client, cookie, csrf, post: (path, fields = {}) => client.request('POST', path, formOf({ csrf, ...fields })) }
  }

  test('the list has one\'s own sessions and nobody else\'s; one can be signed out, and its stream ends', async () => {
    const here = await browserOf(desk.tokens.agent)
    const there = await browserOf(desk.tokens.agent)
    const zoe = await browserOf(desk.tokens.second)
    const { text } = await here.client.get('/account')
    const ids = [...text.matchAll(/data-session="([^"]+)"/g)].map(([, id]) => id)
    assert.equal(ids.length, 2)
    assert.match(text, /A browser\/1\.0/)
    assert.match(text, /127\.0\.0\.1/)
    const { body: { sessions } } = await createClient(desk.url, null, { cookie: zoe.cookie }).get('/ops/sessions')
    assert.equal(sessions.length, 1)
    assert.equal(sessions[0].is_this, true)
    const stream = await openStream(desk.url, null, there.cookie)
    const other = /action="\/account\/sessions\/([^"]+)\/end"/.exec(text)[1]
    // Not somebody else's, and not without one's own page.
    await zoe.post(`/account/sessions/${other}/end`)
    assert.equal((await there.client.get('/account')).status, 200)
    assert.equal((await here.client.request('POST', `/account/sessions/${other}/end`, formOf({}))).status, 403)
    assert.equal((await here.post(`/account/sessions/${other}/end`)).status, 303)
    await stream.ended
    assert.equal((await there.client.get('/account')).status, 302)
    assert.equal((await here.client.get('/account')).status, 200)
    assert.equal((await createClient(desk.url, desk.tokens.agent).post(`/ops/sessions/${other}/end`)).status, 404)
  })

  test('signing out everywhere ends all of one\'s sessions, this one too, and nobody else\'s', async () => {
    const [here, there, zoe] = [await browserOf(desk.tokens.agent), await browserOf(desk.tokens.agent), await browserOf(desk.tokens.second)]
    assert.equal((await here.post('/account/sessions/end')).status, 303)
    for (const { client } of [here, there]) assert.equal((await client.get('/account')).status, 302)
    assert.equal((await zoe.client.get('/account')).status, 200)
    assert.equal((await createClient(desk.url, desk.tokens.agent).get('/ops/tasks')).status, 200)
  })

  test('a new token takes the place of the old one; the session that took it goes on, the others are over', async () => {
    const old = await desk.tokenFor('sta_zoe', 'agent')
    const [here, there] = [await browserOf(old), await browserOf(old)]
    const { text } = await here.post('/account/token')
    const token = /id="new-token" value="([^"]+)"/.exec(text)[1]
    assert.equal((await here.client.get('/account')).status, 200)
    assert.equal((await there.client.get('/account')).status, 302)
    assert.equal((await createClient(desk.url, old).get('/ops/tasks')).status, 401)
    const { body } = await createClient(desk.url, token).post('/ops/token/rotate', {})
    assert.equal((await createClient(desk.url, token).get('/ops/tasks')).status, 401)
    assert.equal((await createClient(desk.url, body.token).get('/ops/tasks')).status, 200)
    assert.equal((await createClient(desk.url, body.token).post('/ops/tasks', { title: 'x' })).body.created_by, 'sta_zoe')
    assert.ok(Math.abs(Date.parse(body.expires_at) - Date.now() - 365 * 24 * 3600 * 1000) < 3 * 24 * 3600 * 1000)
  })

  test('an address too long to come back to is no reason not to be let in', async () => {
    const client = createClient(desk.url, null, { accept: 'text/html' })
    const next = `/tasks?${'back=2030-01-01/1234567890&'.repeat(180)}`
    const { headers } = await client.get(next)
    const { text } = await client.get(headers.get('location'))
    const field = /name="next" value="([^"]*)"/.exec(text)[1]
    const { status, headers: then } = await client.request('POST', '/sign-in', formOf({ token: desk.tokens.agent, next: field }))
    assert.equal(status, 303)
    assert.equal(then.get('location'), '/tasks')
  })

  test('two who take a new token for the same one at once: one of them gets it', async () => {
    const old = await desk.tokenFor('sta_zoe', 'agent')
    const answers = await Promise.all(Array.from({ length: 6 }, () => createClient(desk.url, old).post('/ops/token/rotate', {})))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    for (const { status } of answers) assert.ok([200, 401, 409].includes(status), String(status))
  })

  test('the console itself can read hashes and replace a token, but make none', async () => {
    const { rows: [may] } = await desk.db.query(`
      SELECT has_table_privilege('ops_console', 'console.staff_token', 'INSERT, UPDATE, DELETE') AS tokens,
             has_table_privilege('ops_console', 'console.staff_identity', 'INSERT, UPDATE, DELETE') AS identities,
             has_function_privilege('ops_console', 'console.rotate_token(bytea, bytea, bytea)', 'EXECUTE') AS rotate,
             has_function_privilege('console_manager', 'console.rotate_token(bytea, bytea, bytea)', 'EXECUTE') AS others`)
    assert.deepEqual(may, { tokens: false, identities: false, rotate: true, others: false })
  })

  test('whoever asks too often is told when to ask again', async () => {
    const small = await openDesk('often', { requestsPerMinute: 3, signInsPerMinute: 1 })
    try {
      const client = createClient(small.url, small.tokens.agent)
      const seconds = []
      for (let n = 0; n < 5; n++) seconds.push(Number((await client.get('/ops/tasks/stats')).headers.get('retry-after')))
      assert.deepEqual(seconds.slice(0, 3), [0, 0, 0])
      for (const value of seconds.slice(3)) assert.ok(value > 0 && value <= 60)
      for (let n = 0; n < 2; n++) await createClient(small.url).request('POST', '/sign-in', formOf({ token: 'x' }))
      assert.ok((await createClient(small.url).request('POST', '/sign-in', formOf({ token: 'x' }))).headers.get('retry-after') > 0)
    } finally {
      await small.close()
    }
  })
})

// What openid-client needs.
const canOpenid = Number(process.versions.node.split('.')[0]) >= 20

describe('OpenID Connect', { skip: !canOpenid && 'needs Node 20' }, () => {
  let desk, provider, browser

  before(async () => {
    const { Provider } = await import('oidc-provider')
    provider = createServer()
    provider.listen(0, '127.0.0.1')
    await once(provider, 'listening')
    // The console's address must be known to the provider, and the provider's to the console.
    const port = await freePort()
    const publicUrl = `http://127.0.0.1:${port}`
    const issuer = `http://127.0.0.1:${provider.address().port}`
    const oidc = new Provider(issuer, {
      clients: [{ client_id: 'console', client_secret: 'a secret of the test', redirect_uris: [`${publicUrl}/sign-in/openid/callback`] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      cookies: { keys: ['a key of the test'] },
      ttl: { AccessToken: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
      findAccount: (context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id.replace('unverified-', '')}@desk.example`, email_verified: !id.startsWith('unverified-') }),
      }),
    })
    provider.on('request', oidc.callback())
    desk = await openDesk('openid', { listenOn: port, openid: { issuer, clientId: 'console', clientSecret: 'a secret of the test', claim: 'email', publicUrl } })
    for (const level of ['viewer', 'agent']) {
      execFileSync(process.execPath, [new URL('../bin/identity.js', import.meta.url).pathname, 'adam@desk.example', 'sta_adam', level], { env: { ...process.env, PGDATABASE: desk.database } })
    }
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await desk?.close()
    provider?.closeAllConnections()
    provider?.close()
  })

  async function freePort() {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    server.close()
    await once(server, 'close')
    return port
  }

  async function enter(login, path = '/tasks?status=OVERDUE') {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(desk.url + path)
    await page.getByRole('link', { name: 'Sign in with your account' }).click()
    await page.locator('[name="login"]').fill(login)
    await page.locator('[name="password"]').fill('any')
    await page.locator('button[type="submit"]').click()
    await page.locator('button[type="submit"]').click() // consents
    await page.waitForURL((url) => url.href.startsWith(desk.url))
    return { context, page }
  }

  test('whoever the provider knows, and the desk, is in, and where he wanted to be', async () => {
    const { context, page } = await enter('adam')
    assert.equal(page.url(), `${desk.url}/tasks?status=OVERDUE`)
    await page.getByText('Adam Agent').first().waitFor()
    const cookies = await context.cookies()
    assert.deepEqual(cookies.filter(({ name }) => ['session', 'openid'].includes(name)).map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [['session', true, 'Lax']])
    const { sessions } = await page.evaluate(() => fetch('/ops/sessions').then((answer) => answer.json()))
    assert.deepEqual(sessions.map(({ by, is_this }) => [by, is_this]), [['openid', true]])
    const made = await page.evaluate(() => fetch('/ops/tasks', {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': document.querySelector('meta[name="csrf-token"]').content }, body: '{"title":"x"}',
    }).then((answer) => answer.json()))
    assert.equal(made.created_by, 'sta_adam')
    const refused = await page.evaluate(() => fetch('/ops/token/rotate', {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': document.querySelector('meta[name="csrf-token"]').content }, body: '{}',
    }).then((answer) => answer.status))
    assert.equal(refused, 409)
    // Taken from the list, he is out.
    await desk.db.query(`UPDATE console.staff_identity SET identity = 'eve@desk.example'`)
    assert.equal(await page.evaluate(() => fetch('/ops/tasks').then((answer) => answer.status)), 200)
    await desk.db.query('DELETE FROM console.staff_identity')
    assert.equal(await page.evaluate(() => fetch('/ops/tasks').then((answer) => answer.status)), 401)
    await desk.db.query(`INSERT INTO console.staff_identity (identity, staff_id, level) VALUES ('adam@desk.example', 'sta_adam', 'agent')`)
    await context.close()
  })

  test('whoever the desk does not know is not in, nor an address that nobody has confirmed', async () => {
    for (const login of ['mallory', 'unverified-adam']) {
      const { context, page } = await enter(login)
      await page.getByText('but not to this desk').waitFor()
      assert.equal((await context.cookies()).some(({ name }) => name === 'session'), false, login)
      await context.close()
    }
  })

  test('an answer that does not fit what this browser asked for is none', async () => {
    const nobody = createClient(desk.url, null, { accept: 'text/html' })
    assert.equal((await nobody.get('/sign-in/openid/callback?code=x&state=y')).status, 400)
    const begun = await nobody.get('/sign-in/openid?next=/%09/evil.example')
    assert.equal(begun.status, 303)
    const to = new URL(begun.headers.get('location'))
    assert.equal(to.searchParams.get('code_challenge_method'), 'S256')
    const cookie = begun.headers.get('set-cookie').split(';')[0]
    const sent = JSON.parse(Buffer.from(decodeURIComponent(cookie.split('=')[1]), 'base64url'))
    assert.equal(sent.next, '/tasks')
    const iss = encodeURIComponent(to.origin)
    for (const query of ['code=x&state=other', `code=x&state=${sent.state}&iss=${iss}`, `error=access_denied&state=${sent.state}&iss=${iss}`, '']) {
      const answer = await nobody.get(`/sign-in/openid/callback?${query}`, { headers: { cookie } })
      assert.equal(answer.status, 401, query)
      assert.doesNotMatch(answer.headers.get('set-cookie') ?? '', /session=[^;]/)
    }
    for (const wrong of ['openid=x', 'openid=bnVsbA', 'openid=e30']) {
      const { status } = await nobody.get('/sign-in/openid/callback?code=x&state=y', { headers: { cookie: wrong } })
      assert.ok([400, 401].includes(status), wrong)
    }
  })

  test('a provider that is away: 503, and tokens still let people in', async () => {
    const away = await openDesk('away', { openid: { issuer: 'http://127.0.0.1:1', clientId: 'x', clientSecret: 'x', claim: 'email', publicUrl: 'http://127.0.0.1' } })
    try {
      assert.equal((await createClient(away.url).get('/sign-in/openid')).status, 503)
      const page = await signIn(browser, away.url, away.tokens.viewer)
      await page.getByText('Vera Viewer').first().waitFor()
      await page.context().close()
    } finally {
      await away.close()
    }
  })
})

test('no page has script or style in it, and the policy would not let it', async () => {
  const desk = await openDesk('policy')
  const browser = await openBrowser()
  try {
    await desk.db.query(`INSERT INTO taskq_customer (id, name) VALUES ('<script>x</script>', '<img src=x onerror=alert(1)>')`)
    await desk.task({ title: '<script>document.title = "hacked"</script>', description: '"><style>*{display:none}</style>', user_id: '<script>x</script>' })
    const page = await signIn(browser, desk.url, desk.tokens.manager)
    for (const path of ['/tasks', '/tasks/1', '/customers', '/renewals', '/calendars', '/reports', '/manage', '/manage/rules/new', '/manage/staff', '/account']) {
      const answer = await page.goto(desk.url + path)
      assert.equal(answer.status(), 200, path)
      const policy = answer.headers()['content-security-policy']
      assert.match(policy, /script-src 'self';/)
      assert.doesNotMatch(policy, /unsafe|nonce|\*/)
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('script')].filter((script) => !script.src).length), 0, path)
      // As it was sent: what scripts set by themselves is allowed.
      const attributes = await page.evaluate((html) => [...new DOMParser().parseFromString(html, 'text/html').querySelectorAll('*')].flatMap((element) => element.getAttributeNames()), await answer.text())
      assert.deepEqual(attributes.filter((name) => name === 'style' || name.startsWith('on')), [], path)
    }
    assert.deepEqual(page.complaints, [])
    assert.notEqual(await page.title(), 'hacked')
  } finally {
    await browser.close()
    await desk.close()
  }
})
