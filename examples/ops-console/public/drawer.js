// A task beside the list.  What is in it is the task's own page; the address
// remembers which (#task-12), and Back closes it.

import { page } from './api.js'
import { show } from './message.js'
import { t } from './words.js'

const drawer = document.getElementById('drawer')
let openId = null
let from = null // what had the focus before

const isFilled = (field) => field.type !== 'hidden' && field.value !== field.defaultValue && !field.matches('select')
const fieldsIn = (root) => [...root.querySelectorAll('input, textarea')]
const isBeingFilled = () => fieldsIn(document.getElementById('task') ?? drawer).some(isFilled)
const nameOf = (field) => `${field.form?.getAttribute('action')} ${field.form?.elements.action?.value} ${field.closest('details')?.dataset.key} ${field.name}`

// What somebody has opened stays so when the task is drawn anew, and what they
// have written stays too.
function keepOpen(old, task) {
  for (const { dataset } of old?.querySelectorAll('details[open][data-key]') ?? []) {
    const details = task.querySelector(`details[data-key="${dataset.key}"]`)
    if (details) details.open = true
  }
  const written = new Map(fieldsIn(old ?? document.createElement('i')).filter((field) => field.name && isFilled(field)).map((field) => [nameOf(field), field.value]))
  for (const field of fieldsIn(task)) if (written.has(nameOf(field))) field.value = written.get(nameOf(field))
  return task
}

const drawn = (element) => element.dispatchEvent(new CustomEvent('drawn', { bubbles: true }))

// A field keeps the focus when the task around it is drawn anew.
function keepFocus(old, redraw) {
  const focused = old?.contains(document.activeElement) ? document.activeElement : null
  const again = focused && (focused.name ? `[name="${focused.name}"]` : focused.dataset.key ? `[data-key="${focused.dataset.key}"]` : null)
  const position = focused?.selectionStart
  redraw()
  if (!focused) return
  const task = document.getElementById('task')
  const field = (again && task.querySelector(again)) ?? task.querySelector('h1')
  field.focus({ preventScroll: true })
  if (typeof position === 'number' && field.setSelectionRange && field.type !== 'date') field.setSelectionRange(position, position)
}

async function load(id, isUnasked = false) {
  const task = (await page(`/tasks/${id}`)).getElementById('task')
  if (openId !== id || (isUnasked && isBeingFilled())) return false
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'quiet close'
  close.innerHTML = '<svg aria-hidden="true"><use href="#i-close"/></svg><span class="hidden"></span>'
  close.querySelector('span').textContent = t('Close')
  close.addEventListener('click', closeTask)
  const old = drawer.querySelector(`#task[data-id="${id}"]`)
  const { scrollTop } = drawer
  keepFocus(old, () => drawer.replaceChildren(close, keepOpen(old, task)))
  if (old) drawer.scrollTop = scrollTop
  drawn(drawer)
  return true
}

// Answers whether it is this one that is shown now.
export async function openTask(id, { isBack = false } = {}) {
  if (openId === null) from = document.activeElement
  const mine = openId = Number(id)
  try {
    if (!await load(mine)) return false // another was opened meanwhile, or it was closed
  } catch (error) {
    if (openId !== mine) return false
    openId = null
    drawer.hidden = true
    show(error.message, { bad: true })
    return false
  }
  const wasShown = !drawer.hidden
  drawer.hidden = false
  const address = `#task-${id}`
  if (!isBack) {
    if (wasShown || location.hash === address) history.replaceState(history.state, '', address)
    else history.pushState({ drawer: true }, '', address)
  }
  drawer.querySelector('h1').focus({ preventScroll: true })
  return true
}

function hide() {
  openId = null
  drawer.hidden = true
  drawer.replaceChildren()
  const row = from?.closest?.('tr')?.id
  ;(row ? document.getElementById(row) ?? document.querySelector('#rows > tr') : from)?.focus?.()
}

export function closeTask() {
  if (openId === null) return false
  hide()
  if (history.state?.drawer) history.back()
  else history.replaceState(null, '', location.pathname + location.search)
  return true
}

// On a task's own page there is no drawer to reload, but the page itself.  What
// somebody began to write while it was fetched is left alone, if nobody asked.
export async function reloadTask({ isUnasked = false } = {}) {
  const own = document.querySelector('main > #task')
  if (own) {
    const fresh = (await page(location.href.split('#')[0])).getElementById('task')
    if (isUnasked && isBeingFilled()) return
    keepFocus(own, () => own.replaceWith(keepOpen(own, fresh)))
    drawn(fresh)
  } else if (openId !== null) await load(openId, isUnasked)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-drawer]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  openTask(link.pathname.split('/').at(-1))
})

document.addEventListener('tasks', ({ detail: { ids, more } }) => {
  const id = openId ?? Number(document.querySelector('main > #task')?.dataset.id)
  if ((more || ids.includes(id)) && !isBeingFilled()) reloadTask({ isUnasked: true }).catch(() => {})
})

const inAddress = () => /^#task-(\d+)$/.exec(location.hash)?.[1]
addEventListener('popstate', () => {
  const wanted = inAddress()
  if (wanted && Number(wanted) !== openId) openTask(wanted, { isBack: true })
  else if (!wanted && openId !== null) hide()
})
if (inAddress()) openTask(inAddress(), { isBack: true })
