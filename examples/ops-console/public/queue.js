// The list: filters that act at once, selection with what can be done to all
// of it, and dates that are changed in place.

import { fieldsOf, send } from './actions.js'
import { show } from './message.js'

// --- filters

const filters = document.getElementById('filters')

function apply() {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData(filters)) if (value !== '') query.append(name, value)
  const text = query.toString()
  location.assign(text ? `/tasks?${text}` : '/tasks')
}

// Some of its fields stand elsewhere in the page.
document.addEventListener('change', ({ target }) => {
  if (!filters || target.form !== filters) return
  if (target.name === 'unassigned' && target.checked) filters.elements.assignee_id.value = ''
  if (target.name === 'assignee_id') filters.elements.unassigned.checked = false
  if (target.name !== 'search') apply()
})
filters?.addEventListener('submit', (event) => {
  event.preventDefault()
  apply()
})

// --- selection

const rows = document.getElementById('rows')
const bulk = document.getElementById('bulk')
const all = document.getElementById('select-all')
let lastBox = null

const boxes = () => [...rows.querySelectorAll('.c-select input:not(:disabled)')]
const idsOf = (chosen) => chosen.map((box) => Number(box.closest('tr').dataset.id))

function showSelection() {
  if (!bulk) return
  const every = boxes()
  for (const box of every) box.closest('tr').classList.toggle('chosen', box.checked)
  const chosen = every.filter((box) => box.checked)
  bulk.hidden = chosen.length === 0
  document.getElementById('bulk-count').textContent = `${chosen.length} selected`
  all.checked = chosen.length > 0 && chosen.length === every.length
  all.indeterminate = chosen.length > 0 && !all.checked
}

function clearSelection() {
  for (const box of boxes()) box.checked = false
  showSelection()
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

async function changeAll(body, ids = idsOf(boxes().filter((box) => box.checked))) {
  const answer = await send('/ops/tasks/bulk', { ...body, ids }, bulk)
  if (!answer) return false
  clearSelection()
  show(ids.length === 1 ? 'One task has been changed.' : `${ids.length} tasks have been changed.`)
  return true
}

bulk?.addEventListener('click', ({ target }) => {
  if (target.id === 'bulk-clear') clearSelection()
  else if (target.id === 'bulk-pause') openPause()
  else if (target.matches('button[data-bulk]')) changeAll({ action: target.dataset.bulk })
})
bulk?.addEventListener('change', async ({ target }) => {
  if (target.value === '') return
  await changeAll({ action: 'assign', assignee_id: target.value })
  target.value = ''
})
bulk?.addEventListener('submit', (event) => event.preventDefault())

// --- pausing: what is selected, or the row that the key was pressed on

const pauseDialog = document.getElementById('pause')
let toPause // ids, or undefined: what is selected

function openPause(ids) {
  toPause = ids
  const n = ids?.length ?? boxes().filter((box) => box.checked).length
  document.getElementById('pause-title').textContent = n === 1 ? 'Pause one task' : `Pause ${n} tasks`
  pauseDialog.showModal()
}

document.getElementById('pause-form')?.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (!await changeAll({ action: 'pause', ...fieldsOf(event.target) }, toPause)) return
  event.target.reset()
  pauseDialog.close()
})

export function pauseOrResume(row) {
  if (!pauseDialog || row.querySelector('.c-select input:disabled')) return
  const ids = [Number(row.dataset.id)]
  if ('paused' in row.dataset) changeAll({ action: 'resume' }, ids)
  else openPause(ids)
}

// --- rescheduling in place

function closeReschedule() {
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
  const save = async (date) => {
    const answer = await send(`/ops/tasks/${row.dataset.id}/reschedule`, { due_date: date || null }, form)
    if (!answer) return
    form.remove()
    document.getElementById(row.id)?.focus()
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

export { closeReschedule }
