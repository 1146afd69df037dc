// Messages in the corner.  Errors stay until they are closed.

const place = document.getElementById('toasts')

export function show(text, { bad = false } = {}) {
  const toast = document.createElement('div')
  toast.className = bad ? 'toast bad' : 'toast'
  const paragraph = document.createElement('p')
  paragraph.textContent = text
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'quiet'
  close.textContent = '×'
  close.setAttribute('aria-label', 'Close message')
  close.addEventListener('click', () => toast.remove())
  toast.append(paragraph, close)
  place.append(toast)
  while (place.children.length > 4) place.firstChild.remove()
  if (!bad) setTimeout(() => toast.remove(), 4000)
}
