// The pictures of README.md, from a console that is running ("make console"):
//
//     node bin/screenshots.js http://127.0.0.1:8080 TOKEN

import { chromium } from 'playwright-core'

const [url, token] = process.argv.slice(2)
const wide = { width: 1280, height: 720 }

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })

async function take(name, path, { colorScheme = 'light', viewport = wide, locale = 'en-GB', act } = {}) {
  const context = await browser.newContext({ colorScheme, viewport, locale })
  const page = await context.newPage()
  await page.goto(`${url}/sign-in`)
  await page.locator('[name="token"]').fill(token)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/tasks')
  await page.goto(url + path)
  await page.locator('#live[data-state="listening"]').waitFor()
  await act?.(page)
  await page.mouse.move(0, 0)
  await page.screenshot({ path: new URL(`../screenshots/${name}.png`, import.meta.url).pathname })
  await context.close()
}

async function openTask(page, n) {
  await page.locator('#rows a[data-drawer]').nth(n).click()
  await page.locator('#drawer #task').waitFor()
}

await take('light', '/tasks')
await take('dark', '/tasks?status=COMPLETED', { colorScheme: 'dark', act: (page) => openTask(page, 2) })
await take('narrow', '/tasks', { viewport: { width: 390, height: 720 } })
await take('edit', '/tasks?labels=vip', {
  act: async (page) => {
    await openTask(page, 1)
    await page.locator('#drawer details[data-key="edit"] summary').click()
  },
})
await take('bulk', '/tasks', {
  act: async (page) => {
    await page.locator('#select-all').check()
    for (const n of [3, 4, 5, 8]) await page.locator('#rows .c-select input').nth(n).uncheck()
    await page.locator('#rows [data-do="complete"]').nth(2).click()
    await page.locator('.toast.waiting').waitFor()
  },
})
await take('customer', '/customers/cus_004')
await take('paused', '/tasks?paused=true', {
  act: async (page) => {
    await openTask(page, 0)
    const why = page.locator('#drawer details.explain summary').first()
    await why.click()
    await why.scrollIntoViewIfNeeded()
  },
})
await take('calendar', '/calendars/telephone', {
  act: async (page) => {
    await page.locator('[name="hours"]').fill('Mon-Fri 08:00-18:00')
    await page.getByRole('button', { name: 'Preview …' }).first().click()
    await page.locator('#moves[open]').waitFor()
  },
})
await take('reports', '/reports')
await take('renewals', '/renewals')
await take('rule', '/manage/rules/1', {
  act: async (page) => {
    await page.locator('[name="payload"]').fill('{"new": {"status": "REJECTED", "name": "the passport", "id": 7}}')
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.locator('#tried').waitFor()
  },
})
await take('settings', '/manage')
await take('account', '/account')
await take('turkish', '/tasks?view=mine', { locale: 'tr-TR' })
await browser.close()
