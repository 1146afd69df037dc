// Messages in the corner, and refusals where they belong.  Messages fade by
// themselves unless somebody is on them, let clicks through, and make room: the
// page can be scrolled past them.  A refusal stays with its field, its form or its
// row until something is done about it.

import { t } from './words.js'

const said = document.getElementById('said')
const errors = document.getElementById('errors')
const place = document.getElementById('toasts')
const shownFor = 5000
const errorsAreShownFor = 10_000
const atMost = 4

new ResizeObserver(() => {
  document.documentElement.style.setProperty('--toasts', `${place.offsetHeight}px`)
}).observe(place)

function button(words, className, act) {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = className
  element.textContent = words
  element.addEventListener('click', act)
  return element
}

// stays: it goes only when it is removed.  action: { words, key, act }.
export function show(text, { bad = false, stays = false, action, close } = {}) {
  const toast = document.createElement('div')
  toast.className = bad ? 'toast bad' : 'toast'
  const paragraph = document.createElement('p')
  paragraph.textContent = text
  toast.append(paragraph)
  if (action) {
    const act = button(action.words, 'act', action.act)
    if (action.key) act.dataset.key = action.key
    toast.append(act)
  }
  const shut = button('×', 'quiet', () => (close ? close() : toast.remove()))
  shut.setAttribute('aria-label', close ? t('Do it now') : t('Close message'))
  if (close) shut.title = t('Do it now')
  toast.append(shut)
  ;(bad ? errors : said).append(toast)
  const all = [...place.querySelectorAll('.toast:not(.stays)')]
  for (const old of all.slice(0, Math.max(0, all.length - atMost))) old.remove()
  if (stays) toast.classList.add('stays')
  else fade(toast, bad ? errorsAreShownFor : shownFor)
  return toast
}

function fade(toast, time) {
  let timer
  const start = () => { timer = setTimeout(() => toast.remove(), time) }
  const stop = () => clearTimeout(timer)
  for (const event of ['pointerenter', 'focusin']) toast.addEventListener(event, stop)
  for (const event of ['pointerleave', 'focusout']) toast.addEventListener(event, start)
  start()
}

// --- refusals

let number = 0

export function forgive(element) {
  for (const note of element.querySelectorAll('.problem')) note.remove()
  for (const field of element.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid')
    field.removeAttribute('aria-describedby')
  }
}

function noteOf(text) {
  const note = document.createElement('p')
  note.className = 'problem'
  note.id = `problem-${++number}`
  note.setAttribute('role', 'alert')
  note.textContent = text
  return note
}

const isShown = (field) => field && field.type !== 'hidden' && field.getClientRects().length > 0

function atField(form, error, text) {
  const name = error.problem?.errors?.find(({ field }) => field)?.field
  if (!name) return false
  const named = form.elements.namedItem(name)
  const field = [named?.pickedIn, named].find(isShown)
  if (!field) return false
  const note = noteOf(text)
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-describedby', note.id)
  ;(field.closest('.pick') ?? field).after(note)
  field.focus()
  return true
}

// Where what was pressed is, or else in the corner.
export function refuse(element, error) {
  const text = error.message
  const form = element?.closest?.('form')
  const row = element?.closest?.('#rows > tr')
  if (form && form.isConnected && form.id !== 'filters') {
    forgive(form)
    if (atField(form, error, text)) return
    if (form.matches('.reschedule, .fields, .comment, [data-auto]')) return void form.append(noteOf(text))
  }
  const now = row && document.getElementById(row.id)
  if (now) {
    for (const old of now.querySelectorAll('.problem')) old.remove()
    return void now.querySelector('.c-title').append(noteOf(text))
  }
  const task = element?.closest?.('#task')
  const shown = document.getElementById('task') // drawn anew, or another one by now
  const buttons = (task?.isConnected ? task : task && shown?.dataset.id === task.dataset.id ? shown : null)?.querySelector('.buttons')
  if (buttons) return void buttons.append(noteOf(text))
  show(text, { bad: true })
}

// Somebody else was faster: what they did, what was wanted here, and what now.
export function showConflict(form, { conflict: { theirs, yours, updated_at } }, { again, reload }) {
  forgive(form)
  const box = document.createElement('div')
  box.className = 'problem conflict'
  box.setAttribute('role', 'alert')
  const add = (tag, text, parent = box) => {
    const element = document.createElement(tag)
    element.textContent = text
    parent.append(element)
    return element
  }
  add('b', t('Nothing has been saved: somebody else was faster.'))
  for (const { text, lines } of theirs) {
    add('p', text)
    for (const line of lines) add('p', line).className = 'line'
  }
  if (yours.length) add('p', t('What you wanted:'))
  for (const line of yours) add('p', line).className = 'line'
  const buttons = add('div', '')
  buttons.className = 'buttons'
  buttons.append(button(t('Save mine all the same'), '', () => {
    form.elements.if_unchanged_since.value = updated_at
    box.remove()
    again()
  }), button(t('Take theirs'), '', reload))
  form.append(box)
  buttons.firstChild.focus()
}
