// How well the SLA was kept.

import * as charts from './charts.js'
import { addDays } from './format.js'
import * as taskq from './taskq.js'

const isoDate = { type: 'string', format: 'date' }

export function createReports({ db, show }) {
  async function reportsPage(request, reply) {
    const { staff, query } = request
    const data = await db.read(staff, async (tx) => {
      const to = query.to ?? tx.today
      const from = query.from ?? addDays(to, -12 * 7 + 1)
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
    return show(reply, 'reports', request, { ...charts, ...data })
  }

  return {
    register(app) {
      app.get('/reports', { schema: { querystring: { type: 'object', additionalProperties: false, properties: { from: isoDate, to: isoDate } } } }, reportsPage)
    },
  }
}
