// Fields that find people by typing: a combobox as the ARIA practices describe it.
// The field that the page has takes an id, and works without this; here it is hidden
// and a field for the name stands in front of it.

import { get } from './api.js'
import { t, tn } from './words.js'

const pause = 80 // ms after a key, before it is asked
let number = 0

function optionOf({ id, name, note }, n, listId) {
  const option = document.createElement('li')
  option.id = `${listId}-${n}`
  option.setAttribute('role', 'option')
  option.dataset.id = id
  option.dataset.name = name
  option.append(name)
  const small = document.createElement('small')
  small.textContent = [id === name ? '' : id, note === 'away' ? t('away') : note].filter(Boolean).join(' · ')
  option.append(' ', small)
  return option
}

function enhanceField(field) {
  const what = field.dataset.pick
  const box = document.createElement('span')
  box.className = 'pick'
  const input = document.createElement('input')
  const list = document.createElement('ul')
  const state = document.createElement('span')
  list.id = `pick-${++number}`
  list.setAttribute('role', 'listbox')
  list.hidden = true
  state.className = 'hidden'
  state.setAttribute('role', 'status')
  for (const [name, value] of Object.entries({
    type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-autocomplete': 'list',
    'aria-expanded': 'false', 'aria-controls': list.id, placeholder: field.placeholder, maxlength: '255',
  })) input.setAttribute(name, value)
  // Its label has the list in it as well, which is no part of the name.
  const around = [...field.closest('label')?.childNodes ?? []].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
  const label = field.getAttribute('aria-label') ?? around.map(({ textContent }) => textContent.trim()).join(' ').trim()
  if (label) input.setAttribute('aria-label', label)
  list.setAttribute('aria-label', t('Suggestions'))
  if (field.autofocus) input.autofocus = true
  input.required = field.required
  field.required = false
  input.value = field.dataset.text
  input.defaultValue = field.dataset.text
  const startId = field.value
  field.type = 'hidden'
  field.pickedIn = input
  delete field.dataset.pick
  field.before(box)
  box.append(field, input, list, state)

  let chosen = { id: field.value, name: input.value }
  let timer = null
  let asked = 0
  let current = -1

  const options = () => [...list.children].filter((option) => option.dataset.id)
  function point(n) {
    const all = options()
    current = all.length === 0 ? -1 : (n + all.length) % all.length
    for (const [at, option] of all.entries()) option.setAttribute('aria-selected', String(at === current))
    if (current < 0) input.removeAttribute('aria-activedescendant')
    else {
      input.setAttribute('aria-activedescendant', all[current].id)
      all[current].scrollIntoView({ block: 'nearest' })
    }
  }
  function close() {
    clearTimeout(timer)
    asked++
    list.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  function set(id, name) {
    const isNew = id !== field.value
    chosen = { id, name }
    field.value = id
    input.value = name
    if (isNew) field.dispatchEvent(new Event('change', { bubbles: true }))
  }
  function choose(option) {
    close()
    set(option.dataset.id, option.dataset.name)
  }
  async function look() {
    const mine = ++asked
    const { found } = await get(`/pick/${what}?q=${encodeURIComponent(input.value.trim())}`).catch(() => ({ found: [] }))
    if (mine !== asked || document.activeElement !== input) return
    list.replaceChildren(...found.map((one, n) => optionOf(one, n, list.id)))
    if (found.length === 0) {
      const none = document.createElement('li')
      none.className = 'none'
      none.setAttribute('role', 'option')
      none.setAttribute('aria-disabled', 'true')
      none.textContent = t('Nobody is called that.')
      list.append(none)
    }
    list.hidden = false
    input.setAttribute('aria-expanded', 'true')
    state.textContent = found.length ? tn(found.length, 'One is found.', '{n} are found.') : t('Nobody is called that.')
    point(found.length && input.value.trim() ? 0 : -1)
  }
  // What was typed and not chosen is sent as it is: it may be an id.
  function settle() {
    close()
    const text = input.value.trim()
    if (text === chosen.name) return
    set(text, text)
  }

  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(look, pause)
  })
  input.addEventListener('keydown', (event) => {
    const isOpen = !list.hidden
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (!isOpen) look()
      else point(current + (event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key === 'Enter' && isOpen && current >= 0) {
      event.preventDefault()
      choose(options()[current])
    } else if (event.key === 'Tab' && isOpen && current >= 0) {
      choose(options()[current])
    } else if (event.key === 'Enter') {
      settle()
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault()
      event.stopPropagation()
      close()
    }
  })
  input.addEventListener('change', (event) => event.stopPropagation()) // the hidden field's is the one that counts
  input.addEventListener('blur', settle)
  list.addEventListener('pointerdown', (event) => {
    event.preventDefault()
    const option = event.target.closest('li[data-id]')
    if (option) choose(option)
  })
  field.form?.addEventListener('reset', () => setTimeout(() => {
    field.value = startId
    input.value = input.defaultValue
    chosen = { id: startId, name: input.value }
  }))
}

export function enhance(root) {
  for (const field of root.querySelectorAll('input[data-pick]')) enhanceField(field)
}

enhance(document)
document.addEventListener('drawn', ({ target }) => enhance(target === document ? document : target))
