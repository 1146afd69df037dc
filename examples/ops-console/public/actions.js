// Buttons and forms that change something say so in the page:
//
//   data-api        address of the HTTP API, and data-done: what then, of "done" below
//   data-send       a form that is sent as it is, but without leaving the page
//   data-later      the same, after six seconds in which it can be undone; what is said
//   data-go         go where the answer says
//   data-auto       a form that is sent as soon as a field changes
//   data-null       a field that means null when it is empty; others are left out
//   data-list       a field with several values, separated by commas
//
// and data-open, data-close and data-shut are for dialogs and what unfolds.

import { post } from './api.js'
import { openTask, reloadTask } from './drawer.js'
import { isWaiting, later } from './later.js'
import { forgive, refuse, show, showConflict } from './message.js'
import { lookAgain, refresh } from './refresh.js'
import { t, tn } from './words.js'

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

const done = {
  close: (answer, element) => { element.reset(); element.closest('dialog').close(); show(t('Task {id} has been created.', { id: answer.id })) },
  reset: (answer, element) => { element.reset(); show(t('Task {id} has been created.', { id: answer.id })) },
  renewals: ({ crossed }) => show(crossed.length ? tn(crossed.length, 'One renewal has crossed a threshold.', '{n} renewals have crossed a threshold.') : t('All renewals are up to date.')),
  drawer({ tasks }) {
    if (tasks.length) openTask(tasks[0].id)
    else show(t('Every task has somebody.'))
  },
}

async function tellHowItIs() {
  if (!await lookAgain()) return
  await reloadTask().catch(() => {})
  show(t('The console answers again. This page shows how things are now.'))
}

function takeTheirs(form) {
  if (form.matches('.reschedule')) form.remove()
  else form.reset()
  return Promise.all([refresh(), reloadTask()])
}

// Disables what was pressed until the answer is there, and shows a refusal where it belongs.
export async function send(path, body, element, then = done[element?.dataset?.done]) {
  const buttons = element instanceof HTMLFormElement ? [...element.querySelectorAll('button')] : element instanceof HTMLButtonElement ? [element] : []
  const focused = document.activeElement
  for (const button of buttons) button.disabled = true
  if (element instanceof HTMLFormElement) forgive(element)
  try {
    const answer = await post(path, body)
    await then?.(answer, element)
    // It is done, whether or not the page can show it.
    await Promise.all([refresh(), reloadTask()]).catch(() => show(t('It is done, but this page could not be brought up to date.'), { bad: true }))
    return answer
  } catch (error) {
    if (error.problem?.conflict) {
      showConflict(element, error.problem, { again: () => element.requestSubmit(), reload: () => takeTheirs(element) })
      return null
    }
    // What is so now is shown first: the refusal is about it.
    if ([404, 409, 412].includes(error.problem?.status)) await refresh().catch(() => {})
    refuse(element, error)
    if (error.isUnknown) tellHowItIs()
    return null
  } finally {
    for (const button of buttons) button.disabled = false
    if (focused?.isConnected && document.activeElement === document.body) focused.focus({ preventScroll: true })
  }
}

// The next page says what has been done.
const storeAt = 'message'
function goTo(address, message) {
  if (message) sessionStorage.setItem(storeAt, message)
  if (address === location.pathname + location.search) location.reload()
  else location.assign(address)
}
const left = sessionStorage.getItem(storeAt)
sessionStorage.removeItem(storeAt)
if (left) show(left)

function sent(form) {
  return ({ message, go, open }) => {
    form.closest('details')?.removeAttribute('open')
    for (const field of form.elements) field.defaultValue = field.value // it is no longer being filled
    if (message && !('go' in form.dataset)) show(message)
    if ('go' in form.dataset) goTo(go, message)
    else if (open) openTask(open)
  }
}

function submit(form, submitter) {
  const path = form.getAttribute('action')
  const params = new URLSearchParams(new FormData(form, submitter))
  const run = () => send(path, params, form, sent(form))
  if (!('later' in form.dataset)) return run()
  form.closest('details')?.removeAttribute('open')
  if (isWaiting(form.elements.ids.value)) return show(t('Task {id} waits to be changed already.', { id: form.elements.ids.value }))
  return later(form.dataset.later, { ids: [form.elements.ids.value], path, params, send: run })
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button')
  if (!button) return
  const { api, open } = button.dataset
  if (open) document.querySelector(open).showModal()
  else if ('close' in button.dataset) button.closest('dialog').close()
  else if ('shut' in button.dataset) {
    button.closest('form').reset()
    button.closest('details').removeAttribute('open')
  } else if (api) send(api, {}, button)
})

document.addEventListener('submit', (event) => {
  const form = event.target
  if (event.submitter?.hasAttribute('formaction')) return // it leaves the page
  if ('send' in form.dataset) {
    event.preventDefault()
    submit(form, event.submitter)
  } else if (form.dataset.api) {
    event.preventDefault()
    send(form.dataset.api, fieldsOf(form), form)
  }
})

document.addEventListener('change', (event) => {
  event.target.form?.closest('form[data-auto]')?.requestSubmit()
})

// Asks, and does it if somebody says so.
export function confirm(question, run) {
  const dialog = document.getElementById('confirm')
  document.getElementById('confirm-title').textContent = `${question}?`
  const yes = document.getElementById('confirm-yes')
  yes.textContent = question
  yes.onclick = () => {
    dialog.close()
    run()
  }
  dialog.showModal()
}
