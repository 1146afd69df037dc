// The pages for managers, in a real browser.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { checkAccess } from './help/axe.js'
import { isLive, openBrowser, pick, signIn } from './help/browser.js'
import { openDesk, until } from './help/desk.js'

let desk, browser, page

before(async () => {
  desk = await openDesk('manage')
  await desk.db.query(`
    SELECT taskq_calendar_set('desk', 'UTC', 'Mon-Fri 09:00-17:00');
    INSERT INTO taskq_team (id, name) VALUES ('team_b', 'Back office'), ('team_t', 'Telephone')`)
  browser = await openBrowser()
  page = await signIn(browser, desk.url, desk.tokens.manager)
})
after(async () => {
  await browser.close()
  await desk.close()
  assert.deepEqual(page.complaints, [])
})

const open = async (path) => {
  await page.goto(desk.url + path)
  await isLive(page)
}
const row = async (sql, values) => (await desk.db.query(sql, values)).rows[0]
const toast = (text) => page.locator('.toast', { hasText: text }).waitFor()
const save = (name = 'Save') => page.getByRole('button', { name, exact: true }).click()

test('renewals: made, moved, completed with the next cycle, cancelled; the ladder of each', async () => {
  await open('/renewals')
  await pick(page.getByLabel('Customer', { exact: true }), 'First')
  await page.getByLabel('What is renewed').fill('trade licence')
  await page.getByLabel('Due', { exact: true }).fill(await desk.today(20))
  await page.getByLabel('Every').fill('1 year')
  await save('Create')
  await page.waitForURL('**/renewals/*')
  const id = Number(page.url().split('/').at(-1))
  await toast(`Renewal ${id} is saved.`)
  await page.getByText('in 20 days').first().waitFor()
  await desk.db.query('SELECT taskq_renewals_refresh()')
  await open(`/renewals/${id}`)
  const ladder = page.locator('#ladder')
  assert.match(await ladder.textContent(), /14 days.*a task: High/s)
  assert.equal(await ladder.locator('[aria-current="step"]').count(), 1)
  assert.match(await ladder.textContent(), /recorded|passed/)

  await page.getByLabel('Due', { exact: true }).fill(await desk.today(5))
  await save()
  await page.getByText('in 5 days').first().waitFor()
  await desk.db.query('SELECT taskq_renewals_refresh()')
  await open(`/renewals/${id}`)
  await ladder.getByText('a task was made').waitFor()
  await ladder.locator('a[data-drawer]').first().click()
  await page.locator('#drawer #task').waitFor()
  await page.keyboard.press('Escape')

  await page.locator('form[action$="/complete"]').getByRole('button').click()
  await page.waitForURL((url) => !url.pathname.endsWith(`/${id}`))
  await toast(`Renewal ${id} is completed; the next one is`)
  const next = page.url().split('/').at(-1)
  await page.locator('summary', { hasText: 'Cancel …' }).click()
  await page.getByLabel('Reason').fill('The shop has closed')
  await save('Cancel the renewal')
  await page.getByText('Cancelled').first().waitFor()
  assert.equal((await row('SELECT status FROM taskq_renewal WHERE id = $1', [next])).status, 'CANCELLED')

  await open('/renewals?show=closed')
  assert.equal(await page.locator('#renewals tbody tr').count(), 2)
  await page.getByLabel('Customer, what, or reference').fill('FIRST licen')
  await page.keyboard.press('Enter')
  await page.waitForURL('**search=**')
  assert.equal(await page.locator('#renewals tbody tr').count(), 2)
})

test('rules: listed, tried on a payload as they stand in the form, saved, with what they did', async () => {
  await open('/manage/rules')
  await page.getByText('There is none yet.').waitFor()
  await page.getByRole('link', { name: 'New', exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill('Document rejected')
  await page.getByLabel('Event').fill('document.changed')
  await page.getByLabel('Condition').fill('$.new.status == "REJECTED"')
  await page.getByLabel('Title').fill('Ask for {{new.name}} again')
  await page.locator('#record [name="priority"]').selectOption('HIGH')
  await page.locator('[name="payload"]').fill('{"new": {"status": "REJECTED", "name": "the passport"}}')
  await page.getByRole('button', { name: 'Try it' }).click()
  const tried = page.locator('#tried')
  await tried.getByText('Ask for the passport again').waitFor()
  assert.match(await tried.textContent(), /a task is made/)
  assert.equal((await row('SELECT count(*)::integer AS n FROM taskq_workflow_rule')).n, 0)
  await page.locator('[name="payload"]').fill('{"new": {"status": "ACCEPTED"}}')
  await page.getByRole('button', { name: 'Try it' }).click()
  await tried.getByText('does not apply').waitFor()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Document rejected')
  // What is wrong is said, and what was written stays.
  await page.getByLabel('Condition').fill('$.new.status')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.locator('.problem', { hasText: /Condition of rule .* must be a predicate/i }).waitFor()
  await page.locator('[name="payload"]').fill('{"new": ')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.locator('.problem', { hasText: 'This is not JSON.' }).waitFor()
  await page.getByLabel('Condition').fill('$.new.status == "REJECTED"')
  await save()
  await page.waitForURL('**/manage/rules')
  await toast('Saved.')

  await desk.db.query(`SELECT taskq_emit('document.changed', '{"new": {"status": "REJECTED", "name": "the lease"}}')`)
  await open('/manage/rules')
  await page.getByRole('link', { name: 'Document rejected' }).click()
  await page.locator('#runs').getByText('a task is made').waitFor()
  // Edited, tried and saved; the dry run has left nothing behind.
  await page.locator('#record [name="priority"]').selectOption('URGENT')
  await page.locator('[name="payload"]').fill('{"new": {"status": "REJECTED", "name": "it"}}')
  await page.getByRole('button', { name: 'Try it' }).click()
  await tried.getByText('Urgent').waitFor()
  assert.equal((await row('SELECT priority FROM taskq_workflow_rule')).priority, 'HIGH')
  await save()
  await page.waitForURL('**/manage/rules')
  assert.equal((await row('SELECT priority FROM taskq_workflow_rule')).priority, 'URGENT')
  await page.getByRole('link', { name: 'Document rejected' }).click()
  await page.locator('summary', { hasText: 'Remove …' }).click()
  await page.locator('.remove').getByRole('button', { name: 'Remove' }).click()
  await page.waitForURL('**/manage/rules')
  await page.getByText('There is none yet.').waitFor()
})

test('policies, schedules and steps: made, changed, refused in words', async () => {
  await open('/manage/policies/new')
  await page.getByLabel('Name', { exact: true }).fill('Documents')
  await page.getByLabel('Kind').fill('DOCUMENT_REVIEW')
  await page.getByLabel('Calendar').selectOption('desk')
  await save()
  await page.locator('.problem', { hasText: 'Give hours to begin, hours to close, or both.' }).waitFor()
  await page.getByLabel('Hours to close').fill('8')
  await page.getByLabel('Warnings at').fill('50, 75')
  await save()
  await page.waitForURL('**/manage/policies')
  assert.deepEqual(await row('SELECT sla_hours, warn_percents, is_enabled FROM taskq_sla_policy'), { sla_hours: 8, warn_percents: [50, 75], is_enabled: true })

  await open('/manage/schedules/new')
  await page.getByLabel('Name', { exact: true }).fill('Statements')
  await page.getByLabel('Title').fill('Send the statements of {{month}}')
  await page.getByLabel('First date').fill('2030-01-31')
  await page.getByLabel('Every').fill('1 month')
  await page.getByLabel('If it is no business day').selectOption('NEXT')
  await save()
  await page.locator('.problem', { hasText: 'Moving to a business day takes a calendar' }).waitFor()
  await page.getByLabel('Calendar').selectOption('desk')
  await pick(page.getByLabel('Team'), 'Back')
  await save()
  await page.waitForURL('**/manage/schedules')
  await page.getByText('every month').waitFor()
  await page.getByRole('link', { name: 'Statements' }).click()
  assert.equal(await page.locator('#dates tbody tr').count(), 8)
  assert.match(await page.locator('#dates').textContent(), /28 Feb 2030/)

  await open('/manage/thresholds/new')
  await page.getByLabel('Days before').fill('21')
  await page.locator('[name="task_priority"]').selectOption('MEDIUM')
  await save()
  await page.waitForURL('**/manage/thresholds')
  await open('/manage/thresholds/new')
  await page.getByLabel('Days before').fill('21')
  await save()
  await page.locator('.problem', { hasText: 'There is a step on this day already.' }).waitFor()
})

test('a policy called "new" is one like any other', async () => {
  await desk.db.query(`INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('new', 'NEW', 4)`)
  await open('/manage/policies')
  await page.getByRole('link', { name: 'new', exact: true }).click()
  await page.getByLabel('Hours to close').fill('5')
  await save()
  await page.waitForURL('**/manage/policies')
  assert.deepEqual(await row(`SELECT sla_hours FROM taskq_sla_policy WHERE name = 'new'`), { sla_hours: 5 })
  await page.getByRole('link', { name: 'new', exact: true }).click()
  await page.locator('summary', { hasText: 'Remove …' }).click()
  await page.locator('.remove').getByRole('button', { name: 'Remove' }).click()
  await page.waitForURL('**/manage/policies')
  assert.equal(await row(`SELECT FROM taskq_sla_policy WHERE name = 'new'`), undefined)
})

test('staff and teams: somebody is away, a team gets a member, everything is handed over', async () => {
  const id = await desk.task({ title: 'Adam\'s', assignee_id: 'sta_adam' })
  await open('/manage/staff/sta_adam')
  await page.getByText('Has 1 active tasks').waitFor()
  const day = await desk.today(10)
  await page.getByLabel('Away until').fill(day)
  await page.getByLabel('Back office').check()
  await save()
  await page.waitForURL('**/manage/staff')
  assert.equal((await row(`SELECT away_until::text AS day FROM taskq_staff_member WHERE id = 'sta_adam'`)).day, day)
  await page.locator('tr', { hasText: 'Adam Agent' }).getByText('Back office').waitFor()

  await open('/manage/teams/team_b')
  await page.locator('#members', { hasText: 'Adam Agent' }).waitFor()
  await pick(page.getByLabel('Who'), 'Zoe')
  await save('Add')
  await page.locator('#members', { hasText: 'Zoe Second' }).waitFor()
  await page.getByRole('button', { name: 'Remove Adam Agent' }).click()
  await until('one member', async () => await page.locator('#members tbody tr').count() === 1)

  await open('/manage/staff/sta_adam')
  await save('Hand over')
  await page.locator('.problem', { hasText: 'Say who is to have it' }).waitFor()
  await pick(page.getByLabel('To', { exact: true }), 'Zoe')
  await save('Hand over')
  await toast('Handed over: 1 tasks, 0 renewals, 1 customers.')
  assert.equal((await row('SELECT assignee_id FROM taskq_task WHERE id = $1', [id])).assignee_id, 'sta_zoe')

  await open('/manage/staff')
  await page.getByLabel('Name').fill('Nora New')
  await page.getByLabel('Id').fill('sta_nora')
  await save('Add')
  await page.getByRole('link', { name: 'Nora New' }).waitFor()
})

test('two customers become one; the history says so', async () => {
  const id = await desk.task({ title: 'Goes over', user_id: 'cus_2' })
  await open('/customers/cus_2')
  await page.locator('summary', { hasText: 'Merge into another' }).click()
  await pick(page.getByLabel('The other customer'), 'First')
  await save('Merge')
  await page.waitForURL('**/customers/cus_1')
  await toast('Merged: 1 tasks and 0 renewals have gone over.')
  await page.getByRole('link', { name: 'Goes over' }).click()
  await page.locator('#drawer').getByText('Mona Manager merged the customer into another').waitFor()
  await page.locator('#drawer').getByText('Customer: Second Ltd → First & Sons').waitFor()
  assert.equal((await row('SELECT user_id FROM taskq_task WHERE id = $1', [id])).user_id, 'cus_1')
  await page.goto(`${desk.url}/customers/cus_2`)
  await page.getByRole('link', { name: 'merged into First & Sons' }).waitFor()
})

test('the worker\'s page tells what it does, and what is to be seen to', async () => {
  await open('/manage/worker')
  await page.getByRole('heading', { name: 'Last sweeps that did something' }).waitFor()
  await page.locator('table, .none').first().waitFor()
})

test('an agent reads all of it, and is offered nothing that only managers may', async () => {
  const agent = await signIn(browser, desk.url, desk.tokens.agent)
  for (const path of ['/manage', '/manage/policies', '/manage/policies/Documents', '/manage/schedules', '/manage/rules', '/manage/thresholds', '/manage/staff', '/manage/staff/sta_adam', '/manage/teams', '/manage/teams/team_b', '/manage/worker']) {
    await agent.goto(desk.url + path)
    await agent.locator('h1').waitFor()
    assert.equal(await agent.locator('main button').count(), 0, path)
  }
  assert.deepEqual(agent.complaints, [])
  await agent.context().close()
})

describe('access', () => {
  for (const colorScheme of ['light', 'dark']) {
    test(`no violation of WCAG 2.2 AA on any page, ${colorScheme}`, async () => {
      const id = await desk.task({ title: 'With everything', description: 'See https://example.org', labels: ['one', 'two'], due_date: await desk.today(-1), sla_hours: 1, assignee_id: 'sta_zoe', user_id: 'cus_1' })
      await desk.db.query(`SELECT taskq_pause($1, 'The bank')`, [await desk.task({ title: 'Paused', sla_hours: 8 })])
      await page.emulateMedia({ colorScheme })
      const found = []
      const renewal = (await row('SELECT max(id) AS id FROM taskq_renewal')).id
      for (const path of ['/tasks', '/tasks?view=mine', '/tasks?status=COMPLETED', `/tasks/${id}`, '/customers', '/customers/cus_1', '/renewals', `/renewals/${renewal}`, '/calendars', '/calendars/desk',
        '/reports', '/manage', '/manage/policies', '/manage/policies/new', '/manage/schedules', '/manage/thresholds', '/manage/rules', '/manage/rules/new', '/manage/staff', '/manage/staff/sta_adam',
        '/manage/teams', '/manage/teams/team_b', '/manage/worker', '/account', '/nothing/here']) {
        await page.goto(desk.url + path)
        if (path !== '/nothing/here') await isLive(page)
        await checkAccess(page, `${path}, ${colorScheme}`, found)
      }
      // The drawer with all that unfolds, the dialogs, a selection, messages.
      await open('/tasks')
      await page.locator('#rows a[data-drawer]').first().click()
      await page.locator('#drawer #task').waitFor()
      for (const summary of await page.locator('#drawer summary').all()) await summary.click()
      await checkAccess(page, `the drawer, ${colorScheme}`, found)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.locator('#select-all').check()
      await page.keyboard.press('a')
      await page.keyboard.press('a')
      await checkAccess(page, `a selection, ${colorScheme}`, found)
      await page.locator('[data-bulk="label"]').click()
      await checkAccess(page, `the dialog, ${colorScheme}`, found)
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await checkAccess(page, `the keys, ${colorScheme}`, found)
      await page.keyboard.press('Escape')
      await page.keyboard.press('n')
      await page.locator('#new-task').getByLabel('Customer').fill('Fi')
      await page.locator('#new-task [role="option"]').first().waitFor()
      await checkAccess(page, `a list that is open, ${colorScheme}`, found)
      await page.keyboard.press('Escape')
      await page.emulateMedia({ colorScheme: 'light' })
      assert.deepEqual(found, [])
    })
  }
  test('nor on the page for signing in', async () => {
    const context = await browser.newContext()
    const somebody = await context.newPage()
    await somebody.goto(`${desk.url}/sign-in`)
    await checkAccess(somebody, 'signing in')
    await context.close()
  })
})
