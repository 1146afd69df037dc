// Brings the page up to date: fetches it again, and changes only what differs.
// Whatever somebody is typing in, has selected or has the focus on stays.

import { page } from './api.js'

let running = null
let again = false

const isBusy = (element) => element.querySelector('.reschedule') !== null

function markup(row) {
  const copy = row.cloneNode(true)
  copy.classList.remove('changed', 'chosen', 'leaving')
  for (const note of copy.querySelectorAll('.problem')) note.remove()
  if (copy.className === '') copy.removeAttribute('class')
  return copy.outerHTML
}

function replaceRow(old, row) {
  const hadFocus = old === document.activeElement || old.contains(document.activeElement)
  const box = old.querySelector('.c-select input')
  const newBox = row.querySelector('.c-select input')
  if (box?.checked && newBox && !newBox.disabled) newBox.checked = true
  row.classList.add('changed')
  old.replaceWith(row)
  if (hadFocus) row.focus({ preventScroll: true })
}

// A row that goes and has the focus leaves it to the next one that stays, or the last.
function successor(list, ids) {
  const row = document.activeElement?.closest?.('tr')
  if (!row || row.parentElement !== list || ids.has(row.id)) return null
  let next = row
  while (next && !ids.has(next.id)) next = next.nextElementSibling
  let before = row
  while (before && !ids.has(before.id)) before = before.previousElementSibling
  return (next ?? before)?.id ?? null
}

// The rows of a list by their ids, each in its place.
function updateRows(list, fresh) {
  const wanted = [...fresh.children]
  const ids = new Set(wanted.map((row) => row.id))
  const wasEmpty = list.children.length === 0
  const next = successor(list, ids)
  for (const row of [...list.children]) if (!ids.has(row.id) && !isBusy(row)) row.remove()
  wanted.forEach((row, n) => {
    const old = document.getElementById(row.id)
    if (!old) {
      list.insertBefore(row, list.children[n] ?? null)
      if (!wasEmpty) row.classList.add('changed')
      return
    }
    if (list.children[n] !== old) list.insertBefore(old, list.children[n] ?? null)
    if (!isBusy(old) && markup(old) !== markup(row)) replaceRow(old, row)
  })
  if (list.children.length === 0) list.textContent = '' // for :empty
  if (next) document.getElementById(next)?.focus({ preventScroll: true })
}

function update(fresh) {
  for (const element of document.querySelectorAll('[data-live]')) {
    const other = fresh.getElementById(element.id)
    if (!other) continue
    if (element.dataset.live === 'rows') {
      updateRows(element, other)
      const table = element.closest('table')
      const { className } = other.closest('table')
      if (table.className !== className) table.className = className
    }
    else if (!element.contains(document.activeElement) && element.innerHTML !== other.innerHTML) element.innerHTML = other.innerHTML
  }
  document.dispatchEvent(new CustomEvent('refreshed'))
}

async function run() {
  try {
    do {
      again = false
      update(await page(location.href.split('#')[0]))
    } while (again)
  } finally {
    running = null
  }
}

// Asked for while one is under way, it is done once more after it.
export function refresh() {
  if (running) again = true
  else running = run()
  return running
}

// After a change of which nobody knows whether it was made: brings the page up to
// date as soon as the console answers.  Gives up after some minutes.
export async function lookAgain() {
  for (let tries = 0; tries < 120; tries++) {
    try {
      await refresh()
      return true
    } catch {
      await new Promise((done) => { setTimeout(done, 1000) })
    }
  }
  return false
}
