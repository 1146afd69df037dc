// The keyboard.  Single letters act on the row that has the focus, unless
// somebody is writing.

import { closeTask, openTask } from './drawer.js'
import { closeReschedule, pauseOrResume } from './queue.js'

const rows = document.getElementById('rows')

const isWriting = ({ target }) => target.matches('input:not([type="checkbox"]), textarea, select') || document.querySelector('dialog[open]')
const current = () => document.activeElement?.closest?.('#rows > tr')

function move(step) {
  const row = current()
  const next = row ? (step > 0 ? row.nextElementSibling : row.previousElementSibling) : rows?.firstElementChild
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

const press = (selector) => document.querySelector(selector)?.click()
const pressInRow = (selector) => current()?.querySelector(selector)?.click()

const keys = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => (current() ? move(1) : false),
  ArrowUp: () => (current() ? move(-1) : false),
  Enter: () => (document.activeElement === current() ? openTask(current().dataset.id) : false),
  x: () => pressInRow('.c-select input'),
  s: () => pressInRow('[data-key="s"]'),
  c: () => pressInRow('[data-key="c"]'),
  r: () => pressInRow('[data-reschedule]'),
  p: () => (current() ? pauseOrResume(current()) : false),
  n: () => press('[data-key="n"]'),
  '/': () => document.getElementById('search')?.focus(),
  '?': () => document.getElementById('help').showModal(),
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'Escape') {
    if (document.querySelector('dialog[open]')) return
    if (closeReschedule() || closeTask()) event.preventDefault()
    else if (isWriting(event)) event.target.blur()
    return
  }
  if (isWriting(event) || !keys[event.key]) return
  if (keys[event.key]() !== false) event.preventDefault()
})
