// What pages send: forms with a method and an address of their own.  A browser
// without scripts sends them as they are and is sent on to a page; scripts send
// the same fields, ask for JSON, and get the sentence to show.

import * as directory from './directory.js'
import { Problem } from './errors.js'
import { readFields, refuse } from './fields.js'
import { attributesText, formatIn, fromSegment, segment } from './format.js'
import { createHistory, fieldName, idsIn } from './history.js'
import * as taskq from './taskq.js'
import { languages, m, wordsFor } from './words.js'

const isScript = (request) => /application\/json/.test(request.headers.accept ?? '')

// Where to go from a form: nowhere but to a page of this console.  It is
// parsed as a browser will, which drops tabs and line ends and resolves "/./";
// and again, since what comes of that can be another site's address.
const here = 'http://console.invalid'
const longestNext = 2000 // what a cookie has room for, too
export function safeNext(next) {
  let path = typeof next === 'string' && next.startsWith('/') ? next : '/tasks'
  for (let n = 0; n < 2; n++) {
    if (!URL.canParse(path, here)) return '/tasks'
    const { origin, pathname, search, hash } = new URL(path, here)
    if (origin !== here) return '/tasks'
    path = pathname + search + hash
  }
  return path.length > longestNext ? '/tasks' : path
}

// message: what has been done; go: the page to see it on.
export function answer(request, reply, { message, go = '/tasks', ...more }) {
  if (isScript(request)) return reply.send({ message, go, ...more })
  return reply.redirect(go, 303)
}

const editFields = {
  title: 'text', description: 'text', labels: 'list', attributes: 'attributes', priority: 'key', sla_hours: 'number', note: 'text',
  due_date: 'date', team_id: 'key', assignee_id: 'key', if_unchanged_since: 'instant',
}
const emptyIsNothing = ['title', 'priority', 'if_unchanged_since'] // what a task cannot be without

// A form sends all that it has.  What somebody has left as it was is not to be done:
// an SLA that is set, even to the hours that it has, is no longer the policy's.
function changesTo(task, changes) {
  const asSent = {
    labels: (task.labels ?? []).join(', '), attributes: attributesText(task.attributes), description: task.description ?? '',
  }
  const { if_unchanged_since: since, ...wanted } = changes
  const before = { ...task, ...readFields(asSent, editFields) }
  const isSame = (name) => JSON.stringify(wanted[name] ?? null) === JSON.stringify(before[name] ?? null)
  const differing = Object.fromEntries(Object.entries(wanted).filter(([name]) => !isSame(name)))
  return Object.keys(differing).length ? { ...differing, if_unchanged_since: since } : null
}

const bulkFields = {
  action: 'key', ids: 'ids', note: 'text', reason: 'text', until: 'instant', assignee_id: 'key', team_id: 'key', due_date: 'date',
  priority: 'key', labels: 'list', remove_labels: 'list',
}

const verbs = {
  start: (tx, ids) => taskq.moveTasks(tx, 'start', ids, {}),
  complete: (tx, ids, body) => taskq.moveTasks(tx, 'complete', ids, body),
  async finish(tx, ids, body) {
    await taskq.moveTasks(tx, 'start', ids, {})
    await taskq.moveTasks(tx, 'complete', ids, body)
  },
  cancel: (tx, ids, body) => taskq.moveTasks(tx, 'cancel', ids, body),
  assign: (tx, ids, body) => taskq.moveTasks(tx, 'assign', ids, body),
  unassign: (tx, ids) => taskq.moveTasks(tx, 'assign', ids, { assignee_id: null }),
  team: (tx, ids, body) => taskq.moveTasks(tx, 'assign_team', ids, body),
  reschedule: (tx, ids, body) => taskq.moveTasks(tx, 'reschedule', ids, body),
  prioritize: (tx, ids, body) => taskq.moveTasks(tx, 'prioritize', ids, body),
  label: (tx, ids, body) => taskq.labelTasks(tx, ids, body.labels ?? [], body.remove_labels ?? []),
  comment: (tx, ids, body) => taskq.moveTasks(tx, 'comment', ids, body),
  pause: (tx, ids, body) => taskq.moveTasks(tx, 'pause', ids, body),
  resume: (tx, ids) => taskq.moveTasks(tx, 'resume', ids, {}),
}

const said = {
  start: [m('Task {id} is in progress.'), m('{n} tasks have been started.')],
  complete: [m('Task {id} is completed.'), m('{n} tasks have been completed.')],
  finish: [m('Task {id} is completed.'), m('{n} tasks have been completed.')],
  cancel: [m('Task {id} is cancelled.'), m('{n} tasks have been cancelled.')],
  pause: [m('Task {id} is paused.'), m('{n} tasks have been paused.')],
  resume: [m('Task {id} is no longer paused.'), m('{n} tasks have been resumed.')],
}

export function createForms({ db }) {
  // Somebody else was faster: who, when, and what; and what was wanted here.
  async function conflictOf(request, id, changes) {
    const words = wordsFor(request)
    const format = formatIn(words)
    return db.read(request.staff, async (tx) => {
      const task = await taskq.findTask(tx, id)
      const events = (await taskq.historySince(tx, id, changes.if_unchanged_since)).filter(({ kind }) => kind !== 'commented').reverse().slice(0, 10)
      const yours = Object.entries(changes).filter(([name, value]) => name in task && name !== 'attributes' && JSON.stringify(task[name]) !== JSON.stringify(value))
      const wanted = idsIn([...events, { changes: Object.fromEntries(yours.map(([name, to]) => [name, { to }])) }])
      const { event, told } = createHistory(words, format, await taskq.namesOf(tx, wanted), tx.today)
      const theirs = events.map((one) => {
        const { text, lines } = event(one)
        return {
          text: words.t('{what}, {ago}.', { what: text, ago: format.ago(one.at) }),
          lines: lines.map(({ field, from, to, text: value }) => (value ? `${field}: ${value}` : `${field}: ${from} → ${to}`)),
        }
      })
      return {
        updated_at: task.updated_at,
        theirs,
        yours: yours.map(([name, value]) => `${fieldName(name, words.t)}: ${name === 'labels' ? (value ?? []).join(', ') : told(name, value)}`),
      }
    })
  }

  // A refusal that names somebody by id gets the name.
  async function named(work) {
    try {
      return await work()
    } catch (error) {
      const id = / by (.+?)\.?$/s.exec(error.detail ?? '')?.[1]
      if (id) error.who = (await db.own('SELECT name FROM taskq_staff_member WHERE id = $1', [id]).catch(() => []))[0]?.name
      throw error
    }
  }

  async function edit(request, reply) {
    const { staff, params: { id }, body } = request
    const { t } = wordsFor(request)
    const changes = readFields(body, editFields)
    for (const name of emptyIsNothing) {
      if (changes[name] === null) {
        if (name === 'title') refuse('title', m('A title has 1 to 200 characters, on one line.'))
        delete changes[name]
      }
    }
    try {
      const task = await named(() => db.write(staff, async (tx) => {
        const current = await taskq.findTask(tx, id)
        const differing = current && changesTo(current, changes)
        return differing ? taskq.editTask(tx, id, differing) : current
      }))
      if (!task) throw new Problem(404, m('Task {id} does not exist.'), { values: { id } })
      return answer(request, reply, { message: t('Task {id} is saved.', { id }), go: `/tasks/${id}` })
    } catch (error) {
      if (error.code !== '55000' || !changes.if_unchanged_since) throw error
      const conflict = await conflictOf(request, id, changes)
      throw new Problem(412, m('Somebody else has changed this task meanwhile. Nothing has been saved.'), { conflict })
    }
  }

  async function followUp(request, reply) {
    const { staff, params: { id }, body } = request
    const { t } = wordsFor(request)
    const fields = readFields(body, { title: 'text', due_date: 'date', assignee_id: 'key' })
    const next = await db.write(staff, (tx) => taskq.followUp(tx, id, fields))
    return answer(request, reply, { message: t('Task {next} follows up task {id}.', { next, id }), go: `/tasks/${next}`, open: Number(next) })
  }

  async function change(request, reply) {
    const { t, tn } = wordsFor(request)
    const { action, ids, ...body } = readFields(request.body, bulkFields)
    if (!Object.hasOwn(verbs, action ?? '') || !ids) throw new Problem(422, m('Say what is to be done to which tasks.'))
    if (action === 'comment' && !body.note?.trim()) refuse('note', m('A note has 1 to 65,536 characters.'))
    if (action === 'prioritize' && !body.priority) refuse('priority', m('Choose a priority.'))
    await named(() => db.write(request.staff, (tx) => verbs[action](tx, ids, body)))
    const [one, many] = said[action] ?? [m('Task {id} has been changed.'), m('{n} tasks have been changed.')]
    return answer(request, reply, { message: ids.length === 1 ? t(one, { id: ids[0] }) : tn(ids.length, many, many), ids })
  }

  // Views that somebody has saved are theirs alone.
  async function saveView(request, reply) {
    const { t } = wordsFor(request)
    const { name, query, remove } = readFields(request.body, { name: 'key', query: 'text', remove: 'flag' })
    if (!name || name.length > 63) refuse('name', m('A name has 1 to 63 characters.'))
    const { staff } = request
    if (remove) {
      await db.own('DELETE FROM console.saved_view WHERE staff_id = $1 AND name = $2', [staff.id, name])
      return answer(request, reply, { message: t('View “{name}” is gone.', { name }), go: '/tasks' })
    }
    const search = new URLSearchParams(query ?? '')
    for (const gone of ['after', 'back', 'saved']) search.delete(gone)
    const [{ n }] = await db.own('SELECT count(*)::integer AS n FROM console.saved_view WHERE staff_id = $1 AND name <> $2', [staff.id, name])
    if (n >= 50) throw new Problem(409, m('Fifty views are enough. Remove one first.'))
    await db.own(`
      INSERT INTO console.saved_view (staff_id, name, query) VALUES ($1, $2, $3)
      ON CONFLICT (staff_id, name) DO UPDATE SET query = excluded.query`, [staff.id, name, search.toString()])
    search.append('saved', name)
    return answer(request, reply, { message: t('View “{name}” is saved.', { name }), go: `/tasks?${search}` })
  }

  async function merge(request, reply) {
    const { t } = wordsFor(request)
    const { to_id: to } = readFields(request.body, { to_id: 'key' })
    if (!to) refuse('to_id', m('Say which customer it is to become part of.'))
    const { tasks, renewals } = await db.write(request.staff, (tx) => directory.mergeCustomer(tx, fromSegment(request.params.id), to))
    return answer(request, reply, { message: t('Merged: {tasks} tasks and {renewals} renewals have gone over.', { tasks, renewals }), go: `/customers/${segment(to)}` })
  }

  async function setLanguage(request, reply) {
    const { language, next } = readFields(request.body, { language: 'key', next: 'text' })
    if (languages[language]) reply.setCookie('language', language, { path: '/', sameSite: 'lax', maxAge: 365 * 24 * 3600 })
    return answer(request, reply, { go: safeNext(next) })
  }

  function register(app, { taskId, customerId }) {
    app.post('/tasks/:id/edit', { schema: { params: taskId } }, edit)
    app.post('/tasks/:id/follow-up', { schema: { params: taskId } }, followUp)
    app.post('/tasks/change', change)
    app.post('/customers/:id/merge', { schema: { params: customerId } }, merge)
    app.post('/views', saveView)
    app.post('/language', { config: { anybody: true } }, setLanguage)
  }

  return { register }
}
