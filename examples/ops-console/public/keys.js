// The keyboard.  Single letters act on what is selected, else on the row that has
// the focus, else on the task in the drawer, unless somebody is writing.  They can be
// turned off: speech and some other tools press letters by accident.

import { closeTask, openTask } from './drawer.js'
import { actOnRow, clearSelection, closeReschedule, selectAll, selected } from './queue.js'
import { act, taskOf } from './verbs.js'

const rows = document.getElementById('rows')
const storeAt = 'single-keys'
const box = document.getElementById('keys-on')
const areOn = () => localStorage.getItem(storeAt) !== 'off'
box.checked = areOn()
box.addEventListener('change', () => localStorage.setItem(storeAt, box.checked ? 'on' : 'off'))

const isWriting = ({ target }) => target.matches('input:not([type="checkbox"]), textarea, select') || document.querySelector('dialog[open]')
const current = () => document.activeElement?.closest?.('#rows > tr')
const shownTask = () => document.querySelector('#drawer:not([hidden]) #task, main > #task')

function focusRow(row) {
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}
function move(step) {
  const row = current()
  focusRow(row ? (step > 0 ? row.nextElementSibling : row.previousElementSibling) : rows?.firstElementChild)
}

const press = (selector, root = document) => root.querySelector(selector)?.click()

// The same key on many, on a row, or in the drawer.
function on(verb, inTask) {
  const chosen = selected()
  if (chosen.length) return act(verb, chosen, { after: clearSelection })
  if (current()) return actOnRow(current(), verb)
  const task = shownTask()
  if (!task) return false
  if (inTask) return inTask(task)
  return act(verb, [taskOf(task)], { element: task })
}
const button = (key) => (task) => press(`button[data-key="${key}"]`, task)
function unfold(key, field) {
  return (task) => {
    const details = task.querySelector(`details[data-key="${key}"]`)
    if (!details) return
    details.open = true
    details.querySelector(field)?.focus()
  }
}
const field = (selector) => (task) => task.querySelector(selector)?.focus()

const isPaused = () => selected()[0]?.paused ?? ('paused' in (current() ?? shownTask())?.dataset ?? {})
const pages = ['/tasks', '/customers', '/renewals', '/reports', '/manage']

const keys = {
  g: () => focusRow(rows?.firstElementChild),
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => (current() ? move(1) : false),
  ArrowUp: () => (current() ? move(-1) : false),
  Enter: () => (document.activeElement === current() ? openTask(current().dataset.id) : false),
  x: () => press('.c-select input', current() ?? document.createElement('i')),
  a: selectAll,
  s: () => on('start', button('s')),
  c: () => on('complete', button('c')),
  d: () => on('finish', button('d')),
  r: () => (selected().length === 0 && current() ? press('[data-reschedule]', current()) : on('reschedule', field('[name="due_date"]'))),
  i: () => on('assign', field('[role="combobox"]')),
  m: () => {
    if (!current() || selected().length) return on('assign', button('m'))
    return openTask(current().dataset.id).then((isShown) => isShown && press('button[data-key="m"]', shownTask()))
  },
  t: () => on('team', (task) => task.querySelectorAll('.facts [role="combobox"]')[1]?.focus()),
  y: () => on('prioritize', unfold('edit', '[name="priority"]')),
  l: () => on('label', unfold('edit', '[name="labels"]')),
  o: () => on('comment', field('.comment textarea')),
  p: () => (isPaused() ? on('resume', button('p')) : on('pause', unfold('pause', '[name="reason"]'))),
  X: () => on('cancel', unfold('cancel', '[name="reason"]')),
  e: () => {
    if (current() && !shownTask()) return openTask(current().dataset.id).then((isShown) => isShown && unfold('edit', '[name="title"]')(shownTask()))
    return shownTask() ? unfold('edit', '[name="title"]')(shownTask()) : false
  },
  u: () => (shownTask() ? unfold('follow', '[name="title"]')(shownTask()) : false),
  n: () => press('[data-key="n"]'),
  w: () => press('[data-key="w"]'),
  v: () => document.querySelector('#views a')?.focus(),
  f: () => {
    const fold = document.getElementById('fold')
    if (!fold) return false
    fold.open = true
    fold.querySelector('input, select')?.focus()
  },
  z: () => [...document.querySelectorAll('#toasts [data-key="z"]')].at(-1)?.click(), // the latest
  ']': () => press('#pager [rel="next"]'),
  '[': () => press('#pager [rel="prev"], #pager [rel="first"]'),
  '/': () => document.getElementById('search')?.focus(),
  '?': () => document.getElementById('help').showModal(),
  ...Object.fromEntries(pages.map((path, n) => [String(n + 1), () => location.assign(path)])),
}

const always = ['ArrowDown', 'ArrowUp', 'Enter']

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'Escape') {
    if (document.querySelector('dialog[open]')) return
    if (closeReschedule()) event.preventDefault()
    else if (isWriting(event)) event.target.blur()
    else if (closeTask()) event.preventDefault()
    return
  }
  if (isWriting(event) || !Object.hasOwn(keys, event.key) || (!areOn() && !always.includes(event.key))) return
  if (keys[event.key]() !== false) event.preventDefault()
})
