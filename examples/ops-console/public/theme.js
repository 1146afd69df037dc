// Light or dark: the system's choice, until somebody chooses.  A cookie, so that
// the server can say it in the first byte of the page and nothing flashes.

const root = document.documentElement

document.getElementById('theme').addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.theme = dark ? 'light' : 'dark'
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`
})
