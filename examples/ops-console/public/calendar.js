// Changes of calendars are looked at before they are made: a form with data-preview
// asks what would move, shows it, and is sent when somebody says so.  ":name" in
// the address stands for the field of that name.

import { fieldsOf, send } from './actions.js'
import { post, segment } from './api.js'
import { forgive, refuse, show } from './message.js'
import { t, tn } from './words.js'

const dialog = document.getElementById('moves')
let pending = null // { form, path, body }

const time = (text) => (text === 'infinity' ? t('no date') : text.slice(0, 16).replace('T', ' '))

function requestOf(form) {
  const { name, ...fields } = fieldsOf(form)
  const fill = (address) => address?.replace(':name', segment(name))
  return { form, path: fill(form.dataset.preview), then: fill(form.dataset.then), body: fields }
}

function cell(text) {
  const td = document.createElement('td')
  td.textContent = text
  return td
}

function rowOf({ task_id, title, clock, due_at, new_due_at }) {
  const row = document.createElement('tr')
  const task = cell('')
  const link = document.createElement('a')
  link.href = `/tasks/${task_id}`
  link.target = '_blank'
  link.textContent = title
  task.append(link)
  if (clock === 'response') task.append(` (${t('response')})`)
  row.append(task, cell(time(due_at)), cell(time(new_due_at)))
  return row
}

function showMoves({ moves, moved }) {
  const rest = moved - moves.length
  document.getElementById('moves-count').textContent = moved === 0 ? t('No deadline moves.')
    : rest > 0 ? tn(moved, 'One deadline moves:', '{n} deadlines move; the first {shown}:', { shown: moves.length })
      : tn(moved, 'One deadline moves:', '{n} deadlines move:')
  document.getElementById('moves-rows').replaceChildren(...moves.map(rowOf))
  dialog.showModal()
}

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-preview]')
  if (!form) return
  event.preventDefault()
  pending = requestOf(form)
  forgive(form)
  try {
    showMoves(await post(pending.path, { ...pending.body, dry_run: true }))
  } catch (error) {
    refuse(form, error)
  }
})

document.getElementById('moves-save')?.addEventListener('click', async ({ target }) => {
  const { form, path, then, body } = pending
  const answer = await send(path, body, target)
  if (!answer) return
  dialog.close()
  if (then) return location.assign(then)
  if ('reset' in form.dataset) form.reset()
  show(answer.moved === 0 ? t('Saved.') : t('Saved. The worker moves the deadlines now.'))
})
