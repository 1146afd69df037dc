// The pictures of README.md, from a console that is running ("make console"):
//
//     node bin/screenshots.js http://127.0.0.1:8080 TOKEN

import { chromium } from 'playwright-core'

const [url, token] = process.argv.slice(2)
const all = '/tasks?status=OPEN&status=IN_PROGRESS&status=OVERDUE'
const wide = { width: 1280, height: 720 }

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })

async function take(name, path, { colorScheme = 'light', viewport = wide, act } = {}) {
  const context = await browser.newContext({ colorScheme, viewport, locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('Your token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/tasks')
  await page.goto(url + path)
  await page.locator('#live[data-state="listening"]').waitFor()
  await act?.(page)
  await page.mouse.move(0, 0)
  await page.screenshot({ path: new URL(`../screenshots/${name}.png`, import.meta.url).pathname })
  await context.close()
}

await take('light', all)
await take('dark', all, {
  colorScheme: 'dark',
  act: async (page) => {
    await page.locator('#rows a[data-drawer]').nth(1).click()
    await page.locator('#drawer #task').waitFor()
  },
})
await take('narrow', all, { viewport: { width: 390, height: 720 } })
await take('customer', '/customers/cus_004')
await take('paused', `${all}&paused=true`, {
  act: async (page) => {
    await page.locator('#rows a[data-drawer]').first().click()
    await page.locator('#drawer #task').waitFor()
    const why = page.locator('#drawer details.explain summary').first()
    await why.click()
    await why.scrollIntoViewIfNeeded()
  },
})
await take('calendar', '/calendars/telephone', {
  act: async (page) => {
    await page.locator('[name="hours"]').fill('Mon-Fri 08:00-18:00')
    await page.getByRole('button', { name: 'Preview …' }).first().click()
    await page.locator('#moves-count').waitFor()
  },
})
await take('reports', '/reports')
await browser.close()
