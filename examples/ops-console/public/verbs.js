// What can be done to tasks from the list, to one or to many: which of them a verb
// is for, what is asked before, and what is said.

import { confirm, send } from './actions.js'
import { isWaiting, later } from './later.js'
import { show } from './message.js'
import { m, tn } from './words.js'

const askAbove = 10

// for: the tasks that the lifecycle lets it have; asks: it has fields in the dialog.
const verbs = {
  start: { for: (task) => !task.started, title: [m('Start one task'), m('Start {n} tasks')], said: [m('One task will be started.'), m('{n} tasks will be started.')] },
  complete: { for: (task) => task.status !== 'OPEN', waits: true, title: [m('Complete one task'), m('Complete {n} tasks')], said: [m('Task {id} will be completed.'), m('{n} tasks will be completed.')] },
  finish: { for: () => true, offered: (tasks) => tasks.some(({ status }) => status === 'OPEN'), waits: true, title: [m('Start and complete one task'), m('Start and complete {n} tasks')], said: [m('Task {id} will be completed.'), m('{n} tasks will be completed.')] },
  assign: { for: () => true, asks: true, title: [m('Assign one task'), m('Assign {n} tasks')], said: [m('One task will be assigned.'), m('{n} tasks will be assigned.')] },
  team: { for: () => true, asks: true, title: [m('Give one task to a team'), m('Give {n} tasks to a team')], said: [m('One task will be given to another team.'), m('{n} tasks will be given to another team.')] },
  reschedule: { for: () => true, asks: true, title: [m('Reschedule one task'), m('Reschedule {n} tasks')], said: [m('One task will be rescheduled.'), m('{n} tasks will be rescheduled.')] },
  prioritize: { for: () => true, asks: true, title: [m('Change the priority of one task'), m('Change the priority of {n} tasks')], said: [m('The priority of one task will change.'), m('The priority of {n} tasks will change.')] },
  label: { for: () => true, asks: true, title: [m('Change the labels of one task'), m('Change the labels of {n} tasks')], said: [m('The labels of one task will change.'), m('The labels of {n} tasks will change.')] },
  comment: { for: () => true, asks: true, title: [m('Write a note to one task'), m('Write a note to {n} tasks')], said: [m('One task will get a note.'), m('{n} tasks will get a note.')] },
  pause: { for: (task) => !task.paused, asks: true, title: [m('Pause one task'), m('Pause {n} tasks')], said: [m('One task will be paused.'), m('{n} tasks will be paused.')] },
  resume: { for: (task) => task.paused, title: [m('Resume one task'), m('Resume {n} tasks')], said: [m('One task will be resumed.'), m('{n} tasks will be resumed.')] },
  cancel: { for: () => true, asks: true, waits: true, title: [m('Cancel one task'), m('Cancel {n} tasks')], said: [m('Task {id} will be cancelled.'), m('{n} tasks will be cancelled.')] },
}

export const taskOf = ({ dataset }) => ({ id: dataset.id, status: dataset.status, started: 'started' in dataset, paused: 'paused' in dataset })

export function eligible(verb, tasks) {
  const { for: may, offered = () => true } = verbs[verb]
  const open = tasks.filter(({ id, status }) => !['COMPLETED', 'CANCELLED'].includes(status) && !isWaiting(id))
  return offered(open) ? open.filter(may) : []
}

const dialog = document.getElementById('change')
const form = document.getElementById('change-form')
let asked = null // what the dialog is about

function paramsOf(verb, tasks, fields = []) {
  const params = new URLSearchParams(fields.filter(([name]) => name !== 'ids' && name !== 'action'))
  params.set('action', verb)
  params.set('ids', tasks.map(({ id }) => id).join(','))
  return params
}

// One task is changed at once unless that cannot be taken back; many can be undone.
function run(verb, tasks, { fields, element, after }) {
  const path = '/tasks/change'
  const params = paramsOf(verb, tasks, fields)
  const go = (place) => send(path, params, place, ({ message }) => show(message))
  if (!verbs[verb].waits && tasks.length === 1) {
    return go(element).then((answer) => {
      if (answer) after?.()
      return answer
    })
  }
  const [one, many] = verbs[verb].said
  later(tn(tasks.length, one, many, { id: tasks[0].id }), { ids: tasks.map(({ id }) => id), path, params, send: () => go(tasks.length === 1 ? document.getElementById(`task-${tasks[0].id}`) : null) })
  after?.()
}

function ask(verb, tasks, options) {
  asked = { verb, tasks, options }
  const [one, many] = verbs[verb].title
  const title = tn(tasks.length, one, many)
  document.getElementById('change-title').textContent = title
  document.getElementById('change-yes').textContent = title
  form.reset()
  for (const part of form.querySelectorAll('[data-for]')) {
    part.hidden = part.dataset.for !== verb
    for (const field of part.querySelectorAll('input, select, textarea')) field.disabled = part.hidden
  }
  dialog.showModal()
  form.querySelector('[data-for]:not([hidden]) :is(input:not([type="hidden"]), select, textarea)')?.focus()
}

form?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { verb, tasks, options } = asked
  const fields = [...new FormData(form)]
  const { after } = options
  const answer = await run(verb, tasks, { ...options, fields, element: form, after: () => { dialog.close(); after?.() } })
  if (answer === null) return
  if (dialog.open) dialog.close()
})

// Does it to those of the tasks that it is for; after: what follows as soon as it is under way.
export function act(verb, tasks, options = {}) {
  const chosen = eligible(verb, tasks)
  if (chosen.length === 0) return false
  const [one, many] = verbs[verb].title
  if (verbs[verb].asks) ask(verb, chosen, options)
  else if (chosen.length > askAbove) confirm(tn(chosen.length, one, many), () => run(verb, chosen, options))
  else run(verb, chosen, options)
  return true
}
