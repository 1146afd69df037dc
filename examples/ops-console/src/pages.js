// The pages that people see.  A page is always rendered whole: scripts fetch the
// same address again and take from it the parts that have changed, so that there
// is one way to draw each thing.

import { Readable } from 'node:stream'
import { Eta } from 'eta'
import { fileURLToPath } from 'node:url'
import * as calendars from './calendars.js'
import * as charts from './charts.js'
import * as csv from './csv.js'
import { Problem, problemBody } from './errors.js'
import { formatIn, fromSegment } from './format.js'
import { createForms } from './forms.js'
import { createHistory, idsIn } from './history.js'
import { createManaging } from './managing.js'
import { createRenewals } from './renewals.js'
import { createReports } from './reports.js'
import * as taskq from './taskq.js'
import { languages, m, wordsFor } from './words.js'

const countCap = 1000 // "1,000+" is all that anybody needs to know
const exportAtMost = 50_000
const backAtMost = 200 // pages that "Previous page" remembers
const isKeptFor = 5000 // ms
const levels = ['viewer', 'agent', 'manager']

const page = (data) => ({ type: 'object', additionalProperties: false, properties: data })
const eventId = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const key = { type: 'string', minLength: 1, maxLength: 255 }

export function createPages({ db, asset, operations }) {
  const views = fileURLToPath(new URL('../views', import.meta.url))
  const eta = new Eta({ views, cache: true, functionHeader: 'const { t, tn } = it' })

  function render(view, request, data) {
    const staff = request.staff ?? null // an address that is none has not got that far
    const words = wordsFor(request)
    return eta.render(view, {
      ...formatIn(words),
      ...words,
      languages,
      asset,
      staff,
      may: (level) => staff !== null && levels.indexOf(staff.level) >= levels.indexOf(level),
      theme: ['light', 'dark'].includes(request.cookies?.theme) ? request.cookies.theme : '',
      path: request.url.split('?')[0],
      url: request.url,
      zone: '',
      ...data,
    })
  }

  // The teams, the labels of late, and the zone of the clock on the wall: the same on
  // every page, and seldom others.
  let desk = null
  async function deskOf() {
    if (!desk || desk.until < Date.now()) {
      const [{ zone, teams, labels }] = await db.own(`
        SELECT coalesce(nullif(current_setting('taskq.timezone', true), ''), 'UTC') AS zone,
               (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name, 'is_active', is_active) ORDER BY name, id), '[]') FROM taskq_team) AS teams,
               (SELECT coalesce(json_agg(DISTINCT l ORDER BY l), '[]') FROM (SELECT labels FROM taskq_task ORDER BY id DESC LIMIT 2000) t, unnest(t.labels) l) AS labels`)
      desk = { zone, teams, labels, until: Date.now() + isKeptFor }
    }
    return { zone: desk.zone, teams: desk.teams, labelsInUse: desk.labels, teamName: (id) => desk.teams.find((team) => team.id === id)?.name ?? id }
  }

  const html = (reply, text) => reply.type('text/html; charset=utf-8').send(text)
  const show = async (reply, view, request, data) => html(reply, render(view, request, { ...await deskOf(), ...data }))

  // The filter of a list, as an address has it, ready for taskq.
  const split = (values) => values?.flatMap((text) => text.split(',')).map((text) => text.trim()).filter(Boolean)
  const filterOf = ({ view, saved, back, ...query }) => ({ ...query, labels: split(query.labels) })

  const savedViews = (staff) => db.own('SELECT name, query FROM console.saved_view WHERE staff_id = $1 ORDER BY name', [staff.id])

  // What is in a filter as ids, by names: its fields show them.
  async function namesIn(tx, { assignee_id: assignee, user_id: customer }) {
    if (!assignee && !customer) return {}
    const { staff, customers } = await taskq.namesOf(tx, { staff: assignee ? [assignee] : [], teams: [], customers: customer ? [customer] : [] })
    return { assigneeName: staff[assignee] ?? assignee, customerName: customers[customer] ?? customer }
  }

  async function tasksPage(request, reply) {
    const { staff, query } = request
    const filter = filterOf(query)
    const isMine = query.view === 'mine'
    const data = await db.read(staff, async (tx) => {
      const list = isMine ? await taskq.myWork(tx, filter, staff.id) : await taskq.queueOf(tx, filter, countCap)
      await taskq.addClocks(tx, list.tasks)
      return { today: tx.today, ...list, ...await namesIn(tx, filter) }
    })
    return show(reply, 'tasks', request, { filter: query, countCap, saved: await savedViews(staff), ...data })
  }

  const columns = [
    ['id', m('Id')], ['title', m('Title')], ['status', m('Status')], ['priority', m('Priority')], ['due_date', m('Due')],
    ['sla_status', m('SLA')], ['sla_due_at', m('SLA deadline')], ['user_id', m('Customer’s id')], ['customer_name', m('Customer')],
    ['assignee_name', m('Assignee')], ['team', m('Team')], ['kind', m('Kind')], ['labels', m('Labels')], ['source', m('Source')],
    ['created_at', m('Created')], ['started_at', m('Started')], ['completed_at', m('Completed')], ['cancelled_at', m('Cancelled')],
  ]

  // All that a list shows, page by page: each is a transaction of its own, so that a
  // slow reader holds none open.
  async function tasksCsv(request, reply) {
    const { staff, query } = request
    const words = wordsFor(request)
    const format = formatIn(words)
    const { teamName } = await deskOf()
    const separator = csv.separatorIn(words.locale)
    const filter = filterOf(query)
    const fetch = (after) => db.read(staff, async (tx) => (query.view === 'mine'
      ? { ...await taskq.myWork(tx, filter, staff.id), today: tx.today }
      : { ...await taskq.listTasks(tx, { ...filter, limit: 500, after }), today: tx.today }))
    const values = (task) => columns.map(([name]) => {
      const value = task[name]
      if (name === 'status') return format.statuses[value]
      if (name === 'priority') return format.priorities[value]
      if (name === 'sla_status') return format.slaStatuses[value]
      if (name === 'team') return task.team_id ? teamName(task.team_id) : ''
      if (name === 'labels') return (value ?? []).join(' ')
      if (name.endsWith('_at') && value) return value === 'infinity' ? format.noDate : value.slice(0, 16).replace('T', ' ')
      return value
    })
    const first = await fetch(undefined) // a refusal is an answer, not half a file
    async function* lines() {
      yield csv.byteOrderMark + csv.line(columns.map(([, name]) => words.t(name)), separator)
      let part = first
      for (let n = 0; ; ) {
        yield part.tasks.map((task) => csv.line(values(task), separator)).join('')
        n += part.tasks.length
        if (!part.next || n >= exportAtMost) return
        part = await fetch(part.next)
      }
    }
    return reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="tasks-${first.today}.csv"`).send(Readable.from(lines()))
  }

  async function taskPage(request, reply) {
    const { staff, params, query } = request
    const words = wordsFor(request)
    const data = await db.read(staff, async (tx) => {
      const task = await taskq.findTask(tx, params.id)
      if (!task) throw new Problem(404, m('Task {id} does not exist.'), { values: { id: params.id } })
      const history = await taskq.historyOf(tx, params.id, query)
      const { event } = createHistory(words, formatIn(words), await taskq.namesOf(tx, idsIn(history.events)), tx.today)
      return {
        today: tx.today,
        task,
        clocks: await taskq.slaOf(tx, params.id),
        history,
        event,
        isOlder: query.before !== undefined,
      }
    })
    return show(reply, 'task', request, data)
  }

  // What a field suggests while somebody types.
  async function pick(request) {
    const { staff, params, query } = request
    const { locale } = wordsFor(request)
    return { found: await db.read(staff, (tx) => taskq.findPeople(tx, params.kind, query.q ?? '', 12, locale)) }
  }

  async function customersPage(request, reply) {
    const search = request.query.search ?? ''
    const { locale } = wordsFor(request)
    const customers = await db.read(request.staff, (tx) => taskq.customersWith(tx, search, 100, locale))
    return show(reply, 'customers', request, { search, customers })
  }

  async function customerPage(request, reply) {
    const { staff, query } = request
    const format = formatIn(wordsFor(request))
    const id = fromSegment(request.params.id)
    const filter = { after: query.after, user_id: id, status: query.show === 'all' ? Object.keys(format.statuses) : format.active }
    const data = await db.read(staff, async (tx) => {
      const customer = await taskq.findCustomer(tx, id)
      if (!customer) throw new Problem(404, m('There is no customer {id}.'), { values: { id } })
      const list = await taskq.listTasks(tx, filter)
      await taskq.addClocks(tx, list.tasks)
      return {
        today: tx.today,
        customer,
        stats: await taskq.stats(tx, { user_id: id }),
        kinds: await taskq.knownKinds(tx),
        ...list,
        renewals: await taskq.renewalsOf(tx, id),
      }
    })
    return show(reply, 'customer', request, { filter: query, ...data })
  }

  async function calendarsPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, calendars: await calendars.listCalendars(tx) }))
    return show(reply, 'calendars', request, data)
  }

  async function calendarPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const calendar = await calendars.findCalendar(tx, fromSegment(request.params.name))
      return {
        today: tx.today,
        calendar,
        holidays: await calendars.holidaysOf(tx, calendar.holiday_lists),
        lists: await calendars.holidayLists(tx),
      }
    })
    return show(reply, 'calendar', request, { ...charts, ...data })
  }

  function renderError(problem, request) {
    return render('error', request, { problem: problemBody(problem, wordsFor(request)) })
  }

  function register(app) {
    const { querystring: filters } = operations.listTasks.schema
    const { params: taskId } = operations.getTask.schema
    const customerId = page({ id: { ...key, maxLength: key.maxLength + 1 } }) // as segment() writes it
    const anybody = { config: { anybody: true } }

    app.get('/', anybody, (request, reply) => reply.redirect('/tasks'))
    const texts = { type: 'array', items: { type: 'string', maxLength: 1000 }, maxItems: backAtMost }
    const list = {
      querystring: page({
        ...filters.properties,
        status: { ...filters.properties.status, default: ['OPEN', 'IN_PROGRESS', 'OVERDUE'] },
        labels: texts,
        view: { enum: ['mine'] },
        saved: { type: 'string', maxLength: 63 },
        back: texts,
      }),
    }
    app.get('/tasks', { schema: list }, tasksPage)
    app.get('/tasks.csv', { schema: list }, tasksCsv)
    app.get('/pick/:kind', {
      schema: { params: page({ kind: { enum: taskq.kindsOfPeople } }), querystring: page({ q: { type: 'string', maxLength: 200 } }) },
    }, pick)
    app.get('/tasks/:id', { schema: { params: taskId, querystring: page({ before: eventId }) } }, taskPage)
    app.get('/customers', { schema: { querystring: page({ search: { type: 'string', maxLength: 200 } }) } }, customersPage)
    app.get('/customers/:id', {
      schema: {
        params: customerId,
        querystring: page({ show: { enum: ['active', 'all'], default: 'active' }, after: { type: 'string', maxLength: 1000 } }),
      },
    }, customerPage)
    app.get('/calendars', calendarsPage)
    app.get('/calendars/:name', { schema: { params: operations.getCalendar.schema.params } }, calendarPage)
    createForms({ db }).register(app, { taskId, customerId })
    createRenewals({ db, show }).register(app, { taskId })
    createReports({ db, show }).register(app)
    createManaging({ db, show }).register(app)
  }

  return { register, render, renderError }
}
