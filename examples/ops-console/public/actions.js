// Buttons and forms that call the HTTP API say so in the page:
//
//   data-api        where to
//   data-done       what then: one of the names in "done" below
//   data-auto       a form that is sent as soon as a field changes
//   data-null       a field that means null when it is empty; others are left out
//   data-list       a field with several values, separated by commas
//
// and data-open and data-close are for dialogs.

import { post } from './api.js'
import { openTask, reloadTask } from './drawer.js'
import { show } from './message.js'
import { lookAgain, refresh } from './refresh.js'

const parts = (text) => text.split(',').map((part) => part.trim()).filter(Boolean)

export function fieldsOf(form) {
  const body = {}
  for (const field of form.elements) {
    if (!field.name || field.name === 'csrf') continue
    if (field.type === 'checkbox') body[field.name] = field.checked
    else if ('list' in field.dataset) body[field.name] = parts(field.value)
    else if (field.value === '') {
      if ('null' in field.dataset) body[field.name] = null
    } else {
      body[field.name] = field.type === 'number' ? Number(field.value) : field.value
    }
  }
  return body
}

const words = { OPEN: 'open', IN_PROGRESS: 'in progress', OVERDUE: 'still overdue', COMPLETED: 'completed', CANCELLED: 'cancelled' }

const done = {
  state: ({ id, status }) => show(`Task ${id} is ${words[status]}.`),
  close: (answer, element) => { element.reset(); element.closest('dialog').close(); show(`Task ${answer.id} has been created.`) },
  reset: (answer, element) => { element.reset(); show(`Task ${answer.id} has been created.`) },
  paused: ({ id, resume_at }) => show(`Task ${id} is paused${resume_at ? ` until ${resume_at.slice(0, 16).replace('T', ' ')}` : ''}.`),
  resumed: ({ id }) => show(`Task ${id} is no longer paused.`),
  renewals: ({ crossed }) => show(crossed.length ? `${crossed.length} renewals have crossed a threshold.` : 'All renewals are up to date.'),
  drawer({ tasks }) {
    if (tasks.length) openTask(tasks[0].id)
    else show('Every task has somebody.')
  },
}

async function tellHowItIs() {
  if (!await lookAgain()) return
  await reloadTask().catch(() => {})
  show('The console answers again. This page shows how things are now.')
}

// Disables what was pressed until the answer is there, and shows a refusal.
export async function send(path, body, element) {
  const buttons = element instanceof HTMLFormElement ? [...element.querySelectorAll('button')] : [element]
  for (const button of buttons) button.disabled = true
  try {
    const answer = await post(path, body)
    done[element.dataset?.done]?.(answer, element)
    await Promise.all([refresh(), reloadTask()])
    return answer
  } catch (error) {
    show(error.message, { bad: true })
    if (error.isUnknown) tellHowItIs()
    if (element.matches?.('[data-auto]')) await reloadTask()
    return null
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button')
  if (!button) return
  const { api, open } = button.dataset
  if (open) document.querySelector(open).showModal()
  else if ('close' in button.dataset) button.closest('dialog').close()
  else if (api) send(api, {}, button)
})

document.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-api]')
  if (!form) return
  event.preventDefault()
  send(form.dataset.api, fieldsOf(form), form)
})

document.addEventListener('change', (event) => {
  event.target.closest('form[data-auto]')?.requestSubmit()
})
