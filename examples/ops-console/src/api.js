// Handlers of the operations in openapi.yaml, by their ids.

import { createHash } from 'node:crypto'
import * as calendars from './calendars.js'
import * as directory from './directory.js'
import * as engines from './engines.js'
import { Problem } from './errors.js'
import { fromSegment } from './format.js'
import { listRecords, putRecord, records, removeNamed, removeRecord } from './records.js'
import * as taskq from './taskq.js'
import { m } from './words.js'

// The tag of a task says when it was last changed, and tells versions of its
// history apart.  For If-Match only the first counts: a note is no change.
const tagOf = (task) => `"${task.updated_at}/${createHash('sha256').update(JSON.stringify(task)).digest('base64url').slice(0, 16)}"`

function sinceOf(tag) {
  if (tag === undefined || tag === '*') return undefined
  const since = /^"(\d{4}-\d\d-\d\dT[0-9:.+-]+)\//.exec(tag)?.[1]
  if (!since) throw new Problem(412, m('If-Match must be the ETag of the task.'))
  return since
}

const noSuchTask = (id) => new Problem(404, m('Task {id} does not exist.'), { values: { id } })

export function createApi({ db, stream }) {
  // Changes a task.  If it is another than the one that the caller saw, the answer says what has been done to it.
  async function change({ staff, params: { id }, headers, body }, reply, work) {
    const since = sinceOf(headers['if-match']) ?? body.if_unchanged_since
    try {
      const task = await db.write(staff, (tx) => work(tx, id, { ...body, if_unchanged_since: since }))
      reply.header('etag', tagOf(task))
      return task
    } catch (error) {
      if (since !== undefined && error.code === '55000') {
        error.isStale = true
        error.changed = await db.read(staff, (tx) => taskq.historySince(tx, id, since)).catch(() => undefined)
      }
      throw error
    }
  }
  const move = (verb) => (request, reply) => change(request, reply, (tx, id, body) => taskq.moveTask(tx, verb, id, body))

  const read = (work) => ({ staff, params, query }) => db.read(staff, (tx) => work(tx, params, query))
  const write = (work) => ({ staff, params, body }) => db.write(staff, (tx) => work(tx, params, body))
  const list = (kind) => read(async (tx) => ({ [kind]: await listRecords(tx, records[kind]) }))
  const put = (kind) => write((tx, { name }, body) => putRecord(tx, records[kind], { ...body, name: fromSegment(name) }))
  const remove = (kind) => write((tx, { name }) => removeNamed(tx, records[kind], fromSegment(name)))

  // A change of a calendar, or with dry_run a look at what would come of it.
  const edit = (work) => async (request) => {
    const { dry_run } = request.body
    const answer = await db[dry_run ? 'look' : 'write'](request.staff, (tx) => work(tx, request))
    return { dry_run, ...answer }
  }

  return {
    async createTask({ staff, body }, reply) {
      const task = await db.write(staff, (tx) => taskq.createTask(tx, body))
      return reply.code(task.created ? 201 : 200).header('location', `/ops/tasks/${task.id}`).send(task)
    },

    listTasks: ({ staff, query }) => db.read(staff, (tx) => taskq.listTasks(tx, query)),

    async getTask({ staff, params: { id } }, reply) {
      const whole = await db.read(staff, async (tx) => {
        const task = await taskq.findTask(tx, id)
        if (!task) throw noSuchTask(id)
        const { events, before } = await taskq.historyOf(tx, id)
        return { ...task, history: events, history_before: before }
      })
      reply.header('etag', tagOf(whole))
      return whole
    },

    getHistory: ({ staff, params, query }) => db.read(staff, async (tx) => {
      if (!await taskq.exists(tx, params.id)) throw noSuchTask(params.id)
      return taskq.historyOf(tx, params.id, query)
    }),

    createTasks: async ({ staff, body }) => ({ tasks: await db.write(staff, (tx) => taskq.createTasks(tx, body.tasks)) }),

    editTask: (request, reply) => change(request, reply, taskq.editTask),

    async followUpTask({ staff, params, body }, reply) {
      const task = await db.write(staff, async (tx) => taskq.findTask(tx, await taskq.followUp(tx, params.id, body)))
      return reply.code(201).header('location', `/ops/tasks/${task.id}`).send(task)
    },

    prioritizeTask: move('prioritize'),
    setTaskSla: move('set_sla'),
    applyPolicy: move('apply_policy'),
    assignTeam: move('assign_team'),
    startTask: move('start'),
    completeTask: move('complete'),
    cancelTask: move('cancel'),
    assignTask: move('assign'),
    rescheduleTask: move('reschedule'),
    commentTask: move('comment'),
    pauseTask: move('pause'),
    resumeTask: move('resume'),

    getTaskSla: ({ staff, params }) => db.read(staff, async (tx) => {
      if (!await taskq.exists(tx, params.id)) throw noSuchTask(params.id)
      return { clocks: await taskq.slaOf(tx, params.id) }
    }),

    changeTasks: async ({ staff, body: { action, ids, ...rest } }) => ({
      ids: await db.write(staff, async (tx) => {
        if (action !== 'label') return taskq.moveTasks(tx, action, ids, rest)
        await taskq.labelTasks(tx, ids, rest.add_labels ?? [], rest.remove_labels ?? [])
        return ids
      }),
    }),

    claimTasks: async ({ staff, body }) => ({
      tasks: await db.write(staff, (tx) => taskq.claimTasks(tx, staff.id, body)),
    }),

    getStats: ({ staff, query }) => db.read(staff, (tx) => taskq.stats(tx, query)),

    getSlaReport: async ({ staff, query }) => ({
      ...query, rows: await db.read(staff, (tx) => taskq.slaReport(tx, query)),
    }),

    refreshRenewals: async ({ staff, body }) => ({
      crossed: await db.write(staff, (tx) => taskq.refreshRenewals(tx, body.dry_run)),
    }),

    listCalendars: async ({ staff }) => ({ calendars: await db.read(staff, calendars.listCalendars) }),

    getCalendar: ({ staff, params }) => db.read(staff, async (tx) => {
      const calendar = await calendars.findCalendar(tx, fromSegment(params.name))
      return { ...calendar, holidays: await calendars.holidaysOf(tx, calendar.holiday_lists) }
    }),

    setCalendar: edit((tx, { params, body }) => calendars.setCalendar(tx, fromSegment(params.name), body)),
    addHoliday: edit((tx, { body }) => calendars.addHoliday(tx, body)),
    removeHoliday: edit((tx, { params }) => calendars.removeHoliday(tx, params.id)),

    listCustomers: read(async (tx, params, query) => ({ customers: await directory.listCustomers(tx, query) })),
    getCustomer: read((tx, { id }) => directory.findCustomer(tx, fromSegment(id))),
    mergeCustomer: write((tx, { id }, { into }) => directory.mergeCustomer(tx, fromSegment(id), into)),
    eraseCustomer: write((tx, { id }) => directory.eraseCustomer(tx, fromSegment(id))),

    listStaff: read(async (tx) => ({ staff: await directory.listStaff(tx) })),
    setAway: write((tx, { id }, { away_until }) => directory.setAway(tx, fromSegment(id), away_until)),
    handOver: write((tx, { id }, body) => directory.handOver(tx, fromSegment(id), body)),
    getWorkload: read(directory.workload),

    listTeams: read(async (tx) => ({ teams: await directory.listTeams(tx) })),
    putTeam: write((tx, { id }, body) => directory.putTeam(tx, fromSegment(id), body)),

    listPolicies: list('policies'),
    putPolicy: put('policies'),
    removePolicy: remove('policies'),

    listSchedules: list('schedules'),
    putSchedule: put('schedules'),
    removeSchedule: remove('schedules'),
    getScheduleDates: read(async (tx, { name }, { count }) => ({ dates: await engines.datesOf(tx, fromSegment(name), count) })),

    listRules: list('rules'),
    putRule: put('rules'),
    removeRule: remove('rules'),
    tryRules: ({ staff, body }) => db.look(staff, async (tx) => ({ firings: await engines.tryRules(tx, body) })),
    listRuleRuns: read(async (tx, params, query) => ({ runs: await engines.ruleRuns(tx, query) })),

    listThresholds: list('thresholds'),
    putThreshold: write((tx, params, body) => putRecord(tx, records.thresholds, body)),
    removeThreshold: write((tx, { id }) => removeRecord(tx, records.thresholds, id)),

    listRenewals: read((tx, params, query) => engines.listRenewals(tx, query)),
    getRenewal: read((tx, { id }) => engines.findRenewal(tx, id)),
    createRenewal: async ({ staff, body }, reply) => reply.code(201).send(await db.write(staff, (tx) => engines.createRenewal(tx, body))),
    completeRenewal: write((tx, { id }, { next_due_date }) => engines.completeRenewal(tx, id, next_due_date)),
    cancelRenewal: write((tx, { id }, { reason }) => engines.cancelRenewal(tx, id, reason)),

    getWorker: ({ staff }) => db.read(staff, (tx) => engines.worker(tx, staff.level === 'manager')),
    getBacklog: read(async (tx, params, { group }) => ({ group, rows: await engines.backlog(tx, group) })),

    streamTasks({ staff, method }, reply) {
      if (!stream.hasRoomFor(staff)) throw new Problem(429, m('You have too many pages open.'), {}, 10)
      if (method === 'HEAD') return reply.type('text/event-stream').send()
      stream.add(reply, staff)
    },
  }
}
