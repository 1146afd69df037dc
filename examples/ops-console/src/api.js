// Handlers of the operations in openapi.yaml, by their ids.

import { Problem } from './errors.js'
import * as taskq from './taskq.js'

const noSuchTask = (id) => new Problem(404, `Task ${id} does not exist.`)

export function createApi({ db, stream, auth }) {
  const move = (verb) => ({ staff, params, body }) => db.write(staff, (tx) => taskq.moveTask(tx, verb, params.id, body ?? {}))

  return {
    async createTask({ staff, body }, reply) {
      const task = await db.write(staff, (tx) => taskq.createTask(tx, body))
      return reply.code(task.created ? 201 : 200).header('location', `/ops/tasks/${task.id}`).send(task)
    },

    listTasks: ({ staff, query }) => db.read(staff, (tx) => taskq.listTasks(tx, query)),

    getTask: ({ staff, params }) => db.read(staff, async (tx) => {
      const task = await taskq.findTask(tx, params.id)
      if (!task) throw noSuchTask(params.id)
      return { ...task, history: await taskq.historyOf(tx, params.id) }
    }),

    startTask: move('start'),
    completeTask: move('complete'),
    cancelTask: move('cancel'),
    assignTask: move('assign'),
    rescheduleTask: move('reschedule'),
    commentTask: move('comment'),

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

    streamTasks(request, reply) {
      const key = request.staff.session ?? request.staff.id
      if (!stream.hasRoomFor(key)) throw new Problem(429, 'Too many pages are open in this session.')
      stream.add(reply, key, () => auth.isStillSignedIn(request))
    },
  }
}
