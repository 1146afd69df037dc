// Pages for managers: what the engine works by, and who works here.  Everybody may
// read them; what is changed, the database refuses to whoever may not.

import { Problem, toProblem } from './errors.js'
import { readFields } from './fields.js'
import { answer } from './forms.js'
import * as calendars from './calendars.js'
import * as people from './people.js'
import { deleteRecord, findRecord, insertRecord, listRecords, ownEvents, records, updateRecord } from './records.js'
import * as taskq from './taskq.js'
import { m, wordsFor } from './words.js'

const key = { type: 'string', minLength: 1, maxLength: 255 }
const params = (names) => ({ type: 'object', additionalProperties: false, properties: names, required: Object.keys(names) })

const readers = { text: 'text', area: 'text', every: 'text', choice: 'key', staff: 'key', team: 'key', customer: 'key', calendar: 'key' }
const readerOf = ({ type }) => readers[type] ?? type

export function createManaging({ db, show }) {
  const kinds = { type: 'string', enum: Object.keys(records) }
  const gone = (kindOf) => new Problem(404, m('This is no longer there.'), { kindOf: undefined })

  // What a form has of a record: each column is there, or it is none.
  function valuesOf(kindOf, body, more = {}) {
    const wanted = Object.fromEntries(kindOf.columns.map((column) => [column.name, readerOf(column)]))
    const given = readFields(body, { ...wanted, ...more })
    const values = Object.fromEntries(kindOf.columns.map(({ name, type }) => [name, given[name] ?? (type === 'flag' ? false : type === 'list' ? [] : null)]))
    return { values, given }
  }

  // Names for the ids of records, and the calendars to choose from.
  async function context(tx, kindOf, list) {
    const ids = { staff: new Set(), teams: new Set(), customers: new Set() }
    const of = { staff: 'staff', team: 'teams', customer: 'customers' }
    for (const record of list) for (const { name, type } of kindOf.columns) if (of[type] && record[name]) ids[of[type]].add(record[name])
    const names = await taskq.namesOf(tx, { staff: [...ids.staff], teams: [...ids.teams], customers: [...ids.customers] })
    return { today: tx.today, names, calendars: (await calendars.listCalendars(tx)).map(({ name }) => name) }
  }

  async function recordsPage(request, reply) {
    const kind = request.params.kind
    const kindOf = records[kind]
    const data = await db.read(request.staff, async (tx) => {
      const list = await listRecords(tx, kindOf)
      return {
        list, ...await context(tx, kindOf, list),
        runs: kind === 'rules' ? await people.rulesRun(tx) : [],
      }
    })
    return show(reply, 'records', request, { kind, kindOf, ...data })
  }

  const blank = (kindOf) => Object.fromEntries(kindOf.columns.map(({ name, initial, type }) => [name, initial ?? (type === 'list' ? [] : null)]))

  async function recordPage(request, reply, extra = {}) {
    const { kind, key: value } = request.params
    const kindOf = records[kind]
    const data = await db.read(request.staff, async (tx) => {
      const stored = value === undefined ? blank(kindOf) : await findRecord(tx, kindOf, value)
      if (!stored) throw gone(kindOf)
      const record = { ...stored, ...extra.values }
      return {
        record, stored, ...await context(tx, kindOf, [record]),
        runs: kind === 'rules' && value ? await people.runsOf(tx, value) : [],
        dates: kind === 'schedules' && value ? await people.datesOf(tx, stored.name).catch(() => []) : [],
        events: kind === 'rules' ? [...new Set([...ownEvents, ...await people.eventsInUse(tx)])] : [],
      }
    })
    return show(reply, 'record', request, { kind, kindOf, recordKey: value, problem: null, tried: null, payload: '{"task": {"id": 1}}', event: '', ...data, ...extra })
  }

  const back = (kind) => `/manage/${kind}`

  async function create(request, reply) {
    const { kind } = request.params
    const { t } = wordsFor(request)
    const { values } = valuesOf(records[kind], request.body, { payload: 'text' })
    await db.write(request.staff, (tx) => insertRecord(tx, records[kind], values))
    return answer(request, reply, { message: t('Saved.'), go: back(kind) })
  }

  async function update(request, reply) {
    const { kind, key: value } = request.params
    const { t } = wordsFor(request)
    const { values } = valuesOf(records[kind], request.body, { payload: 'text' })
    const found = await db.write(request.staff, (tx) => updateRecord(tx, records[kind], value, values))
    if (found === undefined) throw gone(records[kind])
    return answer(request, reply, { message: t('Saved.'), go: back(kind) })
  }

  async function remove(request, reply) {
    const { kind, key: value } = request.params
    const { t } = wordsFor(request)
    readFields(request.body, {})
    await db.write(request.staff, (tx) => deleteRecord(tx, records[kind], value))
    return answer(request, reply, { message: t('Removed.'), go: back(kind) })
  }

  // What the rule, as it stands in the form, would do with a payload: it is saved, tried
  // and all of it taken back.
  async function tryRule(request, reply) {
    const { key: value } = request.params
    const kindOf = records.rules
    const { values, given } = valuesOf(kindOf, request.body, { payload: 'text' })
    request.params.kind = 'rules'
    try {
      const payload = readFields({ payload: given.payload ?? '{}' }, { payload: 'json' }).payload
      const tried = await db.look(request.staff, async (tx) => {
        if (value === 'new') await insertRecord(tx, kindOf, values)
        else if (await updateRecord(tx, kindOf, value, values) === undefined) throw gone(kindOf)
        return people.dryRun(tx, values.event, payload)
      })
      return await recordPage(request, reply, { values, tried, payload: given.payload ?? '{}' })
    } catch (error) {
      const problem = toProblem(error, request.staff.level, wordsFor(request))
      if (problem.status >= 500) throw error
      reply.code(problem.status)
      return recordPage(request, reply, { values, problem: problem.message, payload: given.payload ?? '{}' })
    }
  }

  // --- staff and teams

  async function staffPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, list: await people.listStaff(tx), memberships: await people.memberships(tx) }))
    return show(reply, 'staff', request, data)
  }

  async function personPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const person = await people.findPerson(tx, request.params.id)
      if (!person) throw new Problem(404, m('Nobody here has this id.'))
      return { today: tx.today, person }
    })
    return show(reply, 'person', request, data)
  }

  async function savePerson(request, reply) {
    const { t } = wordsFor(request)
    const fields = readFields(request.body, { id: 'key', name: 'text', is_active: 'flag', away_until: 'date', teams: 'list' })
    const id = request.params.id ?? fields.id
    await db.write(request.staff, (tx) => people.savePerson(tx, id, { is_active: false, teams: [], ...fields }, request.params.id === undefined))
    return answer(request, reply, { message: t('Saved.'), go: '/manage/staff' })
  }

  async function handOver(request, reply) {
    const { t } = wordsFor(request)
    const { to_staff: staff, to_team: team } = readFields(request.body, { to_staff: 'key', to_team: 'key' })
    if (!staff && !team) throw new Problem(422, m('Say who is to have it: somebody, a team, or both.'), { errors: [{ field: 'to_staff', message: '' }] })
    const { tasks, renewals, customers } = await db.write(request.staff, (tx) => people.handOver(tx, request.params.id, staff, team))
    return answer(request, reply, {
      message: t('Handed over: {tasks} tasks, {renewals} renewals, {customers} customers.', { tasks, renewals, customers }),
      go: `/manage/staff/${encodeURIComponent(request.params.id)}`,
    })
  }

  async function teamsPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, list: await people.listTeams(tx) }))
    return show(reply, 'teams', request, data)
  }

  async function teamPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const team = await people.findTeam(tx, request.params.id)
      if (!team) throw new Problem(404, m('There is no team “{1}”.'), { values: { 1: request.params.id } })
      return { today: tx.today, team, members: await people.membersOf(tx, request.params.id) }
    })
    return show(reply, 'team', request, data)
  }

  async function saveTeam(request, reply) {
    const { t } = wordsFor(request)
    const fields = readFields(request.body, { id: 'key', name: 'text', is_active: 'flag' })
    const id = request.params.id ?? fields.id
    await db.write(request.staff, (tx) => people.saveTeam(tx, id, { is_active: false, ...fields }, request.params.id === undefined))
    return answer(request, reply, { message: t('Saved.'), go: `/manage/teams/${encodeURIComponent(id)}` })
  }

  async function changeMember(request, reply) {
    const { t } = wordsFor(request)
    const { staff_id: id, remove: isRemoval } = readFields(request.body, { staff_id: 'key', remove: 'flag' })
    await db.write(request.staff, (tx) => people.changeMember(tx, request.params.id, id, isRemoval))
    return answer(request, reply, { message: t('Saved.'), go: `/manage/teams/${encodeURIComponent(request.params.id)}` })
  }

  async function workerPage(request, reply) {
    const isManager = request.staff.level === 'manager'
    const data = await db.read(request.staff, async (tx) => ({
      today: tx.today,
      worker: await people.workerStatus(tx),
      sweeps: await people.lastSweeps(tx, 30),
      findings: isManager ? await people.check(tx) : null,
    }))
    return show(reply, 'worker', request, data)
  }

  return {
    register(app) {
      const one = { params: params({ kind: kinds, key }) }
      const id = { params: params({ id: key }) }
      app.get('/manage', async (request, reply) => show(reply, 'manage', request, { today: '', records }))
      app.get('/manage/worker', workerPage)
      app.get('/manage/staff', staffPage)
      app.post('/manage/staff', savePerson)
      app.get('/manage/staff/:id', { schema: id }, personPage)
      app.post('/manage/staff/:id', { schema: id }, savePerson)
      app.post('/manage/staff/:id/hand-over', { schema: id }, handOver)
      app.get('/manage/teams', teamsPage)
      app.post('/manage/teams', saveTeam)
      app.get('/manage/teams/:id', { schema: id }, teamPage)
      app.post('/manage/teams/:id', { schema: id }, saveTeam)
      app.post('/manage/teams/:id/members', { schema: id }, changeMember)
      app.get('/manage/:kind', { schema: { params: params({ kind: kinds }) } }, recordsPage)
      app.post('/manage/:kind', { schema: { params: params({ kind: kinds }) } }, create)
      app.get('/manage/:kind/new', { schema: { params: params({ kind: kinds }) } }, (request, reply) => recordPage(request, reply))
      app.get('/manage/:kind/:key', { schema: one }, (request, reply) => recordPage(request, reply))
      app.post('/manage/:kind/:key', { schema: one }, update)
      app.post('/manage/:kind/:key/remove', { schema: one }, remove)
      app.post('/manage/rules/:key/try', { schema: { params: params({ key }) } }, tryRule)
    },
  }
}
