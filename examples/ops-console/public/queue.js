// The list: filters that act at once, selection with what can be done to all
// of it, and dates that are changed in place.

import { send } from './actions.js'
import { show } from './message.js'
import { act, eligible, taskOf } from './verbs.js'
import { t, tn } from './words.js'

// --- filters

const filters = document.getElementById('filters')
const fold = document.getElementById('fold')

function apply() {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData(filters)) if (value !== '') query.append(name, value)
  const text = query.toString()
  location.assign(text ? `/tasks?${text}` : '/tasks')
}

// Some of its fields stand elsewhere in the page.
document.addEventListener('change', ({ target }) => {
  if (!filters || target.form !== filters) return
  if (target.name === 'unassigned' && target.checked && filters.elements.assignee_id) filters.elements.assignee_id.value = ''
  if (target.name === 'assignee_id' && target.value) filters.elements.unassigned.checked = false
  if (target.name !== 'search') apply()
})
filters?.addEventListener('submit', (event) => {
  event.preventDefault()
  apply()
})

// On a small screen they are folded away, unless some of them are used.
const small = matchMedia('(width <= 820px)')
const foldAway = () => { if (fold) fold.open = !small.matches }
foldAway()
small.addEventListener('change', foldAway)

// --- selection

const rows = document.getElementById('rows')
const bulk = document.getElementById('bulk')
const all = document.getElementById('select-all')
let lastBox = null

const boxes = () => [...rows?.querySelectorAll('.c-select input:not(:disabled)') ?? []]
export const selected = () => boxes().filter((box) => box.checked).map((box) => taskOf(box.closest('tr')))

function showSelection() {
  if (!bulk) return
  const every = boxes()
  for (const box of every) box.closest('tr').classList.toggle('chosen', box.checked)
  const tasks = selected()
  bulk.hidden = tasks.length === 0
  document.getElementById('bulk-count').textContent = tn(tasks.length, 'One selected', '{n} selected')
  all.checked = tasks.length > 0 && tasks.length === every.length
  all.indeterminate = tasks.length > 0 && !all.checked
  // What the lifecycle refuses is not offered; what it has for some says for how many.
  for (const button of bulk.querySelectorAll('[data-bulk]')) {
    const n = eligible(button.dataset.bulk, tasks).length
    button.dataset.words ??= button.textContent.trim()
    button.hidden = n === 0
    button.textContent = n < tasks.length ? t('{words} ({n} of {all})', { words: button.dataset.words, n, all: tasks.length }) : button.dataset.words
  }
}

export function clearSelection() {
  for (const box of boxes()) box.checked = false
  showSelection()
}
export function selectAll() {
  if (!all) return
  all.checked = !all.checked
  all.dispatchEvent(new Event('change', { bubbles: true }))
}

// With shift, everything from the last box to this one.
function selectRange(box) {
  const every = boxes()
  const [from, to] = [every.indexOf(lastBox), every.indexOf(box)].sort((a, b) => a - b)
  if (from >= 0) for (const between of every.slice(from, to + 1)) between.checked = box.checked
}

rows?.addEventListener('click', (event) => {
  const box = event.target.closest('.c-select input')
  if (!box) return
  if (event.shiftKey && lastBox) selectRange(box)
  lastBox = box
  showSelection()
})
all?.addEventListener('change', () => {
  for (const box of boxes()) box.checked = all.checked
  showSelection()
})
document.addEventListener('refreshed', showSelection)

bulk?.addEventListener('click', ({ target }) => {
  if (target.id === 'bulk-clear') clearSelection()
  else if (target.dataset.bulk) act(target.dataset.bulk, selected(), { after: clearSelection })
})

// --- one task

// Where the eyes go when a row is done with: the next one, else the one before.
function toNext(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling
  if (document.activeElement === document.body || row.contains(document.activeElement)) next?.focus({ preventScroll: true })
}

export function actOnRow(row, verb) {
  const button = row.querySelector(`[data-do="${verb}"]`)
  return act(verb, [taskOf(row)], { element: button ?? row, after: ['complete', 'finish', 'cancel'].includes(verb) ? () => toNext(row) : undefined })
}

rows?.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]')
  if (button) actOnRow(button.closest('tr'), button.dataset.do)
})

// --- rescheduling in place

export function closeReschedule() {
  const form = document.querySelector('.reschedule')
  if (!form) return false
  const row = form.closest('tr')
  form.remove()
  row.focus({ preventScroll: true })
  return true
}

function openReschedule(button) {
  closeReschedule()
  const row = button.closest('tr')
  const form = document.getElementById('reschedule').content.firstElementChild.cloneNode(true)
  const field = form.elements.due_date
  field.value = button.dataset.reschedule
  const since = document.createElement('input')
  since.type = 'hidden'
  since.name = 'if_unchanged_since'
  since.value = row.dataset.updated
  form.append(since)
  const save = async (date) => {
    field.value = date
    const answer = await send(`/tasks/${row.dataset.id}/edit`, new URLSearchParams(new FormData(form)), form, ({ message }) => { show(message); form.remove() })
    if (answer) document.getElementById(row.id)?.focus()
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    save(field.value)
  })
  form.addEventListener('click', ({ target }) => { if (target.dataset.date) save(target.dataset.date) })
  button.after(form)
  field.focus()
}

rows?.addEventListener('click', (event) => {
  const button = event.target.closest('[data-reschedule]')
  if (button) openReschedule(button)
})
document.addEventListener('pointerdown', ({ target }) => {
  if (!target.closest('.c-due')) closeReschedule()
})
