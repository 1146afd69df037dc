// Pages for managers: what the engine works by, and who works here.  Everybody may
// read them; what is changed, the database refuses to whoever may not.

import { Problem, problemBody, toProblem } from './errors.js'
import { readFields, refuse } from './fields.js'
import { fromSegment, segment } from './format.js'
import { answer } from './forms.js'
import * as calendars from './calendars.js'
import * as directory from './directory.js'
import * as engines from './engines.js'
import { findRecord, insertRecord, listRecords, ownEvents, records, removeRecord, updateRecord } from './records.js'
import * as taskq from './taskq.js'
import { m, wordsFor } from './words.js'

const key = { type: 'string', minLength: 1, maxLength: 256 } // as segment() writes it
const params = (names) => ({ type: 'object', additionalProperties: false, properties: names, required: Object.keys(names) })

const readers = { text: 'text', area: 'text', every: 'text', choice: 'key', staff: 'key', team: 'key', customer: 'key', calendar: 'key' }
const readerOf = ({ type }) => readers[type] ?? type

export function createManaging({ db, show }) {
  const kinds = { type: 'string', enum: Object.keys(records) }

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
        runs: kind === 'rules' ? await engines.runsByRule(tx) : [],
      }
    })
    return show(reply, 'records', request, { kind, kindOf, recordSegment, ...data })
  }

  const blank = (kindOf) => Object.fromEntries(kindOf.columns.map(({ name, initial, type }) => [name, initial ?? (type === 'list' ? [] : null)]))

  // What an address says of a record: undefined is a new one.  One that is called
  // "new" is written as those are that segment() cannot leave as they are.
  const recordSegment = (id) => (id === 'new' ? '~new' : segment(id))
  const idOf = ({ key: text }) => (text === undefined || text === 'new' ? undefined : fromSegment(text))

  async function recordPage(request, reply, extra = {}) {
    const { kind } = request.params
    const kindOf = records[kind]
    const id = idOf(request.params)
    const data = await db.read(request.staff, async (tx) => {
      const stored = id === undefined ? blank(kindOf) : await findRecord(tx, kindOf, id)
      const record = { ...stored, ...extra.values }
      return {
        record, stored, ...await context(tx, kindOf, [record]),
        runs: kind === 'rules' && id ? await engines.ruleRuns(tx, { rule_id: id, limit: 50 }) : [],
        dates: kind === 'schedules' && id ? await engines.datesOf(tx, stored.name, 8) : [],
        events: kind === 'rules' ? [...new Set([...ownEvents, ...await engines.eventsInUse(tx)])] : [],
      }
    })
    return show(reply, 'record', request, { kind, kindOf, recordSegment, recordKey: id, problem: null, tried: null, payload: '{"task": {"id": 1}}', event: '', ...data, ...extra })
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
    const { kind } = request.params
    const { t } = wordsFor(request)
    const { values } = valuesOf(records[kind], request.body, { payload: 'text' })
    await db.write(request.staff, (tx) => updateRecord(tx, records[kind], idOf(request.params), values))
    return answer(request, reply, { message: t('Saved.'), go: back(kind) })
  }

  async function remove(request, reply) {
    const { kind } = request.params
    const { t } = wordsFor(request)
    readFields(request.body, {})
    await db.write(request.staff, (tx) => removeRecord(tx, records[kind], idOf(request.params)))
    return answer(request, reply, { message: t('Removed.'), go: back(kind) })
  }

  async function withNames(tx, firings) {
    const idsOf = (column) => firings.map((firing) => firing[column]).filter(Boolean)
    const names = await taskq.namesOf(tx, { staff: idsOf('assignee_id'), teams: [], customers: idsOf('task_user_id') })
    return firings.map((firing) => ({ ...firing, assignee_name: names.staff[firing.assignee_id], customer_name: names.customers[firing.task_user_id] }))
  }

  // What the rule, as it stands in the form, would do with a payload: it is saved, tried
  // and all of it taken back.
  async function tryRule(request, reply) {
    const id = idOf(request.params)
    const kindOf = records.rules
    const { values, given } = valuesOf(kindOf, request.body, { payload: 'text' })
    request.params.kind = 'rules'
    try {
      const payload = readFields({ payload: given.payload ?? '{}' }, { payload: 'json' }).payload
      const tried = await db.look(request.staff, async (tx) => {
        if (id === undefined) await insertRecord(tx, kindOf, values)
        else await updateRecord(tx, kindOf, id, values)
        return withNames(tx, await engines.tryRules(tx, { event: values.event, payload }))
      })
      return await recordPage(request, reply, { values, tried, payload: given.payload ?? '{}' })
    } catch (error) {
      const words = wordsFor(request)
      const problem = toProblem(error, request.staff.level, words)
      if (problem.status >= 500) throw error
      reply.code(problem.status)
      return recordPage(request, reply, { values, problem: problemBody(problem, words).detail, payload: given.payload ?? '{}' })
    }
  }

  // --- staff and teams

  async function staffPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, list: await directory.staffAtWork(tx), memberships: await directory.memberships(tx) }))
    return show(reply, 'staff', request, data)
  }

  async function personPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const person = await directory.findPerson(tx, fromSegment(request.params.id))
      if (!person) throw new Problem(404, m('There is no member of staff {id}.'), { values: { id: fromSegment(request.params.id) } })
      return { today: tx.today, person }
    })
    return show(reply, 'person', request, data)
  }

  async function savePerson(request, reply) {
    const { t } = wordsFor(request)
    const fields = readFields(request.body, { id: 'key', name: 'text', is_active: 'flag', away_until: 'date', teams: 'list' })
    const { id } = request.params
    await db.write(request.staff, (tx) => directory.savePerson(tx, id === undefined ? fields.id : fromSegment(id), { is_active: false, teams: [], ...fields }, id === undefined))
    return answer(request, reply, { message: t('Saved.'), go: '/manage/staff' })
  }

  async function handOver(request, reply) {
    const { t } = wordsFor(request)
    const { to_staff: staff, to_team: team } = readFields(request.body, { to_staff: 'key', to_team: 'key' })
    if (!staff && !team) refuse('to_staff', m('Say who is to have it: somebody, a team, or both.'))
    const id = fromSegment(request.params.id)
    const { tasks, renewals, customers } = await db.write(request.staff, (tx) => directory.handOver(tx, id, { to_staff: staff, to_team: team }))
    return answer(request, reply, {
      message: t('Handed over: {tasks} tasks, {renewals} renewals, {customers} customers.', { tasks, renewals, customers }),
      go: `/manage/staff/${segment(id)}`,
    })
  }

  async function teamsPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, list: await directory.teamsAtWork(tx) }))
    return show(reply, 'teams', request, data)
  }

  async function teamPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const id = fromSegment(request.params.id)
      const team = await directory.findTeam(tx, id)
      if (!team) throw new Problem(404, m('There is no team {id}.'), { values: { id } })
      return { today: tx.today, team, members: await directory.membersOf(tx, id) }
    })
    return show(reply, 'team', request, data)
  }

  async function saveTeam(request, reply) {
    const { t } = wordsFor(request)
    const fields = readFields(request.body, { id: 'key', name: 'text', is_active: 'flag' })
    const isNew = request.params.id === undefined
    const id = isNew ? fields.id : fromSegment(request.params.id)
    await db.write(request.staff, (tx) => directory.saveTeam(tx, id, { is_active: false, ...fields }, isNew))
    return answer(request, reply, { message: t('Saved.'), go: `/manage/teams/${segment(id)}` })
  }

  async function changeMember(request, reply) {
    const { t } = wordsFor(request)
    const { staff_id: id, remove: isRemoval } = readFields(request.body, { staff_id: 'key', remove: 'flag' })
    const team = fromSegment(request.params.id)
    await db.write(request.staff, (tx) => directory.changeMember(tx, team, id, isRemoval))
    return answer(request, reply, { message: t('Saved.'), go: `/manage/teams/${segment(team)}` })
  }

  async function workerPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, ...await engines.worker(tx, request.staff.level === 'manager') }))
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
