// How well the SLA was kept: in all, week by week, and by whatever one asks for.

import * as charts from './charts.js'
import { addDays } from './format.js'
import * as taskq from './taskq.js'

const isoDate = { type: 'string', format: 'date' }
const groups = ['assignee', 'team', 'priority', 'customer', 'kind']

export function createReports({ db, show }) {
  async function reportsPage(request, reply) {
    const { staff, query } = request
    const group = query.group ?? 'assignee'
    const data = await db.read(staff, async (tx) => {
      const to = query.to ?? tx.today
      const from = query.from ?? addDays(to, -12 * 7 + 1)
      const report = (by) => taskq.slaGroups(tx, { from, to, group: by })
      const [total] = await report('none')
      return {
        today: tx.today, from, to, total,
        weeks: await report('week'),
        rows: await report(group),
        workload: await taskq.workload(tx, 200),
        teamWorkload: await taskq.teamWorkload(tx, 200),
      }
    })
    return show(reply, 'reports', request, { ...charts, group, groups, ...data })
  }

  return {
    register(app) {
      app.get('/reports', {
        schema: { querystring: { type: 'object', additionalProperties: false, properties: { from: isoDate, to: isoDate, group: { enum: groups } } } },
      }, reportsPage)
    },
  }
}
