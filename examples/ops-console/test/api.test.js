// The HTTP API over real HTTP, on a real server.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { segment } from '../src/format.js'
import { describeError } from '../src/log.js'
import { readDocument } from '../src/openapi.js'
import { createClient, openStream } from './help/client.js'
import { openDesk, until } from './help/desk.js'

let desk, agent, viewer, manager

before(async () => {
  desk = await openDesk('api')
  agent = createClient(desk.url, desk.tokens.agent)
  viewer = createClient(desk.url, desk.tokens.viewer)
  manager = createClient(desk.url, desk.tokens.manager)
})
after(() => desk.close())
beforeEach(() => desk.clear())

test('openapi.yaml is OpenAPI 3.1, and is served', async () => {
  const result = await new Validator().validate(readDocument())
  assert.deepEqual(result.errors, undefined)
  const served = await viewer.get('/ops/openapi.json')
  assert.equal(served.body.openapi, '3.1.0')
})

describe('creating', () => {
  test('the documented body is taken as it is, and answered 201 with the task', async () => {
    const body = { user_id: 'cus_1', title: 'Chase outstanding bank statement', priority: 'HIGH', due_date: '2026-06-05', assignee_id: 'sta_adam' }
    const { status, headers, body: task } = await agent.post('/ops/tasks', body)
    assert.equal(status, 201)
    assert.equal(headers.get('location'), `/ops/tasks/${task.id}`)
    for (const [name, value] of Object.entries(body)) assert.equal(task[name], value)
    assert.equal(task.created, true)
    assert.equal(task.customer_name, 'First & Sons')
    assert.equal(task.created_by, 'sta_adam')
  })

  test('a dedupe_key that is taken gives the holder and 200', async () => {
    const first = await agent.post('/ops/tasks', { title: 'Once', dedupe_key: 'k' })
    const second = await agent.post('/ops/tasks', { title: 'Twice', dedupe_key: 'k' })
    assert.equal(first.status, 201)
    assert.equal(second.status, 200)
    assert.equal(second.body.id, first.body.id)
  })

  for (const [name, body, field] of [
    ['no title', {}, 'title'],
    ['a title that is a number', { title: 5 }, 'title'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, 'title'],
    ['a priority that is none', { title: 'x', priority: 'high' }, 'priority'],
    ['a date that is none', { title: 'x', due_date: '2026-02-30' }, 'due_date'],
    ['SLA hours of 0', { title: 'x', sla_hours: 0 }, 'sla_hours'],
    ['an unknown field', { title: 'x', color: 'red' }, 'color'],
  ]) {
    test(`${name}: 422, naming the field`, async () => {
      const { status, type, body: problem } = await agent.post('/ops/tasks', body)
      assert.equal(status, 422)
      assert.equal(type, 'application/problem+json')
      assert.equal(problem.errors[0].field, field)
      assert.match(problem.detail, /^\p{Lu}.*\.$/u)
    })
  }

  test('what only the database can know is 422 with its words', async () => {
    const unknown = await agent.post('/ops/tasks', { title: 'x', user_id: 'cus_nobody' })
    assert.equal(unknown.status, 422)
    assert.equal(unknown.body.database.sqlstate, '23503')
    assert.match(unknown.body.database.message, /cus_nobody/)
    const blank = await agent.post('/ops/tasks', { title: '   ' })
    assert.equal(blank.status, 422)
    assert.equal(blank.body.database.sqlstate, '22023')
    const nul = await agent.post('/ops/tasks', '{"title": "a\\u0000b"}')
    assert.equal(nul.status, 422)
  })
})

describe('lists', () => {
  const titles = ({ body }) => body.tasks.map(({ title }) => title)

  test('the default is OPEN by due date', async () => {
    await desk.task({ title: 'later', due_date: await desk.today(5) })
    await desk.task({ title: 'whenever' })
    await desk.task({ title: 'soon', due_date: await desk.today(1) })
    await desk.task({ title: 'over', due_date: await desk.today(-1) })
    assert.deepEqual(titles(await viewer.get('/ops/tasks')), ['soon', 'later', 'whenever'])
  })

  test('each filter filters', async () => {
    await desk.task({ title: 'one', priority: 'URGENT', assignee_id: 'sta_adam', user_id: 'cus_1', kind: 'ENQUIRY' })
    const two = await desk.task({ title: 'two', priority: 'LOW', sla_hours: 5, due_date: await desk.today(3) })
    await desk.db.query('SELECT taskq_pause($1)', [two])
    const over = await desk.task({ title: 'three', due_date: await desk.today(-2) })
    for (const [query, expected] of [
      ['priority=URGENT', ['one']],
      ['priority=URGENT&priority=LOW', ['two', 'one']],
      ['assignee_id=sta_adam', ['one']],
      ['unassigned=true', ['two']],
      ['assignee_is_active=true', ['one']],
      ['assignee_is_active=false', []],
      ['user_id=cus_1', ['one']],
      ['status=OVERDUE', ['three']],
      ['status=OPEN&status=OVERDUE', ['three', 'two', 'one']],
      ['sla_status=ON_TRACK', ['two']],
      ['search=TW', ['two']],
      ['kind=ENQUIRY', ['one']],
      ['paused=true', ['two']],
      ['paused=false', ['one']],
      [`due_to=${await desk.today(3)}`, ['two']],
      ['sort=priority', ['one', 'two']],
      ['status=&priority=&assignee_id=&user_id=', ['two', 'one']],
    ]) assert.deepEqual(titles(await viewer.get(`/ops/tasks?${query}`)), expected, query)
    const { body: [task] } = { body: (await viewer.get('/ops/tasks?status=OVERDUE')).body.tasks }
    assert.equal(task.id, over)
    assert.equal(task.days_overdue, 2)
  })

  test('pages meet without a gap or a repetition', async () => {
    for (let n = 0; n < 23; n++) await desk.task({ title: `task ${n}`, due_date: await desk.today(n % 3) })
    const seen = []
    let after = ''
    do {
      const { body } = await viewer.get(`/ops/tasks?limit=10&after=${encodeURIComponent(after)}`)
      seen.push(...body.tasks.map(({ id }) => id))
      after = body.next
    } while (after && seen.length < 100)
    assert.equal(seen.length, 23)
    assert.equal(new Set(seen).size, 23)
  })

  for (const query of ['status=WRONG', 'limit=0', 'limit=501', 'after=nonsense', 'sort=color', 'color=red', 'assignee_id=a&unassigned=true', 'due_from=tomorrow']) {
    test(`${query}: 422`, async () => assert.equal((await viewer.get(`/ops/tasks?${query}`)).status, 422))
  }
})

describe('one task', () => {
  test('the whole way, with its history', async () => {
    const id = await desk.task({ due_date: await desk.today(4) })
    const post = async (verb, body) => (await agent.post(`/ops/tasks/${id}/${verb}`, body)).body
    assert.equal((await post('assign', { assignee_id: 'sta_zoe' })).assignee_name, 'Zoe Second')
    assert.equal((await post('reschedule', { due_date: await desk.today(9) })).due_date, await desk.today(9))
    assert.equal((await post('start')).status, 'IN_PROGRESS')
    await post('comment', { note: 'half way' })
    assert.equal((await post('complete', { note: 'done' })).status, 'COMPLETED')
    const { body: task } = await viewer.get(`/ops/tasks/${id}`)
    assert.deepEqual(task.history.map(({ kind }) => kind), ['created', 'assigned', 'rescheduled', 'started', 'commented', 'completed'])
    assert.equal(task.history.at(-1).note, 'done')
    assert.equal(task.history.at(-1).actor, 'sta_adam')
    assert.equal(task.history.at(-1).actor_name, 'Adam Agent')
    assert.equal(task.history.at(-1).db_user, 'ops_console')
  })

  test('null takes assignee and date away', async () => {
    const id = await desk.task({ assignee_id: 'sta_adam', due_date: await desk.today(-3) })
    assert.equal((await agent.post(`/ops/tasks/${id}/assign`, { assignee_id: null })).body.assignee_id, null)
    const { body } = await agent.post(`/ops/tasks/${id}/reschedule`, { due_date: null })
    assert.deepEqual([body.due_date, body.status], [null, 'OPEN'])
  })

  test('a refused transition is 409, in the database\'s words and in plain ones', async () => {
    const id = await desk.task()
    const { status, body } = await agent.post(`/ops/tasks/${id}/complete`)
    assert.equal(status, 409)
    assert.equal(body.detail, `Task ${id} has not been started. Start it first, or use “Start and complete”.`)
    assert.deepEqual(body.database, {
      sqlstate: '23514',
      message: `task ${id} cannot go from OPEN to COMPLETED`,
      hint: 'Start it first with taskq_start().',
      constraint: 'taskq_task_lifecycle',
    })
  })

  test('no such task: 404, whatever is asked of it', async () => {
    assert.equal((await viewer.get('/ops/tasks/987654')).status, 404)
    const { status, body } = await agent.post('/ops/tasks/987654/start')
    assert.equal(status, 404)
    assert.equal(body.database.sqlstate, 'P0002')
  })

  test('unknown staff: 422; no body where one is needed: 422; broken JSON: 400', async () => {
    const id = await desk.task()
    assert.equal((await agent.post(`/ops/tasks/${id}/assign`, { assignee_id: 'sta_nobody' })).body.database.sqlstate, '23503')
    assert.equal((await agent.post(`/ops/tasks/${id}/assign`)).status, 422)
    assert.equal((await agent.post(`/ops/tasks/${id}/comment`, '{"note": ')).status, 400)
    assert.equal((await agent.post(`/ops/tasks/none/start`)).status, 422)
  })
})

describe('long texts', () => {
  const long = (n) => `${n} ${'x'.repeat(65_000)}`
  const bytesOf = async (path) => Buffer.byteLength((await viewer.get(path, { headers: { accept: 'text/html' } })).text)

  test('a long history comes in parts of bounded size, nothing left out and nothing twice', async () => {
    const id = await desk.task()
    await desk.db.query(`SELECT count(taskq_comment($1, n || $2)) FROM generate_series(1, 100) n`, [id, long('')])
    await desk.db.query(`SELECT count(taskq_comment($1, 'short ' || n)) FROM generate_series(1, 120) n`, [id])
    assert.ok(await bytesOf(`/tasks/${id}`) < 100_000)
    assert.equal(await desk.db.query(`SELECT count(taskq_comment($1, n || $2)) FROM generate_series(101, 110) n`, [id, long('')]).then(({ rowCount }) => rowCount), 1)
    assert.ok(await bytesOf(`/tasks/${id}`) < 500_000)
    const { body: task, text } = await viewer.get(`/ops/tasks/${id}`)
    assert.ok(text.length < 500_000)
    const events = [...task.history]
    let before = task.history_before
    let parts = 0
    while (before !== null) {
      const part = await viewer.get(`/ops/tasks/${id}/history?before=${before}&limit=100`)
      assert.ok(part.text.length < 500_000)
      events.unshift(...part.body.events)
      before = part.body.before
      parts++
    }
    assert.ok(parts > 20)
    assert.deepEqual(events.map(({ kind }) => kind), ['created', ...Array(230).fill('commented')])
    assert.equal(new Set(events.map(({ event_id }) => event_id)).size, 231)
    assert.equal(events[1].note, `1${long('')}`)
    assert.deepEqual(events.map(({ event_id }) => event_id), [...events].sort((a, b) => a.event_id - b.event_id).map(({ event_id }) => event_id))
    const older = (await viewer.get(`/tasks/${id}`, { headers: { accept: 'text/html' } })).text.match(/href="(\/tasks\/\d+\?before=\d+)"/)[1]
    assert.match((await viewer.get(older, { headers: { accept: 'text/html' } })).text, /Latest entries/)
    assert.equal((await viewer.get('/ops/tasks/987654/history')).status, 404)
    for (const query of ['before=0', 'before=x', 'limit=501']) assert.equal((await viewer.get(`/ops/tasks/${id}/history?${query}`)).status, 422)
  })

  test('lists do not read descriptions, notes, attributes, reasons of pauses', async () => {
    await desk.db.query(`
      SELECT count(taskq_pause(taskq_create('task ' || n, description => $1, user_id => 'cus_1', attributes => jsonb_build_object('a', left($1, 16000))), $1))
      FROM generate_series(1, 60) n`, [long('')])
    await desk.db.query(`SELECT taskq_renewal_create('cus_1', 'permit ' || n, taskq_today() + 200, notes => $1) FROM generate_series(1, 20) n`, [long('')])
    for (const path of ['/ops/tasks?limit=500', '/tasks?limit=500', '/customers/cus_1']) assert.ok(await bytesOf(path) < 60 * 5000, `${path} ${await bytesOf(path)}`)
    const list = async () => (await viewer.get('/ops/tasks?limit=500')).body.tasks
    assert.deepEqual(Object.keys((await list())[0]).filter((name) => ['description', 'attributes'].includes(name)), [])
    // Nothing was read from where long texts are stored.
    const read = async () => (await desk.db.query(`
      SELECT pg_stat_force_next_flush(), toast_blks_read + toast_blks_hit AS n FROM pg_statio_user_tables WHERE relname = 'taskq_task'`)).rows[0].n
    await desk.loseConnections()
    const before = await read()
    await desk.db.query('UPDATE taskq_task SET pause_reason = NULL, paused_at = NULL, resume_at = NULL WHERE paused_at IS NOT NULL')
    const after = await read()
    await list()
    await desk.db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'ops-console'`, [desk.database])
    await until('the server has counted', async () => (await desk.db.query(`SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = $1 AND application_name = 'ops-console'`, [desk.database])).rows[0].n === 0)
    assert.ok(before <= after)
    assert.equal(await read(), after)
    await desk.db.query(`SELECT count(*) FROM taskq_renewal r, LATERAL taskq_renewal_cancel(r.id) c WHERE r.status = 'ACTIVE'`)
  })

  test('a time line that is long is told by its begin and its end', async () => {
    await manager.post('/ops/calendars/long', { timezone: 'UTC', hours: 'Mon-Sun 09:00-09:30' })
    const { rows: [{ id }] } = await desk.db.query(`INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('x', 1000, 'long') RETURNING id`)
    const { body: { clocks: [clock] } } = await viewer.get(`/ops/tasks/${id}/sla`)
    assert.equal(clock.spans.length, 400)
    assert.ok(clock.spans_left_out > 3000)
    assert.ok(await bytesOf(`/tasks/${id}`) < 50_000)
    await desk.db.query('DELETE FROM taskq_calendar').catch(() => {})
  })
})

describe('ids of all kinds', () => {
  test('each customer and each calendar has an address that leads to it', async () => {
    const ids = ['..', '.', '~', '~..', '%2e%2e', '%', 'a/b', '/', 'a?b#c', 'a\\b', ' ', 'a b ', '; --', '<b>', "'", 'ü'.repeat(255), '𝒳'.repeat(255), 'x'.repeat(255), '__proto__']
    await desk.db.query(`INSERT INTO taskq_customer (id, name) SELECT id, 'Name of ' || id FROM unnest($1::text[]) id ON CONFLICT DO NOTHING`, [ids])
    const { text } = await viewer.get('/customers', { headers: { accept: 'text/html' } })
    const addresses = [...text.matchAll(/href="(\/customers\/[^"]+)"/g)].map(([, address]) => address.replaceAll('&amp;', '&').replaceAll('&#39;', "'"))
    const seen = new Set()
    for (const address of addresses) {
      // fetch() resolves dots as a browser does.
      const answer = await viewer.get(address, { headers: { accept: 'text/html' } })
      assert.equal(answer.status, 200, address)
      seen.add(/<h1[^>]*>([^<]*)/.exec(answer.text)[1])
    }
    assert.equal(seen.size, addresses.length)
    assert.ok(seen.size >= ids.length)
    for (const name of ['..', '~x', 'a/b', 'ü'.repeat(31)]) {
      const path = `/ops/calendars/${segment(name)}`
      assert.equal((await manager.post(path, { timezone: 'UTC', hours: '24/7' })).status, 200, name)
      assert.equal((await viewer.get(path)).body.name, name)
      assert.equal((await viewer.get(`/calendars/${segment(name)}`, { headers: { accept: 'text/html' } })).status, 200)
    }
    await desk.db.query('DELETE FROM taskq_calendar')
    await desk.db.query('DELETE FROM taskq_customer WHERE id = ANY ($1)', [ids])
  })
})

describe('triggers of the user\'s', () => {
  for (const [what, raise, status, sqlstate] of [
    ['RAISE', `RAISE EXCEPTION 'not on a friday' USING HINT = 'Wait for monday.'`, 409, 'P0001'],
    ['RAISE with a code of its own', `RAISE EXCEPTION 'not on a friday' USING ERRCODE = 'MY042', HINT = 'Wait for monday.'`, 409, 'MY042'],
    ['a check that fails', `RAISE EXCEPTION 'not on a friday' USING ERRCODE = 'check_violation', HINT = 'Wait for monday.'`, 409, '23514'],
    ['a unique key', `RAISE EXCEPTION 'not on a friday' USING ERRCODE = 'unique_violation', HINT = 'Wait for monday.'`, 409, '23505'],
    ['ASSERT', `ASSERT false, 'not on a friday'`, 409, 'P0004'],
    ['a value that cannot be', `RAISE EXCEPTION 'not on a friday' USING ERRCODE = 'datetime_field_overflow'`, 422, '22008'],
  ]) {
    test(`${what}: ${status} with its words`, async () => {
      await desk.db.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${raise}; END $$;
        CREATE TRIGGER zz_refuse BEFORE INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION refuse()`)
      try {
        const answer = await agent.post('/ops/tasks', { title: 'x' })
        assert.deepEqual([answer.status, answer.body.database.sqlstate, answer.body.database.message], [status, sqlstate, 'not on a friday'])
        assert.match(answer.body.detail, /^Not on a friday\./)
      } finally {
        await desk.db.query('DROP TRIGGER zz_refuse ON taskq_task; DROP FUNCTION refuse()')
      }
    })
  }
})

describe('what is no request', () => {
  const speak = (text) => new Promise((resolve, reject) => {
    const socket = connect(new URL(desk.url).port, '127.0.0.1', () => socket.end(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk) => { answer += chunk }).on('end', () => resolve(answer)).on('error', reject)
  })

  test('is answered with the headers of every answer, and as a problem', async () => {
    for (const [text, status] of [
      ['GET /tasks/% HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nConnection: close\r\n\r\n', 400],
      ['GET /ops/tasks/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
      [`GET /customers/${'x'.repeat(8000)} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nConnection: close\r\n\r\n`, 404],
      ['nonsense\r\n\r\n', 400],
      [`GET /tasks HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x\r\nContent-Length: 1\r\nAccept: application/json\r\nConnection: close\r\n\r\nx', 415],
      ['BREW /tasks HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ]) {
      const answer = await speak(text)
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${text.slice(0, 40)}: ${answer.slice(0, 60)}`)
      for (const header of [/^content-security-policy: default-src 'none'/mi, /^x-content-type-options: nosniff/mi, /^content-type: application\/problem\+json/mi]) {
        assert.match(answer, header, text.slice(0, 40))
      }
      assert.equal(JSON.parse(answer.slice(answer.lastIndexOf('\r\n\r\n') + 4)).status, status)
    }
    const page = await speak('GET /tasks/% HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n')
    assert.match(page, /<h1>Bad Request<\/h1>/)
    assert.match(page, /content-security-policy/i)
  })
})

test('a lost connection is told in the log by its words, and nothing that hangs on them', () => {
  const error = Object.assign(new Error('terminated'), { code: '57P01', client: { secretKey: 1234567 }, query: { values: ['secret'] } })
  const written = JSON.stringify(describeError(error))
  assert.match(written, /57P01/)
  assert.doesNotMatch(written, /1234567|secret/)
})

describe('pauses', () => {
  test('the clocks stand still until it is resumed; the history says why', async () => {
    const id = await desk.task({ sla_hours: 8 })
    const { status, body: task } = await agent.post(`/ops/tasks/${id}/pause`, { reason: 'the customer signs' })
    assert.equal(status, 200)
    assert.deepEqual([task.is_paused, task.pause_reason, task.resume_at, task.status, task.sla_due_at], [true, 'the customer signs', null, 'OPEN', 'infinity'])
    const { body: { clocks: [clock] } } = await viewer.get(`/ops/tasks/${id}/sla`)
    assert.deepEqual([clock.clock, clock.state, clock.hours, clock.spans.at(-1).what, clock.spans.at(-1).label], ['resolution', 'PAUSED', 8, 'paused', 'the customer signs'])
    const resumed = (await agent.post(`/ops/tasks/${id}/resume`, { note: 'signed' })).body
    assert.deepEqual([resumed.is_paused, resumed.pause_reason], [false, null])
    assert.notEqual(resumed.sla_due_at, 'infinity')
    const { body: { history } } = await viewer.get(`/ops/tasks/${id}`)
    assert.deepEqual(history.map(({ kind, note }) => [kind, note]), [['created', null], ['paused', 'the customer signs'], ['resumed', 'signed']])
  })

  test('until is on the desk\'s clock, or with an offset; it must lie ahead', async () => {
    await desk.db.query(`ALTER DATABASE ${desk.database} SET taskq.timezone = 'Europe/Berlin'`)
    await desk.loseConnections()
    try {
      const id = await desk.task()
      const until = async (instant) => (await agent.post(`/ops/tasks/${id}/pause`, { until: instant })).body
      assert.equal((await until('2099-06-05T09:00')).resume_at, '2099-06-05T09:00:00+02:00')
      assert.equal((await until('2099-06-05T09:00Z')).resume_at, '2099-06-05T11:00:00+02:00')
      const past = await until('2020-06-05T09:00')
      assert.deepEqual([past.status, past.database.sqlstate], [422, '22023'])
      for (const wrong of ['tomorrow', '2099-06-05', 'infinity', '2099-02-30T09:00']) assert.equal((await until(wrong)).status, 422, wrong)
    } finally {
      await desk.db.query(`ALTER DATABASE ${desk.database} RESET taskq.timezone`)
      await desk.loseConnections()
    }
  })

  test('many at once; a closed task cannot be paused: 409', async () => {
    const ids = [await desk.task(), await desk.task()]
    assert.equal((await agent.post('/ops/tasks/bulk', { action: 'pause', ids, reason: 'x', until: '2099-01-01T00:00' })).status, 200)
    assert.equal((await viewer.get('/ops/tasks/stats')).body.paused, 2)
    assert.equal((await agent.post('/ops/tasks/bulk', { action: 'resume', ids })).status, 200)
    assert.equal((await viewer.get('/ops/tasks/stats')).body.paused, 0)
    await agent.post(`/ops/tasks/${ids[0]}/cancel`)
    const { status, body } = await agent.post(`/ops/tasks/${ids[0]}/pause`)
    assert.deepEqual([status, body.database.constraint], [409, 'taskq_task_lifecycle'])
    assert.equal((await agent.post('/ops/tasks/987654/pause')).status, 404)
    assert.equal((await viewer.get('/ops/tasks/987654/sla')).status, 404)
  })
})

describe('calendars', () => {
  const berlin = { timezone: 'Europe/Berlin', hours: 'Mon-Fri 09:00-17:00' }
  beforeEach(async () => {
    await desk.db.query('DELETE FROM taskq_calendar')
    await desk.db.query('DELETE FROM taskq_holiday')
  })

  test('are set, listed and read as they were written', async () => {
    for (const hours of ['Mon-Fri 09:00-12:00,13:00-17:30; Sat 10:00-14:00', '24/7', 'Mon 09:00-17:00; Wed-Thu 08:00-24:00']) {
      const { status, body } = await manager.post('/ops/calendars/desk', { ...berlin, hours })
      assert.equal(status, 200)
      assert.deepEqual([body.calendar.hours, body.moved, body.dry_run], [hours, 0, false])
    }
    await manager.post('/ops/calendars/night%20shift', { timezone: 'UTC', hours: 'Mon-Sun 22:00-06:00' })
    const { body: { calendars } } = await viewer.get('/ops/calendars')
    assert.deepEqual(calendars.map(({ name, hours }) => [name, hours]), [
      ['desk', 'Mon 09:00-17:00; Wed-Thu 08:00-24:00'], ['night shift', 'Mon-Sun 00:00-06:00,22:00-24:00']])
    assert.equal((await viewer.get('/ops/calendars/nowhere')).status, 404)
  })

  test('a look tells what would move, and changes nothing', async () => {
    await manager.post('/ops/calendars/berlin', berlin)
    await desk.db.query(`
      INSERT INTO taskq_task (title, sla_hours, sla_calendar, created_at)
      SELECT 'task ' || n, 4, 'berlin', now() FROM generate_series(1, 120) n`)
    const look = await manager.post('/ops/calendars/berlin', { ...berlin, hours: 'Mon-Fri 12:00-13:00', dry_run: true })
    assert.deepEqual([look.status, look.body.moved, look.body.moves.length, look.body.calendar.hours], [200, 120, 100, 'Mon-Fri 12:00-13:00'])
    const [move] = look.body.moves
    assert.deepEqual([move.clock, /^task \d+$/.test(move.title), Date.parse(move.new_due_at) > Date.parse(move.due_at)], ['resolution', true, true])
    assert.equal((await viewer.get('/ops/calendars/berlin')).body.hours, berlin.hours)
    const { rows: [{ due_at }] } = await desk.db.query('SELECT sla_due_at AS due_at FROM taskq_task WHERE id = $1', [move.task_id])
    assert.equal(due_at.getTime(), Date.parse(move.due_at))
    const saved = await manager.post('/ops/calendars/berlin', { ...berlin, hours: 'Mon-Fri 12:00-13:00' })
    assert.deepEqual([saved.body.moved, saved.body.dry_run], [120, false])
    assert.equal((await viewer.get('/ops/calendars/berlin')).body.hours, 'Mon-Fri 12:00-13:00')
  })

  test('holidays are added, with a list that the calendar takes up, and removed', async () => {
    await manager.post('/ops/calendars/berlin', berlin)
    const add = (fields) => manager.post('/ops/holidays', { list: 'german', ...fields })
    const first = await add({ day: '2026-12-25', yearly: true, label: 'Christmas Day', calendar: 'berlin' })
    assert.deepEqual(first.body.holiday, { id: first.body.holiday.id, list: 'german', day: '2026-12-25', yearly: true, opens: null, closes: null, label: 'Christmas Day' })
    assert.equal((await add({ day: '2026-12-24', opens: '09:00', closes: '12:00' })).status, 200)
    assert.equal((await add({ day: '2026-12-25', yearly: true })).status, 409)
    for (const fields of [{ day: '2026-02-30' }, { day: '2026-12-31', opens: '09:00' }, { day: '2026-12-31', opens: '12:00', closes: '09:00' }, {}]) {
      assert.equal((await add(fields)).status, 422, JSON.stringify(fields))
    }
    assert.equal((await add({ day: '2026-12-31', calendar: 'nowhere' })).status, 404)
    assert.equal((await add({ day: '2027-01-01', dry_run: true })).status, 200)
    const { body } = await viewer.get('/ops/calendars/berlin')
    assert.deepEqual([body.holiday_lists, body.holidays.map(({ day }) => day)], [['german'], ['2026-12-24', '2026-12-25']])
    assert.equal((await manager.post(`/ops/holidays/${first.body.holiday.id}/remove`)).status, 200)
    assert.equal((await manager.post(`/ops/holidays/${first.body.holiday.id}/remove`)).status, 404)
  })

  test('a holiday moves deadlines of every calendar that has its list', async () => {
    await manager.post('/ops/holidays', { list: 'german', day: '2099-01-01' })
    for (const name of ['berlin', 'hamburg']) {
      await manager.post(`/ops/calendars/${name}`, { timezone: 'Europe/Berlin', hours: '24/7', holiday_lists: ['german'] })
      await desk.task({ sla_hours: 48 }).then((id) => desk.db.query('UPDATE taskq_task SET sla_calendar = $2 WHERE id = $1', [id, name]))
    }
    const { body } = await manager.post('/ops/holidays', { list: 'german', day: await desk.today(1), dry_run: true })
    assert.equal(body.moved, 2)
  })

  test('what cannot be is refused, by a look as by a change', async () => {
    await manager.post('/ops/calendars/berlin', berlin)
    const id = await desk.task({ sla_hours: 4 })
    await desk.db.query(`UPDATE taskq_task SET sla_calendar = 'berlin' WHERE id = $1`, [id])
    for (const dry_run of [true, false]) {
      const set = async (fields) => (await manager.post('/ops/calendars/berlin', { ...berlin, ...fields, dry_run })).body
      const hours = await set({ hours: 'Mon-Fri 09:00' })
      assert.deepEqual([hours.status, hours.database.sqlstate], [422, '22023'])
      assert.match(hours.detail, /^The hours cannot be read from character 14 on\./)
      assert.equal((await set({ timezone: 'Mars/Olympus' })).database.sqlstate, '22023')
      assert.equal((await set({ holiday_lists: ['martian'] })).database.sqlstate, '22023')
    }
    assert.equal((await manager.post('/ops/calendars/berlin', { hours: '24/7' })).status, 422)
  })

  test('an SLA in business time is explained, holidays by name', async () => {
    await manager.post('/ops/holidays', { list: 'german', day: '2026-05-01', yearly: true, label: 'Labour Day' })
    await manager.post('/ops/calendars/berlin', { ...berlin, holiday_lists: ['german'] })
    const { rows: [{ id }] } = await desk.db.query(`
      INSERT INTO taskq_task (title, created_at, sla_hours, sla_calendar) VALUES ('x', '2026-04-30 16:00 Europe/Berlin', 4, 'berlin') RETURNING id`)
    const { body: { clocks: [clock] } } = await viewer.get(`/ops/tasks/${id}/sla`)
    assert.equal(clock.calendar, 'berlin')
    assert.deepEqual(clock.spans.filter(({ what }) => what !== 'late').map(({ what, label, hours }) => [what, label, hours]),
      [['open', null, 1], ['closed', null, 0], ['holiday', 'Labour Day', 0], ['closed', null, 0], ['open', null, 3]])
  })
})

describe('many tasks', () => {
  test('all change, or none', async () => {
    const ids = [await desk.task(), await desk.task(), await desk.task()]
    assert.deepEqual((await agent.post('/ops/tasks/bulk', { action: 'start', ids: ids.slice(0, 2) })).body, { ids: ids.slice(0, 2) })
    const refused = await agent.post('/ops/tasks/bulk', { action: 'complete', ids })
    assert.equal(refused.status, 409)
    assert.equal((await viewer.get('/ops/tasks?status=COMPLETED')).body.tasks.length, 0)
    assert.equal((await agent.post('/ops/tasks/bulk', { action: 'assign', ids, assignee_id: 'sta_zoe' })).status, 200)
    assert.equal((await viewer.get('/ops/tasks?status=OPEN&status=IN_PROGRESS&assignee_id=sta_zoe')).body.tasks.length, 3)
  })

  test('what does not fit is 422', async () => {
    for (const body of [{ action: 'start', ids: [] }, { action: 'delete', ids: [1] }, { action: 'assign', ids: [1] }, { action: 'start', ids: ['1'] }]) {
      assert.equal((await agent.post('/ops/tasks/bulk', body)).status, 422, JSON.stringify(body))
    }
  })

  test('two who claim at once never get the same', async () => {
    for (let n = 0; n < 12; n++) await desk.task({ title: `task ${n}` })
    const second = createClient(desk.url, desk.tokens.second)
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => (n % 2 ? agent : second).post('/ops/tasks/claim', {})))
    const ids = answers.flatMap(({ body }) => body.tasks.map(({ id }) => id))
    assert.equal(new Set(ids).size, ids.length)
    const { body } = await agent.post('/ops/tasks/claim', { count: 50 })
    assert.equal(ids.length + body.tasks.length, 12)
  })
})

describe('numbers', () => {
  test('the stats bar', async () => {
    await desk.task({ due_date: await desk.today() })
    await desk.task({ due_date: await desk.today(-1), assignee_id: 'sta_adam' })
    const { body } = await viewer.get('/ops/tasks/stats')
    assert.deepEqual([body.open, body.overdue, body.due_today, body.unassigned], [1, 1, 1, 1])
    assert.equal((await viewer.get('/ops/tasks/stats?assignee_id=sta_adam')).body.open, 0)
  })

  test('the SLA report, by each group', async () => {
    await desk.db.query(`
      INSERT INTO taskq_task (title, status, sla_hours, created_at, started_at, completed_at, assignee_id, priority)
      SELECT 'old', 'COMPLETED', 10, t, t, t + took, 'sta_adam', 'HIGH'
      FROM (VALUES ('2026-03-02 08:00+00'::timestamptz, interval '2 hours'), ('2026-03-03 08:00+00', '20 hours'), ('2026-03-10 08:00+00', '1 hour')) AS v (t, took)`)
    const report = async (group) => (await viewer.get(`/ops/reports/sla?from=2026-03-01&to=2026-03-31&group=${group}`)).body.rows
    const brief = (rows) => rows.map(({ group_key, met, breached }) => [group_key, met, breached])
    assert.deepEqual(brief(await report('none')), [[null, 2, 1]])
    assert.deepEqual(brief(await report('assignee')), [['sta_adam', 2, 1]])
    assert.deepEqual(brief(await report('priority')), [['HIGH', 2, 1]])
    assert.deepEqual(brief(await report('week')), [['2026-03-02', 1, 1], ['2026-03-09', 1, 0]])
    assert.deepEqual(brief(await report('day')), [['2026-03-02', 1, 0], ['2026-03-03', 0, 1], ['2026-03-10', 1, 0]])
    assert.equal((await report('assignee'))[0].assignee_name, 'Adam Agent')
    assert.equal((await viewer.get('/ops/reports/sla?from=2026-04-01&to=2026-03-01')).status, 422)
    assert.equal((await viewer.get('/ops/reports/sla?from=2026-04-01')).status, 422)
  })

  test('renewals are looked at when a manager says so', async () => {
    await desk.db.query(`SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 14)`)
    const dry = await manager.post('/ops/renewals/refresh', { dry_run: true })
    assert.equal(dry.status, 200)
    assert.equal((await agent.post('/ops/renewals/refresh', {})).status, 403)
    assert.equal((await viewer.get('/ops/tasks?user_id=cus_1')).body.tasks.length, 0)
    assert.equal((await manager.post('/ops/renewals/refresh')).status, 200)
    const { body } = await viewer.get('/ops/tasks?user_id=cus_1')
    assert.equal(body.tasks.length, 1)
    await desk.db.query(`SELECT count(*) FROM taskq_renewal r, LATERAL taskq_renewal_cancel(r.id) c WHERE r.status = 'ACTIVE'`)
  })
})

describe('the stream', () => {
  test('tells ids of what others change', async () => {
    const stream = await openStream(desk.url, desk.tokens.viewer)
    assert.match(stream.type, /^text\/event-stream/)
    await until('state', () => stream.events.some(({ event, data }) => event === 'state' && data.state === 'listening'))
    const id = await desk.task()
    await until('the task\'s id', () => stream.events.some(({ event, data }) => event === 'tasks' && data.ids.includes(id)))
    stream.close()
  })

  test('is not misled by what others say on its channel', async () => {
    const stream = await openStream(desk.url, desk.tokens.viewer)
    for (const payload of ['', 'nonsense', 'null', '{"ids": 5}', '{"ids": ["<b>"]}']) {
      const seen = stream.events.length
      await desk.db.query('SELECT pg_notify($1, $2)', ['taskq', payload])
      await until('a harmless event', () => stream.events.slice(seen).some(({ event, data }) => event === 'tasks' && data.more && data.ids.every(Number.isInteger)))
    }
    stream.close()
  })

  test('survives the loss of its connection, and says that something may be missing', async () => {
    const stream = await openStream(desk.url, desk.tokens.viewer)
    await until('state', () => stream.events.some(({ data }) => data.state === 'listening'))
    const { rowCount } = await desk.admin.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'ops-console listening'`, [desk.database])
    assert.equal(rowCount, 1)
    await until('the loss', () => stream.events.some(({ data }) => data.state === 'connecting'))
    const lost = stream.events.findIndex(({ data }) => data.state === 'connecting')
    await until('a new connection', () => stream.events.slice(lost).some(({ event, data }) => event === 'tasks' && data.more))
    const id = await desk.task()
    await until('the next change', () => stream.events.slice(lost).some(({ data }) => data.ids?.includes(id)))
    stream.close()
  })
})

test('without a database: 503, and health says so; with it again, all is well', async () => {
  await desk.admin.query(`ALTER DATABASE ${desk.database} ALLOW_CONNECTIONS false`)
  await desk.admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = $2', [desk.database, 'ops_console'])
  const { status, headers, body } = await until('the pool to notice', async () => {
    const answer = await viewer.get('/ops/tasks')
    return answer.status === 503 && answer
  })
  assert.equal(status, 503)
  assert.equal(headers.get('retry-after'), '10')
  assert.match(body.detail, /database does not answer/)
  assert.equal((await viewer.get('/health')).status, 503)
  await desk.admin.query(`ALTER DATABASE ${desk.database} ALLOW_CONNECTIONS true`)
  assert.equal((await viewer.get('/ops/tasks')).status, 200)
  assert.equal((await viewer.get('/health')).status, 200)
})

describe('two who edit', () => {
  test('whoever saw an older task gets 412, and is told what has been done to it', async () => {
    const id = await desk.task({ due_date: await desk.today(5) })
    const seen = await agent.get(`/ops/tasks/${id}`)
    const zoe = createClient(desk.url, desk.tokens.second)
    await zoe.post(`/ops/tasks/${id}/reschedule`, { due_date: await desk.today(9) })
    for (const late of [
      () => agent.patch(`/ops/tasks/${id}`, { title: 'Mine', due_date: null, if_unchanged_since: seen.body.updated_at }),
      () => agent.patch(`/ops/tasks/${id}`, { priority: 'URGENT' }, { headers: { 'if-match': seen.headers.get('etag') } }),
      () => agent.post(`/ops/tasks/${id}/start`, {}, { headers: { 'if-match': seen.headers.get('etag') } }),
      () => agent.post(`/ops/tasks/${id}/cancel`, { reason: 'x', if_unchanged_since: seen.body.updated_at }),
    ]) {
      const { status, body } = await late()
      assert.equal(status, 412)
      assert.deepEqual(body.changed.map(({ actor_name, kind, changes }) => [actor_name, kind, changes]),
        [['Zoe Second', 'rescheduled', { due_date: { from: await desk.today(5), to: await desk.today(9) } }]])
    }
    assert.equal((await agent.get(`/ops/tasks/${id}`)).body.title, 'A task')
    const now = await agent.get(`/ops/tasks/${id}`)
    await zoe.post(`/ops/tasks/${id}/comment`, { note: 'a note is no change' })
    const edited = await agent.patch(`/ops/tasks/${id}`, { title: 'Mine', priority: 'URGENT', labels: ['b', 'a'], attributes: { x: 1 }, description: 'long', assignee_id: 'sta_zoe' },
      { headers: { 'if-match': now.headers.get('etag') } })
    assert.equal(edited.status, 200)
    assert.deepEqual([edited.body.title, edited.body.priority, edited.body.labels, edited.body.attributes, edited.body.assignee_id], ['Mine', 'URGENT', ['a', 'b'], { x: 1 }, 'sta_zoe'])
    // The answer's tag is good for the next change.
    assert.equal((await agent.post(`/ops/tasks/${id}/start`, {}, { headers: { 'if-match': edited.headers.get('etag') } })).status, 200)
    assert.equal((await agent.patch(`/ops/tasks/${id}`, { title: 'x' }, { headers: { 'if-match': '"nonsense"' } })).status, 412)
    assert.equal((await agent.patch(`/ops/tasks/${id}`, { title: 'x' }, { headers: { 'if-match': '*' } })).status, 200)
    assert.deepEqual((await agent.patch(`/ops/tasks/${id}`, { description: null, labels: [], attributes: {}, assignee_id: null })).body.assignee_id, null)
  })

  test('all or nothing: a field that is refused takes the others with it', async () => {
    const id = await desk.task()
    assert.equal((await agent.patch(`/ops/tasks/${id}`, { title: 'new', assignee_id: 'sta_nobody' })).status, 422)
    assert.equal((await agent.patch(`/ops/tasks/${id}`, {})).status, 422)
    assert.equal((await agent.get(`/ops/tasks/${id}`)).body.title, 'A task')
  })
})

test('what is known already is not sent again: 304', async () => {
  const id = await desk.task()
  for (const [path, accept] of [['/tasks', 'text/html'], [`/tasks/${id}`, 'text/html'], ['/reports', 'text/html'], ['/ops/tasks', 'application/json'], [`/ops/tasks/${id}`, 'application/json']]) {
    const first = await viewer.get(path, { headers: { accept } })
    const tag = first.headers.get('etag')
    assert.ok(tag, path)
    const second = await viewer.get(path, { headers: { accept, 'if-none-match': `"other", ${tag}` } })
    assert.deepEqual([second.status, second.text, second.headers.get('etag')], [304, '', tag], path)
  }
  const { headers } = await viewer.get(`/ops/tasks/${id}`)
  await agent.post(`/ops/tasks/${id}/comment`, { note: 'x' })
  assert.equal((await viewer.get(`/ops/tasks/${id}`, { headers: { 'if-none-match': headers.get('etag') } })).status, 200)
})

describe('what managers keep', () => {
  test('a team, its members, its work; leave; merging', async () => {
    await manager.put('/ops/teams/team_a', { name: 'Team A', members: ['sta_adam', 'sta_zoe'] })
    assert.deepEqual((await manager.put('/ops/teams/team_a', { name: 'Team A', members: ['sta_zoe'] })).body.members, ['sta_zoe'])
    const id = await desk.task({ user_id: 'cus_2' })
    assert.equal((await agent.post(`/ops/tasks/${id}/team`, { team_id: 'team_a' })).body.team_id, 'team_a')
    assert.deepEqual((await viewer.get('/ops/tasks?team_id=team_a')).body.tasks.map((task) => task.id), [id])
    await agent.post('/ops/tasks/bulk', { action: 'label', ids: [id], add_labels: ['x', 'y'] })
    await agent.post('/ops/tasks/bulk', { action: 'label', ids: [id], remove_labels: ['x'] })
    assert.deepEqual((await viewer.get('/ops/tasks?labels=y')).body.tasks.map(({ labels }) => labels), [['y']])
    await agent.post(`/ops/tasks/${id}/assign`, { assignee_id: 'sta_zoe' })
    assert.equal((await manager.post('/ops/staff/sta_zoe/away', { away_until: '2099-01-01' })).body.away_until, '2099-01-01')
    assert.equal((await manager.post('/ops/staff/sta_zoe/hand-over', { to_staff: 'sta_adam' })).body.tasks, 1)
    await manager.post('/ops/staff/sta_zoe/away', { away_until: null })
    await desk.db.query(`INSERT INTO taskq_customer (id, name) VALUES ('cus_twice', 'Twice')`)
    const other = await desk.task({ user_id: 'cus_twice' })
    assert.equal((await manager.post('/ops/customers/cus_twice/merge', { into: 'cus_2' })).body.tasks, 1)
    assert.equal((await viewer.get(`/ops/tasks/${other}`)).body.user_id, 'cus_2')
    assert.equal((await viewer.get('/ops/customers/cus_twice')).body.merged_into, 'cus_2')
  })

  test('a record is replaced whole, and a wrong one is 422', async () => {
    await manager.put('/ops/policies/fast', { sla_hours: 4, kind: 'FAST', warn_percents: [50] })
    const { body } = await manager.put('/ops/policies/fast', { sla_hours: 5, kind: 'FAST' })
    assert.deepEqual([body.sla_hours, body.warn_percents, body.is_enabled], [5, [], true])
    const none = await manager.put('/ops/policies/none', { kind: 'NONE' })
    assert.deepEqual([none.status, none.body.database.constraint], [422, 'taskq_sla_policy_hours_check'])
    assert.equal((await manager.put('/ops/rules/r', { event: 'x', action: 'CREATE_TASK', condition: '$.a ==' })).status, 422)
    assert.equal((await manager.put('/ops/rules/r', { event: 'x', action: 'CREATE_TASK', title_template: 'About {{a}}' })).status, 200)
    assert.deepEqual((await manager.post('/ops/rules/try', { event: 'x', payload: { a: 'b' } })).body.firings.map(({ title }) => title), ['About b'])
    assert.equal((await manager.delete('/ops/rules/r')).body.name, 'r')
    assert.equal((await manager.delete('/ops/rules/r')).status, 404)
    await manager.delete('/ops/policies/fast')
    await desk.db.query(`INSERT INTO taskq_team (id, name) VALUES ('team_quick', 'Quick')`)
    assert.equal((await manager.put('/ops/policies/quick', { team_id: 'team_quick', sla_hours: 3 })).body.team_id, 'team_quick')
    assert.equal((await viewer.get(`/ops/tasks/${await desk.task({ team_id: 'team_quick' })}`)).body.sla_hours, 3)
    await manager.delete('/ops/policies/quick')
  })

  test('renewals page by page', async () => {
    for (let n = 1; n <= 5; n++) await agent.post('/ops/renewals', { user_id: 'cus_1', service_type: `type ${n}`, due_date: `2099-0${Math.ceil(n / 2)}-01` })
    const seen = []
    let after = ''
    do {
      const { body } = await viewer.get(`/ops/renewals?limit=2&user_id=cus_1&due_from=2099-01-01${after && `&after=${encodeURIComponent(after)}`}`)
      seen.push(...body.renewals.map(({ service_type }) => service_type))
      after = body.next
    } while (after && seen.length < 20)
    assert.deepEqual(seen, ['type 1', 'type 2', 'type 3', 'type 4', 'type 5'])
  })
})
