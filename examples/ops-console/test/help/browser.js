// Debian's Chromium, driven by playwright-core.

import { chromium } from 'playwright-core'

export const openBrowser = () => chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
})

// A page of somebody who has signed in as a person does.  What the browser
// complains of (scripts that fail, what the security policy blocks) is in
// page.complaints.
export async function signIn(browser, url, token, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 820 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(String(error)))
  page.on('console', (message) => {
    // A refused request is reported as well; that is no complaint about the page.
    if (message.type() === 'error' && !/the server responded with a status of 4/.test(message.text())) page.complaints.push(message.text())
  })
  await page.goto(`${url}/tasks`)
  await page.locator('[name="token"]').fill(token)
  await page.locator('form.sign-in button').click()
  await page.waitForURL('**/tasks')
  await isLive(page)
  return page
}

export const isLive = (page) => page.locator('#live[data-state="listening"]').waitFor()
export const titles = (page) => page.locator('#rows .c-title > a[data-drawer]').allTextContents()
export const stat = async (page, name) => Number((await page.locator(`[data-stat="${name}"] b`).textContent()).replace(',', ''))

// Types into a field that finds people, and takes the first one.
export async function pick(field, text) {
  await field.fill(text)
  await field.locator('xpath=..').locator('[role="option"][aria-selected="true"]', { hasText: text }).waitFor()
  await field.press('Enter')
}

// What waits for six seconds is sent by the button beside "Undo".
export const sendNow = (page) => page.locator('.toast.waiting').getByRole('button', { name: 'Do it now' }).click()
