// Handlers of the operations in openapi.yaml, by their ids.

import * as calendars from './calendars.js'
import { Problem } from './errors.js'
import { fromSegment } from './format.js'
import * as taskq from './taskq.js'

const noSuchTask = (id) => new Problem(404, `Task ${id} does not exist.`)

export function createApi({ db, stream }) {
  const move = (verb) => ({ staff, params, body }) => db.write(staff, (tx) => taskq.moveTask(tx, verb, params.id, body ?? {}))

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

    getTask: ({ staff, params }) => db.read(staff, async (tx) => {
      const task = await taskq.findTask(tx, params.id)
      if (!task) throw noSuchTask(params.id)
      const { events, before } = await taskq.historyOf(tx, params.id)
      return { ...task, history: events, history_before: before }
    }),

    getHistory: ({ staff, params, query }) => db.read(staff, async (tx) => {
      if (!await taskq.exists(tx, params.id)) throw noSuchTask(params.id)
      return taskq.historyOf(tx, params.id, query)
    }),

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
      ids: await db.write(staff, (tx) => taskq.moveTasks(tx, action, ids, rest)),
    }),

    claimTasks: async ({ staff, body }) => ({
      tasks: await db.write(staff, (tx) => taskq.claimTasks(tx, staff.id, body.count)),
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

    streamTasks({ staff, method }, reply) {
      if (!stream.hasRoomFor(staff)) throw new Problem(429, 'You have too many pages open.', {}, 10)
      if (method === 'HEAD') return reply.type('text/event-stream').send()
      stream.add(reply, staff)
    },
  }
}
