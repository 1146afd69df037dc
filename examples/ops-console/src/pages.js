// The pages that people see.  A page is always rendered whole: scripts fetch the
// same address again and take from it the parts that have changed, so that there
// is one way to draw each thing.

import { Eta } from 'eta'
import { fileURLToPath } from 'node:url'
import * as calendars from './calendars.js'
import * as charts from './charts.js'
import { Problem, problemBody } from './errors.js'
import * as format from './format.js'
import * as taskq from './taskq.js'

const countCap = 1000 // "1,000+" is all that anybody needs to know
const staffCap = 500
const staffIsKeptFor = 5000 // ms
const levels = ['viewer', 'agent', 'manager']

const page = (data) => ({ type: 'object', additionalProperties: false, properties: data })
const isoDate = { type: 'string', format: 'date' }
const eventId = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const key = { type: 'string', minLength: 1, maxLength: 255 }

// Where to go after signing in: nowhere but to a page of this console.  It is
// parsed as a browser will, which drops tabs and line ends and resolves "/./";
// and again, since what comes of that can be another site's address.
const here = 'http://console.invalid'
export function safeNext(next) {
  let path = typeof next === 'string' && next.startsWith('/') ? next : '/tasks'
  for (let n = 0; n < 2; n++) {
    if (!URL.canParse(path, here)) return '/tasks'
    const { origin, pathname, search, hash } = new URL(path, here)
    if (origin !== here) return '/tasks'
    path = pathname + search + hash
  }
  return path
}

export function createPages({ db, asset, operations }) {
  const eta = new Eta({ views: fileURLToPath(new URL('../views', import.meta.url)), cache: true })

  function render(view, request, data) {
    const staff = request.staff ?? null // an address that is none has not got that far
    return eta.render(view, {
      ...format,
      asset,
      staff,
      may: (level) => staff !== null && levels.indexOf(staff.level) >= levels.indexOf(level),
      theme: ['light', 'dark'].includes(request.cookies?.theme) ? request.cookies.theme : '',
      path: request.url.split('?')[0],
      ...data,
    })
  }

  // Whom a task can be given to: the same on every page, and seldom another.
  let everybody = null
  async function staffToChoose() {
    if (!everybody || everybody.until < Date.now()) {
      const list = await taskq.activeStaff({ rows: db.own }, staffCap)
      everybody = { list, until: Date.now() + staffIsKeptFor }
    }
    return everybody.list
  }

  const html = (reply, text) => reply.type('text/html; charset=utf-8').send(text)

  async function tasksPage(request, reply) {
    const { staff, query } = request
    const data = await db.read(staff, async (tx) => {
      const list = await taskq.queueOf(tx, query, countCap)
      await taskq.addClocks(tx, list.tasks)
      return { today: tx.today, ...list }
    })
    return html(reply, render('tasks', request, { filter: query, countCap, everybody: await staffToChoose(), ...data }))
  }

  async function taskPage(request, reply) {
    const { staff, params, query } = request
    const data = await db.read(staff, async (tx) => {
      const task = await taskq.findTask(tx, params.id)
      if (!task) throw new Problem(404, `Task ${params.id} does not exist.`)
      return {
        today: tx.today,
        task,
        clocks: await taskq.slaOf(tx, params.id),
        history: await taskq.historyOf(tx, params.id, query),
        isOlder: query.before !== undefined,
      }
    })
    return html(reply, render('task', request, { everybody: await staffToChoose(), ...data }))
  }

  async function customersPage(request, reply) {
    const search = request.query.search ?? ''
    const customers = await db.read(request.staff, (tx) => taskq.searchCustomers(tx, search, 100))
    return html(reply, render('customers', request, { search, customers }))
  }

  async function customerPage(request, reply) {
    const { staff, query } = request
    const id = format.fromSegment(request.params.id)
    const filter = { ...query, user_id: id, status: query.show === 'all' ? Object.keys(format.statuses) : format.active }
    const data = await db.read(staff, async (tx) => {
      const customer = await taskq.findCustomer(tx, id)
      if (!customer) throw new Problem(404, `There is no customer ${id}.`)
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
    return html(reply, render('customer', request, { filter: query, everybody: await staffToChoose(), ...data }))
  }

  async function reportsPage(request, reply) {
    const { staff, query } = request
    const data = await db.read(staff, async (tx) => {
      const to = query.to ?? tx.today
      const from = query.from ?? format.addDays(to, -12 * 7 + 1)
      const report = (group) => taskq.slaReport(tx, { from, to, group })
      const [total] = await report('none')
      return {
        today: tx.today, from, to, total,
        weeks: await report('week'),
        people: await report('assignee'),
        workload: await taskq.workload(tx, 200),
        worker: await taskq.workerStatus(tx),
      }
    })
    return html(reply, render('reports', request, { ...charts, ...data }))
  }

  async function calendarsPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, calendars: await calendars.listCalendars(tx) }))
    return html(reply, render('calendars', request, data))
  }

  async function calendarPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const calendar = await calendars.findCalendar(tx, format.fromSegment(request.params.name))
      return {
        today: tx.today,
        calendar,
        holidays: await calendars.holidaysOf(tx, calendar.holiday_lists),
        lists: await calendars.holidayLists(tx),
      }
    })
    return html(reply, render('calendar', request, { ...charts, ...data }))
  }

  function renderError(problem, request) {
    return render('error', request, { problem: problemBody(problem) })
  }

  function register(app) {
    const { querystring: filters } = operations.listTasks.schema
    const { params: taskId } = operations.getTask.schema
    const anybody = { config: { anybody: true } }

    app.get('/', anybody, (request, reply) => reply.redirect('/tasks'))
    app.get('/tasks', { schema: { querystring: filters } }, tasksPage)
    app.get('/tasks/:id', { schema: { params: taskId, querystring: page({ before: eventId }) } }, taskPage)
    app.get('/customers', { schema: { querystring: page({ search: { type: 'string', maxLength: 200 } }) } }, customersPage)
    app.get('/customers/:id', {
      schema: {
        params: page({ id: { ...key, maxLength: key.maxLength + 1 } }),
        querystring: page({ show: { enum: ['active', 'all'], default: 'active' }, after: { type: 'string', maxLength: 1000 } }),
      },
    }, customerPage)
    app.get('/calendars', calendarsPage)
    app.get('/calendars/:name', { schema: { params: operations.getCalendar.schema.params } }, calendarPage)
    app.get('/reports', { schema: { querystring: page({ from: isoDate, to: isoDate }) } }, reportsPage)
  }

  return { register, render, renderError }
}
