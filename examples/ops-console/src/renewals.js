// What is about to expire: the list by days until due, and each with its ladder.

import * as engines from './engines.js'
import { Problem } from './errors.js'
import { readFields } from './fields.js'
import { answer } from './forms.js'
import { m, wordsFor } from './words.js'

const pageSize = 100
const key = { type: 'string', minLength: 1, maxLength: 255 }

const shown = `
  SELECT to_jsonb(r) || jsonb_build_object('own_assignee_id', o.assignee_id, 'own_assignee_name', s.name) AS renewal
  FROM taskq_renewals r JOIN taskq_renewal o ON o.id = r.id LEFT JOIN taskq_staff_member s ON s.id = o.assignee_id
  WHERE true`

async function list(tx, { show, within, search, after }, locale) {
  const conditions = []
  const values = []
  const add = (condition, ...given) => {
    conditions.push(condition.replace(/\?/g, () => `$${values.push(given.shift())}`))
  }
  const isClosed = show === 'closed'
  add(isClosed ? `r.stored_status IN ('COMPLETED', 'CANCELLED')` : `r.stored_status NOT IN ('COMPLETED', 'CANCELLED')`)
  if (show === 'overdue') add('r.due_date < taskq_today()')
  if (within !== undefined) add('r.due_date <= taskq_today() + ?::integer', within)
  for (const word of (search ?? '').split(/\s+/).filter(Boolean).slice(0, 8)) {
    const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`
    add(`(taskq_fold(r.customer_name) LIKE taskq_fold(?) OR taskq_fold(r.service_type) LIKE taskq_fold(?) OR taskq_fold(coalesce(r.reference, '')) LIKE taskq_fold(?))`, like, like, like)
  }
  const [day, id] = (after ?? '').split('_')
  if (/^\d{4}-\d\d-\d\d$/.test(day) && /^\d{1,18}$/.test(id)) add(isClosed ? '(r.due_date, r.id) < (?, ?)' : '(r.due_date, r.id) > (?, ?)', day, id)
  const direction = isClosed ? 'DESC' : 'ASC'
  const rows = await tx.rows(`${shown} AND ${conditions.join(' AND ')} ORDER BY r.due_date ${direction}, r.id ${direction} LIMIT ${pageSize + 1}`, values)
  const renewals = rows.slice(0, pageSize).map(({ renewal }) => renewal)
  const last = renewals.at(-1)
  return { renewals, next: rows.length > pageSize ? `${last.due_date}_${last.id}` : null }
}

const find = async (tx, id) => (await tx.row(`${shown} AND r.id = $1`, [id]))?.renewal

// Each step of the ladder: when, what then, and what came of it.
const ladder = (tx, { id, service_type: type, due_date: due }) => tx.rows(`
  SELECT l.days_before, l.task_priority, max(taskq_renewal_threshold_day(l.days_before, $3, l.calendar)) OVER (ORDER BY l.days_before DESC)::text AS day,
         x.crossed_at::text, x.outcome, x.task_id
  FROM taskq_renewal_ladder($2) l
  LEFT JOIN taskq_renewal_crossing x ON x.renewal_id = $1 AND x.due_date = $3 AND x.days_before = l.days_before
  ORDER BY l.days_before DESC`, [id, type, due])

const types = async (tx) => (await tx.rows(`SELECT DISTINCT service_type AS type FROM (SELECT service_type FROM taskq_renewal ORDER BY id DESC LIMIT 1000) r ORDER BY 1 LIMIT 100`)).map(({ type }) => type)

export function createRenewals({ db, show }) {
  const fields = { user_id: 'key', service_type: 'text', due_date: 'date', assignee_id: 'key', reference: 'text', notes: 'text', every: 'text' }
  const page = (id) => `/renewals/${id}`
  const noSuch = (id) => new Problem(404, m('Renewal {1} does not exist.'), { values: { 1: id } })
  const wanted = (field) => {
    const message = m('This has to be filled in.')
    return new Problem(422, message, { errors: [{ field, message }] })
  }

  async function renewalsPage(request, reply) {
    const { locale } = wordsFor(request)
    const data = await db.read(request.staff, async (tx) => ({ today: tx.today, types: await types(tx), ...await list(tx, request.query, locale) }))
    return show(reply, 'renewals', request, { filter: request.query, ...data })
  }

  async function renewalPage(request, reply) {
    const data = await db.read(request.staff, async (tx) => {
      const renewal = await find(tx, request.params.id)
      if (!renewal) throw noSuch(request.params.id)
      return { today: tx.today, renewal, ladder: await ladder(tx, renewal), types: await types(tx) }
    })
    return show(reply, 'renewal', request, data)
  }

  async function create(request, reply) {
    const { t } = wordsFor(request)
    const given = readFields(request.body, fields)
    for (const name of ['user_id', 'service_type', 'due_date']) if (!given[name]) throw wanted(name)
    const { id } = await db.write(request.staff, (tx) => engines.createRenewal(tx, given))
    return answer(request, reply, { message: t('Renewal {id} is saved.', { id }), go: page(id) })
  }

  async function edit(request, reply) {
    const { t } = wordsFor(request)
    const { id } = request.params
    const { user_id: fixed, ...given } = readFields(request.body, fields)
    for (const name of ['service_type', 'due_date']) if (given[name] === null) throw wanted(name)
    const names = Object.keys(given)
    if (names.length) {
      const sets = names.map((name, n) => `${name} = $${n + 2}${name === 'every' ? '::interval' : ''}`)
      const row = await db.write(request.staff, (tx) => tx.row(`UPDATE taskq_renewal SET ${sets.join(', ')} WHERE id = $1 RETURNING id`, [id, ...names.map((name) => given[name])]))
      if (!row) throw noSuch(id)
    }
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
              after: { type: 'string', maxLength: 40 },
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
