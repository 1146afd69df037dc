// openapi.yaml is kept to: by every operation with its example, for every level,
// and whatever rubbish is sent.  SEED=5 sends other rubbish, TURNS=500 more.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { operationsOf, readDocument } from '../src/openapi.js'
import { records } from '../src/records.js'
import { createClient, openStream } from './help/client.js'
import { openDesk } from './help/desk.js'
import { anything, anyText, createRandom, fitting } from './help/rubbish.js'

const seed = Number(process.env.SEED ?? 24)
const turns = Number(process.env.TURNS ?? 12)
const document = readDocument()
const operations = operationsOf(document)
const raw = Object.fromEntries(Object.values(document.paths).flatMap((item) => ['get', 'post', 'put', 'patch', 'delete'].filter((m) => item[m]).map((m) => [item[m].operationId, { ...item[m], shared: item.parameters ?? [] }])))

let desk
const clients = {}

before(async () => {
  desk = await openDesk('contract')
  for (const level of ['viewer', 'agent', 'manager']) clients[level] = createClient(desk.url, desk.tokens[level])
  await desk.db.query(`
    INSERT INTO taskq_staff_member (id, name) VALUES ('sta_xyz789', 'Xaver'), ('sta_other', 'Otto');
    INSERT INTO taskq_customer (id, name) VALUES ('cus_abc123', 'Abc');
    INSERT INTO taskq_team (id, name) VALUES ('team_bank', 'Bank');
    SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00')`)
})
after(() => desk.close())
// What a turn of rubbish may have taken away.
beforeEach(() => desk.db.query(`
  INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('standard', 'STANDARD', 24) ON CONFLICT (name) DO UPDATE SET is_enabled = true;
  INSERT INTO taskq_holiday (list, day) VALUES ('german', '2026-05-01') ON CONFLICT DO NOTHING;
  UPDATE taskq_staff_member SET is_active = true, away_until = NULL; UPDATE taskq_team SET is_active = true`))

// What there must be for an operation's example to do something: answers the id in its path.
const one = async (sql, values) => Object.values((await desk.db.query(sql, values)).rows[0])[0]
const renewal = () => one(`SELECT taskq_renewal_create('cus_abc123', 'permit ' || gen_random_uuid(), '2099-01-01')`)
const prepare = {
  completeTask: async (id) => desk.db.query('SELECT taskq_start($1)', [id]),
  resumeTask: async (id) => desk.db.query('SELECT taskq_pause($1)', [id]),
  followUpTask: async (id) => desk.db.query('SELECT taskq_cancel($1)', [id]),
  mergeCustomer: () => desk.db.query(`INSERT INTO taskq_customer (id, name) VALUES ('cus_old', 'Old') ON CONFLICT DO NOTHING`),
  eraseCustomer: () => desk.db.query(`INSERT INTO taskq_customer (id, name) VALUES ('cus_gone', 'Gone') ON CONFLICT DO NOTHING`),
  removePolicy: () => desk.db.query(`INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('standard', 'STANDARD', 24) ON CONFLICT DO NOTHING`),
  ...Object.fromEntries(['removeSchedule', 'getScheduleDates'].map((id) => [id, () => desk.db.query(`
    INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('month end', 'x', '2099-01-31', '1 mon') ON CONFLICT DO NOTHING`)])),
  removeRule: () => desk.db.query(`INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('rejected documents', 'x', 'CREATE_TASK') ON CONFLICT DO NOTHING`),
}
async function idFor(url) {
  if (url.startsWith('/ops/tasks/')) return desk.task()
  if (url.startsWith('/ops/renewals/')) return renewal()
  if (url.startsWith('/ops/sessions/')) return 'SESSION'
  if (url.startsWith('/ops/holidays/')) return one(`INSERT INTO taskq_holiday (list, day) VALUES (gen_random_uuid()::text, '2026-05-01') RETURNING id`)
  if (url.startsWith('/ops/thresholds/')) return one(`INSERT INTO taskq_renewal_threshold (service_type, days_before) VALUES (gen_random_uuid()::text, 3) RETURNING id`)
  return undefined
}
const examples = {
  getSlaReport: '?from=2026-01-01&to=2026-01-31',
}

async function exampleOf(id) {
  const { method, url } = operations[id]
  const { requestBody, parameters = [], shared } = raw[id]
  const number = url.includes(':id') ? await idFor(url) : undefined
  await prepare[id]?.(number)
  const path = url.replace(/:(\w+)/g, (all, name) => {
    const example = [...parameters, ...shared].find((parameter) => parameter.name === name)?.example
    return encodeURIComponent(number ?? example ?? 'berlin')
  })
  const content = requestBody?.content ?? (requestBody?.$ref ? {} : undefined)
  let body = content && (content['application/json']?.example ?? content['application/json']?.schema?.example ?? {})
  if (id === 'assignTask') body = { assignee_id: 'sta_xyz789' }
  if (id === 'rescheduleTask') body = { due_date: '2099-06-05' }
  if (id === 'commentTask') body = { note: 'x' }
  if (id === 'addHoliday') body = { list: 'german', day: '2026-12-25', label: 'Christmas Day', calendar: 'berlin', dry_run: true }
  if (id === 'setCalendar') body = { ...body, holiday_lists: ['german'] }
  if (id === 'changeTasks') body = { ...body, ids: [await desk.task(), await desk.task()] }
  return { method, path: path + (examples[id] ?? ''), body }
}

describe('each operation with its example', () => {
  for (const id of Object.keys(operations)) {
    test(id, async () => {
      const isRead = operations[id].method === 'GET'
      const forManagers = /\(manager\)/.test(raw[id].summary)
      const forAgents = !isRead && !forManagers && !/\(anybody\)/.test(raw[id].summary)
      if (id === 'streamTasks') {
        const stream = await openStream(desk.url, desk.tokens.viewer)
        assert.equal(stream.status, 200)
        return stream.close()
      }
      const ask = async (level) => {
        const { method, path, body } = await exampleOf(id)
        const session = id === 'endSession' && await one(`
          INSERT INTO console.session (session_hash, token_hash, expires_at) SELECT sha256(gen_random_uuid()::text::bytea), sha256($1), now() + interval '1 hour' RETURNING id`, [desk.tokens[level]])
        const answer = await clients[level].request(method, path.replace('SESSION', session), { body })
        // The new one is used from now on.
        if (id === 'rotateToken') clients[level] = createClient(desk.url, desk.tokens[level] = answer.body.token)
        return answer
      }
      const nobody = createClient(desk.url)
      const { method, path, body } = await exampleOf(id)
      assert.equal((await nobody.request(method, path, { body })).status, 401)
      const asViewer = await ask('viewer')
      assert.equal(asViewer.status, forAgents || forManagers ? 403 : 200, `viewer: ${asViewer.text}`)
      const asAgent = await ask('agent')
      if (forManagers) assert.equal(asAgent.status, 403, `agent: ${asAgent.text}`)
      else assert.ok([200, 201].includes(asAgent.status), `agent: ${asAgent.text}`)
      const { status, text } = await ask('manager')
      assert.ok([200, 201].includes(status), `manager: ${text}`)
    })
  }
})

describe(`rubbish, seed ${seed}`, () => {
  const ajv = addFormats(new Ajv({ strict: false }))
  const random = createRandom(seed)
  // Anything that can be put into an address; a lone half of a pair cannot.
  const inAddress = (value) => encodeURIComponent(Buffer.from(String(typeof value === 'object' ? JSON.stringify(value) : value).slice(0, 3000)).toString()) || 'x'

  function damaged(schema) {
    const body = fitting(schema, random)
    if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
    const names = Object.keys(schema.properties ?? {})
    for (let n = random.below(3); n >= 0; n--) {
      const way = random.below(4)
      if (way === 0 && names.length) body[random.pick(names)] = anything(random)
      if (way === 1) body[anyText(random)] = anything(random)
      if (way === 2 && names.length) delete body[random.pick(names)]
    }
    return body
  }

  for (const [id, { method, url, schema }] of Object.entries(operations)) {
    if (['streamTasks', 'rotateToken', 'endSessions'].includes(id)) continue
    const validate = schema.body && ajv.compile(schema.body)
    test(id, async () => {
      const number = url.includes(':id') ? await idFor(url) : undefined
      for (let turn = 0; turn < turns; turn++) {
        const path = url.replace(/:(\w+)/g, (all, name) => {
          if (random.chance(0.6)) return encodeURIComponent(number ?? (name === 'id' ? 'sta_other' : 'standard'))
          return inAddress(random.chance(0.5) ? anything(random) : random.pick([0, -1, 1.5, '9'.repeat(30), 987654321, '..', '~', '%', 'a/b']))
        })
        const known = Object.entries(schema.querystring.properties)
        const query = Array.from({ length: random.below(4) }, () => {
          const [name, of] = known.length && random.chance(0.8) ? random.pick(known) : [anyText(random), {}]
          const value = random.chance(0.5) ? fitting(of, random) : anything(random)
          return [value].flat().map((item) => `${inAddress(name)}=${inAddress(item)}`).join('&')
        }).join('&')
        const body = validate && (random.chance(0.4) ? damaged(schema.body) : random.chance(0.6) ? fitting(schema.body, random) : anything(random))
        const text = body === undefined ? undefined : random.chance(0.05) ? random.pick(['{', '', '{"a":1e999}', '{"title":"x","title":5}', '{"__proto__":{}}', '[[[[[', '\ufeff{}']) : JSON.stringify(body)
        const headers = {
          ...(random.chance(0.1) && { 'if-match': random.pick(['*', '"x"', 'x', '"2026-06-05T09:00:00+00:00/x"', '"9999-99-99T00/x"']) }),
          ...(random.chance(0.05) && { 'content-type': random.pick(['text/plain', 'application/json; charset=latin1', 'x']) }),
        }
        const address = query ? `${path}?${query}` : path
        const answer = await clients.manager.request(method, address, { body: text === '' ? undefined : text, headers })
        const told = `seed ${seed}, turn ${turn}: ${method} ${address.slice(0, 300)} ${String(text).slice(0, 300)} → ${answer.status} ${answer.text.slice(0, 300)}`
        assert.ok(answer.status < 500, told)
        if (answer.status >= 400) assert.equal(answer.type, 'application/problem+json', told)
        if (answer.status < 300 && validate && text === JSON.stringify(body) && body !== null) {
          assert.ok(validate(JSON.parse(text)), `${told}: taken, though it does not fit`)
        }
      }
      assert.equal((await clients.manager.get('/health')).status, 200)
    })
  }

  const pages = ['/', '/tasks', '/tasks.csv', '/tasks/:x', '/pick/customer', '/pick/:x', '/customers', '/customers/:x', '/calendars', '/calendars/:x', '/renewals', '/renewals/:x', '/reports',
    '/manage', '/manage/worker', '/manage/:x', '/manage/rules/:x', '/manage/policies/:x', '/manage/staff/:x', '/manage/teams/:x', '/sign-in', '/nowhere', '/assets/:x', '/account']
  const names = ['status', 'priority', 'assignee_id', 'after', 'before', 'search', 'sort', 'limit', 'from', 'to', 'show', 'next', 'user_id', 'due_from', 'kind', 'paused', 'labels', 'team_id', 'id',
    'view', 'saved', 'back', 'within', 'group', 'q']
  test('pages', async () => {
    for (let turn = 0; turn < turns * 8; turn++) {
      const path = random.pick(pages).replace(':x', () => inAddress(anything(random)))
      const query = Array.from({ length: random.below(4) }, () => `${random.chance(0.8) ? random.pick(names) : inAddress(anything(random))}=${inAddress(anything(random))}`).join('&')
      const address = `${path}?${query}`
      const answer = await clients.manager.get(address, { headers: { accept: 'text/html', cookie: `theme=${inAddress(anything(random))}; language=${inAddress(anything(random))}`, 'accept-language': random.pick(['tr', 'constructor', '*', ';;q=x', '__proto__;q=1']) } })
      assert.ok(answer.status < 500, `seed ${seed}, turn ${turn}: ${address.slice(0, 400)} → ${answer.status} ${answer.text.slice(0, 300)}`)
      assert.ok(answer.headers.get('content-security-policy'))
    }
  })

  const task = ['title', 'description', 'priority', 'labels', 'attributes', 'sla_hours', 'due_date', 'team_id', 'assignee_id', 'note', 'if_unchanged_since']
  const renewalFields = ['user_id', 'service_type', 'due_date', 'assignee_id', 'reference', 'notes', 'every']
  const managed = Object.entries(records).flatMap(([kind, { columns }]) => {
    const fields = columns.map(({ name }) => name)
    return [[`/manage/${kind}`, fields], [`/manage/${kind}/:x`, fields], [`/manage/${kind}/:x/remove`, []]]
  })
  const forms = [
    ['/sign-in', ['token', 'next']], ['/sign-out', []], ['/account/sessions/:x/end', []], ['/account', []],
    ['/tasks/change', ['action', 'ids', 'note', 'reason', 'until', 'assignee_id', 'team_id', 'due_date', 'priority', 'labels', 'remove_labels']],
    ['/tasks/:x/edit', task], ['/tasks/:x/follow-up', task], ['/views', ['name', 'query', 'remove']], ['/language', ['language', 'next']], ['/customers/:x/merge', ['to_id']],
    ['/renewals', renewalFields], ['/renewals/:x/edit', renewalFields], ['/renewals/:x/complete', ['next_due_date']], ['/renewals/:x/cancel', ['reason']],
    ...managed, ['/manage/rules/:x/try', [...records.rules.columns.map(({ name }) => name), 'payload']], ['/manage/rules/new/try', ['event', 'action', 'payload', 'name', 'condition']],
    ['/manage/staff', ['id', 'name', 'is_active', 'away_until', 'teams']], ['/manage/staff/:x', ['name', 'away_until', 'teams']], ['/manage/staff/:x/hand-over', ['to_staff', 'to_team']],
    ['/manage/teams', ['id', 'name', 'is_active']], ['/manage/teams/:x', ['name', 'is_active']], ['/manage/teams/:x/members', ['staff_id', 'remove']],
  ]
  const likely = ['start', 'complete', 'finish', 'cancel', 'assign', 'label', 'comment', 'pause', 'resume', 'reschedule', 'prioritize', '1', '2', '1,2,3', 'URGENT', 'tr', '1 month', '2099-01-01', '2099-01-01T09:00',
    'CREATE_TASK', 'task.created', '$.a == 1', 'SAME', '8', 'true', 'a=1', 'sta_xyz789', 'team_bank', 'cus_abc123', '{"a": 1}']
  test('forms', async () => {
    for (let turn = 0; turn < turns * 40; turn++) {
      const [form, wanted] = random.pick(forms)
      const path = form.replace(':x', () => inAddress(random.chance(0.4) ? 1 + random.below(9) : anything(random)))
      const fields = Array.from({ length: random.below(wanted.length + 2) }, () => [random.chance(0.9) && wanted.length ? random.pick(wanted) : random.pick(['csrf', anyText(random)]),
        random.chance(0.5) ? random.pick(likely) : random.chance(0.7) ? anyText(random) : anything(random)])
      const isForm = random.chance(0.5)
      const body = isForm ? fields.map(([name, value]) => `${inAddress(name)}=${inAddress(value)}`).join('&')
        : JSON.stringify(random.chance(0.7) ? Object.fromEntries(fields) : anything(random))
      const headers = { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json', ...(random.chance(0.2) && { origin: random.pick(['null', 'x', 'https://evil.example', desk.url]) }) }
      const answer = await random.pick([createClient(desk.url), clients.viewer, clients.manager, clients.manager]).request('POST', path, { body, headers })
      assert.ok(answer.status < 500, `seed ${seed}, turn ${turn}: ${path} ${body.slice(0, 300)} → ${answer.status} ${answer.text.slice(0, 300)}`)
      assert.ok(!answer.headers.get('location') || new URL(answer.headers.get('location'), desk.url).origin === desk.url)
    }
  })
})
