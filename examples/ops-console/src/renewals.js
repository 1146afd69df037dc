// What is about to expire: the list by days until due, and each with its ladder.

import * as engines from './engines.js'
import { readFields, refuse } from './fields.js'
import { addDays } from './format.js'
import { answer } from './forms.js'
import { m, wordsFor } from './words.js'

const pageSize = 100

export function createRenewals({ db, show }) {
  const fields = { user_id: 'key', service_type: 'text', due_date: 'date', assignee_id: 'key', reference: 'text', notes: 'text', every: 'text' }
  const page = (id) => `/renewals/${id}`
  const wanted = (field) => refuse(field, m('This has to be filled in.'))

  const filterOf = ({ show: shown, within, search, after }, today) => ({
    closed: shown === 'closed',
    due_to: shown === 'overdue' ? addDays(today, -1) : within === undefined ? undefined : addDays(today, within),
    search,
    after,
    limit: pageSize,
  })

  async function renewalsPage(request, reply) {
    const { staff, query } = request
    const data = await db.read(staff, async (tx) => ({
      today: tx.today, types: await engines.serviceTypes(tx), ...await engines.listRenewals(tx, filterOf(query, tx.today)),
    }))
    return show(reply, 'renewals', request, { filter: query, ...data })
  }

  async function renewalPage(request, reply) {
    const { staff, params: { id } } = request
    const data = await db.read(staff, async (tx) => {
      const renewal = await engines.findRenewal(tx, id)
      return {
        today: tx.today, renewal: { ...renewal, ...await engines.ownAssignee(tx, id) },
        ladder: await engines.ladderOf(tx, renewal), types: await engines.serviceTypes(tx),
      }
    })
    return show(reply, 'renewal', request, data)
  }

  async function create(request, reply) {
    const { t } = wordsFor(request)
    const given = readFields(request.body, fields)
    for (const name of ['user_id', 'service_type', 'due_date']) if (!given[name]) wanted(name)
    const { id } = await db.write(request.staff, (tx) => engines.createRenewal(tx, given))
    return answer(request, reply, { message: t('Renewal {id} is saved.', { id }), go: page(id) })
  }

  async function edit(request, reply) {
    const { t } = wordsFor(request)
    const { id } = request.params
    const given = readFields(request.body, fields)
    for (const name of ['service_type', 'due_date']) if (given[name] === null) wanted(name)
    await db.write(request.staff, (tx) => engines.editRenewal(tx, id, given))
    return answer(request, reply, { message: t('Renewal {id} is saved.', { id }), go: page(id) })
  }

  async function complete(request, reply) {
    const { t } = wordsFor(request)
    const { id } = request.params
    const { next_due_date: due } = readFields(request.body, { next_due_date: 'date' })
    const { next } = await db.write(request.staff, (tx) => engines.completeRenewal(tx, id, due))
    const message = next ? t('Renewal {id} is completed; the next one is {next}.', { id, next: next.id }) : t('Renewal {id} is completed.', { id })
    return answer(request, reply, { message, go: page(next?.id ?? id) })
  }

  async function cancel(request, reply) {
    const { t } = wordsFor(request)
    const { id } = request.params
    const { reason } = readFields(request.body, { reason: 'text' })
    await db.write(request.staff, (tx) => engines.cancelRenewal(tx, id, reason))
    return answer(request, reply, { message: t('Renewal {id} is cancelled.', { id }), go: page(id) })
  }

  return {
    register(app, { taskId }) {
      const schema = { params: taskId }
      app.get('/renewals', {
        schema: {
          querystring: {
            type: 'object',
            additionalProperties: false,
            properties: {
              show: { enum: ['active', 'overdue', 'closed'], default: 'active' },
              within: { type: 'integer', minimum: 0, maximum: 36500 },
              search: { type: 'string', maxLength: 200 },
              after: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{1,18}$' },
            },
          },
        },
      }, renewalsPage)
      app.post('/renewals', create)
      app.get('/renewals/:id', { schema }, renewalPage)
      app.post('/renewals/:id/edit', { schema }, edit)
      app.post('/renewals/:id/complete', { schema }, complete)
      app.post('/renewals/:id/cancel', { schema }, cancel)
    },
  }
}
