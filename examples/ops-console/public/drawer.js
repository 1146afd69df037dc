// A task beside the list.  What is in it is the task's own page; the address
// remembers which (#task-12).

import { page } from './api.js'
import { show } from './message.js'

const drawer = document.getElementById('drawer')
let openId = null
let from = null // what had the focus before

const isBeingFilled = () => [...drawer.querySelectorAll('input, textarea')].some((field) => field.value !== field.defaultValue)

// What somebody has opened stays so when the task is drawn anew.
function keepOpen(old, task) {
  for (const { dataset } of old?.querySelectorAll('details[open][data-key]') ?? []) {
    const details = task.querySelector(`details[data-key="${dataset.key}"]`)
    if (details && !dataset.key.startsWith('pause')) details.open = true
  }
  return task
}

async function load(id) {
  const task = (await page(`/tasks/${id}`)).getElementById('task')
  if (openId !== id) return
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'quiet close'
  close.innerHTML = '<svg aria-hidden="true"><use href="#i-close"/></svg><span class="hidden">Close</span>'
  close.addEventListener('click', closeTask)
  drawer.replaceChildren(close, keepOpen(drawer.querySelector('#task'), task))
}

export async function openTask(id) {
  if (openId === null) from = document.activeElement
  openId = Number(id)
  try {
    await load(openId)
  } catch (error) {
    openId = null
    return show(error.message, { bad: true })
  }
  drawer.hidden = false
  history.replaceState(null, '', `#task-${id}`)
  drawer.querySelector('h1').tabIndex = -1
  drawer.querySelector('h1').focus({ preventScroll: true })
}

export function closeTask() {
  if (openId === null) return false
  openId = null
  drawer.hidden = true
  drawer.replaceChildren()
  history.replaceState(null, '', location.pathname + location.search)
  const row = from?.closest?.('tr')?.id
  ;(row ? document.getElementById(row) : from)?.focus?.()
  return true
}

// On a task's own page there is no drawer to reload, but the page itself.
export async function reloadTask() {
  const own = document.querySelector('main > #task')
  if (own) own.replaceWith(keepOpen(own, (await page(location.href)).getElementById('task')))
  else if (openId !== null) await load(openId)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-drawer]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  openTask(link.pathname.split('/').at(-1))
})

document.addEventListener('tasks', ({ detail: { ids, more } }) => {
  const id = openId ?? Number(document.querySelector('main > #task')?.dataset.id)
  if ((more || ids.includes(id)) && !isBeingFilled()) reloadTask().catch(() => {})
})

const wanted = /^#task-(\d+)$/.exec(location.hash)
if (wanted) openTask(wanted[1])
