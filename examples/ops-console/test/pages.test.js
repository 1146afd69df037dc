// The pages, as people use them: in a real browser.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { isLive, openBrowser, pick, sendNow, signIn, stat, titles } from './help/browser.js'
import { openDesk, until } from './help/desk.js'

let desk, browser, page

before(async () => {
  desk = await openDesk('pages')
  browser = await openBrowser()
  page = await signIn(browser, desk.url, desk.tokens.agent)
})
after(async () => {
  await browser.close()
  await desk.close()
  assert.deepEqual(page.complaints, [])
})
beforeEach(() => desk.clear())

const open = async (path) => {
  await page.goto(desk.url + path)
  await isLive(page)
}
const row = (id) => page.locator(`#task-${id}`)
const toast = (text) => page.locator('.toast', { hasText: text }).waitFor()
const problem = (root, text) => root.locator('.problem', { hasText: text }).waitFor()
const now = () => sendNow(page)
const colourOf = (locator) => locator.evaluate((element) => getComputedStyle(element).color)
const isReddish = (colour) => {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number)
  return r > g + 60 && r > b + 60
}

describe('the list', () => {
  test('shows all active tasks by due date when nothing is asked for', async () => {
    await desk.task({ title: 'later', due_date: await desk.today(5) })
    await desk.task({ title: 'whenever' })
    await desk.task({ title: 'soon', due_date: await desk.today(1) })
    await desk.task({ title: 'over', due_date: await desk.today(-1) })
    await open('/tasks')
    assert.deepEqual(await titles(page), ['over', 'soon', 'later', 'whenever'])
    assert.match(await page.locator('#count').textContent(), /^4 tasks/)
  })

  test('filters by status, priority, assignee, SLA and title; the address says so', async () => {
    await desk.task({ title: 'mine', priority: 'URGENT', assignee_id: 'sta_adam' })
    await desk.task({ title: 'nobody\'s', sla_hours: 100 })
    await desk.task({ title: 'late', due_date: await desk.today(-2), assignee_id: 'sta_zoe' })
    const shows = (...expected) => until(`the list to be ${expected}`, async () => JSON.stringify(await titles(page).catch(() => null)) === JSON.stringify(expected))
    const chip = (name) => page.locator('.chip', { hasText: name }).first().locator('input')

    await open('/tasks')
    await shows('late', 'mine', 'nobody\'s')
    await chip('Overdue').uncheck()
    await page.waitForURL('**/tasks?status=OPEN&status=IN_PROGRESS')
    await shows('mine', 'nobody\'s')

    await open('/tasks')
    await chip('Urgent').check()
    await page.waitForURL('**/tasks?*priority=URGENT*')
    await shows('mine')

    await open('/tasks')
    await pick(page.locator('#filters').getByRole('combobox', { name: 'Assignee' }), 'Adam')
    await page.waitForURL('**/tasks?*assignee_id=sta_adam*')
    await shows('mine')
    await chip('Unassigned').check()
    await page.waitForURL('**/tasks?*unassigned=true*')
    await shows('nobody\'s')

    await open('/tasks')
    await page.getByLabel('SLA', { exact: true }).selectOption('ON_TRACK')
    await shows('nobody\'s')

    await open('/tasks')
    await page.locator('#search').fill('MIN')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/tasks?*search=MIN*')
    await shows('mine')
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await shows('late', 'mine', 'nobody\'s')

    await page.locator('[data-stat="overdue"]').click()
    await page.waitForURL('**/tasks?status=OVERDUE')
    await shows('late')
    assert.equal(await page.locator('[data-stat="overdue"]').getAttribute('aria-current'), 'true')
  })

  test('goes on page by page', async () => {
    for (let n = 0; n < 23; n++) await desk.task({ title: `task ${n}`, due_date: await desk.today(n % 4) })
    await open('/tasks?limit=10')
    const seen = await titles(page)
    for (const expected of [10, 3]) {
      await page.getByRole('link', { name: 'Next page' }).click()
      await page.waitForURL('**after=*')
      await until('the next page', async () => !seen.includes((await titles(page))[0]))
      const more = await titles(page)
      assert.equal(more.length, expected)
      seen.push(...more)
    }
    assert.equal(new Set(seen).size, 23)
    assert.equal(await page.getByRole('link', { name: 'Next page' }).count(), 0)
    await page.getByRole('link', { name: 'First page' }).click()
    await until('the first page', async () => (await titles(page))[0] === seen[0])
  })

  test('marks what is overdue in red, and with an icon and words as well', async () => {
    const late = await desk.task({ title: 'late', due_date: await desk.today(-3) })
    const fine = await desk.task({ title: 'fine', due_date: await desk.today(3) })
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme })
      await open('/tasks?status=OPEN&status=OVERDUE')
      assert.ok(isReddish(await colourOf(row(late).locator('.c-title a'))), theme)
      assert.ok(isReddish(await colourOf(row(late).locator('.c-due time'))), theme)
      assert.ok(!isReddish(await colourOf(row(fine).locator('.c-title a'))), theme)
      assert.equal((await row(late).locator('.c-status').textContent()).trim(), 'Overdue')
      assert.equal(await row(late).locator('.c-status svg').count(), 1)
      assert.match(await row(late).locator('.c-due').textContent(), /3 days overdue/)
    }
    await page.emulateMedia({ colorScheme: 'light' })
  })

  test('shows a script in a title as text', async () => {
    const title = '<script>document.title = "pwned"</script><img src=x onerror=alert(1)>&amp;{{x}}'
    const id = await desk.task({ title, user_id: 'cus_1', description: title })
    await open('/tasks')
    assert.deepEqual(await titles(page), [title])
    await open(`/tasks/${id}`)
    assert.equal(await page.locator('h1').textContent(), title)
    assert.equal(await page.locator('main script, main img').count(), 0)
    assert.ok((await page.title()).startsWith('<script>'))
    await open('/customers/cus_1')
    assert.deepEqual(await titles(page), [title])
  })

  test('says so when there is nothing', async () => {
    await open('/tasks')
    await page.getByText('There is nothing to do.').waitFor()
    await open('/tasks?status=OVERDUE')
    await page.getByText('No task is like this.').waitFor()
    assert.equal(await page.locator('#queue').isVisible(), false)
    await page.goto(`${desk.url}/tasks?status=WRONG`)
    await page.getByText('Unprocessable Entity').waitFor()
    await page.goto(`${desk.url}/tasks/987654`)
    await page.getByText('Task 987654 does not exist.').waitFor()
    await page.goto(`${desk.url}/nothing/here`)
    await page.getByText('There is nothing at this address.').waitFor()
  })
})

describe('work', () => {
  test('a task is created from the list', async () => {
    await open('/tasks')
    await page.keyboard.press('n')
    await page.getByLabel('Title', { exact: true }).fill('Call the bank')
    await page.locator('#new-task').getByLabel('Priority').selectOption('HIGH')
    await pick(page.locator('#new-task').getByLabel('Customer'), 'Second')
    await page.locator('#new-task').getByLabel('SLA in hours').fill('8')
    await page.getByRole('button', { name: 'Create task' }).click()
    await toast('has been created')
    await until('the row', async () => (await titles(page)).includes('Call the bank'))
    assert.equal(await page.locator('#rows .c-customer').textContent(), 'Second Ltd')
    assert.equal(await page.locator('#rows .priority').textContent(), 'High')
    assert.match(await page.locator('#rows .c-sla').textContent(), /8 h left/)
  })

  test('and from the customer\'s page, for the customer\'s agent', async () => {
    await open('/customers/cus_1')
    await page.getByText('Nothing to do for this customer.').waitFor()
    await page.getByLabel('Title', { exact: true }).fill('Ask for the passport')
    await page.getByRole('button', { name: 'Create task' }).click()
    await until('the row', async () => (await titles(page)).includes('Ask for the passport'))
    assert.equal((await page.locator('#rows .c-assignee').textContent()).trim(), 'Adam Agent')
    assert.equal(await page.getByLabel('Title', { exact: true }).inputValue(), '')
    assert.equal(await stat(page, 'open'), 1)
  })

  test('a task is started and completed', async () => {
    const id = await desk.task()
    await open('/tasks?status=OPEN&status=IN_PROGRESS')
    await row(id).getByRole('button', { name: 'Start' }).click()
    await row(id).getByText('In progress').waitFor()
    assert.equal(await stat(page, 'in_progress'), 1)
    await row(id).getByRole('button', { name: 'Complete' }).click()
    await toast(`Task ${id} will be completed.`)
    await now()
    await row(id).waitFor({ state: 'detached' })
    await toast(`Task ${id} is completed.`)
    await until('none to be in progress', async () => await stat(page, 'in_progress') === 0)
  })

  test('a refusal is a sentence that a person understands, and stays with the row', async () => {
    const id = await desk.task()
    await open('/tasks?status=OPEN&status=COMPLETED')
    const start = row(id).getByRole('button', { name: 'Start' })
    await start.waitFor()
    // Somebody else is faster, and the page does not know yet.
    await page.evaluate(() => { document.querySelector('#rows').removeAttribute('data-live') })
    await desk.db.query('SELECT taskq_start($1, actor => $2)', [id, 'sta_zoe'])
    await desk.db.query('SELECT taskq_complete($1, actor => $2)', [id, 'sta_zoe'])
    await start.click()
    await problem(row(id), /Task \d+ is completed already, since .* by Zoe Second\./)
    assert.equal(await page.locator('.toast.bad').count(), 0)
  })

  test('a date is changed in place', async () => {
    const id = await desk.task({ due_date: await desk.today(-1) })
    await open('/tasks?status=OPEN&status=OVERDUE')
    await row(id).locator('[data-reschedule]').click()
    await page.locator('.reschedule').getByRole('button', { name: '+1 w' }).click()
    await row(id).getByText('in 7 days').waitFor()
    assert.equal((await row(id).locator('.c-status').textContent()).trim(), 'Open')
    await row(id).locator('[data-reschedule]').click()
    await page.getByLabel('New due date').fill(await desk.today(2))
    await page.keyboard.press('Enter')
    await row(id).getByText('in 2 days').waitFor()
    await row(id).locator('[data-reschedule]').click()
    await page.keyboard.press('Escape')
    assert.equal(await page.locator('.reschedule').count(), 0)
  })

  test('many are started, completed and assigned at once', async () => {
    const ids = [await desk.task(), await desk.task(), await desk.task()]
    await open('/tasks')
    const bulk = page.locator('#bulk')
    await page.getByLabel('Select all tasks of this page').check()
    assert.equal(await page.locator('#bulk-count').textContent(), '3 selected')
    await bulk.getByRole('button', { name: 'Assign …' }).click()
    await page.getByRole('heading', { name: 'Assign 3 tasks' }).waitFor()
    await pick(page.locator('#change').getByLabel('Assignee'), 'Zoe')
    await page.locator('#change-yes').click()
    await toast('3 tasks will be assigned.')
    await now()
    await toast('3 tasks have been changed.')
    await until('all to be Zoe\'s', async () => (await page.locator('#rows .c-assignee').allTextContents()).every((name) => name.trim() === 'Zoe Second'))
    assert.equal(await bulk.isVisible(), false)

    for (const id of ids.slice(0, 2)) await row(id).getByRole('checkbox').check()
    assert.equal(await bulk.getByRole('button', { name: 'Complete', exact: true }).count(), 0)
    await bulk.getByRole('button', { name: 'Start', exact: true }).click()
    await now()
    await until('both to be in progress', async () => await stat(page, 'in_progress') === 2)

    // Two of three can be completed; all can be started and completed.
    await page.getByLabel('Select all tasks of this page').check()
    await bulk.getByRole('button', { name: 'Complete (2 of 3)' }).waitFor()
    await bulk.getByRole('button', { name: 'Start and complete' }).click()
    await now()
    await toast('3 tasks have been completed.')
    await until('none to be in progress', async () => await stat(page, 'in_progress') === 0)
  })

  test('the drawer has the history, and a place for notes', async () => {
    const id = await desk.task({ title: 'Look at me', description: 'More of it', assignee_id: 'sta_zoe' })
    await desk.db.query('SELECT taskq_start($1, actor => $2)', [id, 'sta_zoe'])
    await open('/tasks?status=IN_PROGRESS')
    await page.getByRole('link', { name: 'Look at me' }).click()
    const drawer = page.locator('#drawer')
    await drawer.locator('.description', { hasText: 'More of it' }).waitFor()
    assert.match(page.url(), new RegExp(`#task-${id}$`))
    assert.match(await drawer.locator('.history li').first().textContent(), /Zoe Second started/)
    await drawer.locator('.comment').getByLabel('Note').fill('Called, no answer')
    await drawer.getByRole('button', { name: 'Add' }).click()
    await drawer.getByText('Called, no answer').waitFor()
    await drawer.getByRole('button', { name: 'Take it' }).click()
    await drawer.getByText('Adam Agent took the task').waitFor()
    await pick(drawer.getByRole('combobox', { name: 'Assignee' }), 'Zoe')
    await drawer.getByText('Adam Agent gave the task to Zoe Second').waitFor()
    await page.reload()
    await drawer.getByText('Called, no answer').waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'hidden' })
  })

  test('the most urgent task that nobody has is one click away', async () => {
    await desk.task({ title: 'not this', priority: 'LOW' })
    await desk.task({ title: 'this one', priority: 'URGENT' })
    await open('/tasks')
    await page.getByRole('button', { name: 'Take next task' }).click()
    await page.locator('#drawer h1', { hasText: 'this one' }).waitFor()
    assert.equal(await page.locator('#drawer').getByRole('combobox', { name: 'Assignee' }).inputValue(), 'Adam Agent')
    await page.keyboard.press('Escape')
  })

  test('all of it goes by keyboard', async () => {
    const first = await desk.task({ title: 'first', due_date: await desk.today(1) })
    const second = await desk.task({ title: 'second', due_date: await desk.today(2) })
    await open('/tasks?status=OPEN&status=IN_PROGRESS')
    const focused = () => page.evaluate(() => document.activeElement.id)
    for (const key of ['j', 'j', 'k']) await page.keyboard.press(key)
    assert.equal(await focused(), `task-${first}`)
    await page.keyboard.press('s')
    await row(first).getByText('In progress').waitFor()
    await until('the focus to be where it was', async () => await focused() === `task-${first}`)
    await page.keyboard.press('c')
    // The next row has the focus at once, and this one is gone when it has been sent.
    assert.equal(await focused(), `task-${second}`)
    await now()
    await row(first).waitFor({ state: 'detached' })
    await row(second).focus()
    await page.keyboard.press('x')
    assert.equal(await page.locator('#bulk-count').textContent(), 'One selected')
    await page.keyboard.press('Enter')
    await page.locator('#drawer h1', { hasText: 'second' }).waitFor()
    await page.keyboard.press('Escape')
    await until('the focus back in the list', async () => await focused() === `task-${second}`)
    await page.keyboard.press('/')
    assert.equal(await focused(), 'search')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
  })
})

describe('pauses', () => {
  test('a task is paused and resumed in the drawer; a chip in the list says so', async () => {
    const id = await desk.task({ title: 'Waits', sla_hours: 8 })
    await open('/tasks')
    await page.getByRole('link', { name: 'Waits' }).click()
    const drawer = page.locator('#drawer')
    await drawer.locator('summary', { hasText: 'Pause' }).click()
    await drawer.getByLabel('Waits for').fill('The customer signs')
    await drawer.getByLabel('Until').fill('2099-06-05T09:00')
    await drawer.getByRole('button', { name: 'Pause the task' }).click()
    await toast(`Task ${id} is paused.`)
    await drawer.locator('.pause-note', { hasText: 'The customer signs' }).waitFor()
    assert.match(await drawer.locator('.pause-note b').textContent(), /until 5 Jun 2099 09:00$/)
    assert.match(await row(id).locator('.paused').getAttribute('title'), /: The customer signs$/)
    assert.match(await row(id).locator('.c-sla').textContent(), /8 h left/)
    assert.equal((await row(id).locator('.c-status').textContent()).trim(), 'Open')
    await until('the number of paused tasks', async () => await stat(page, 'paused') === 1)

    await drawer.locator('details.explain summary').click()
    assert.match(await drawer.locator('details.explain').textContent(), /paused: The customer signs/)
    await drawer.getByRole('button', { name: 'Resume' }).click()
    await toast(`Task ${id} is no longer paused.`)
    await drawer.getByText('Adam Agent resumed the task').waitFor()
    await row(id).locator('.paused').waitFor({ state: 'detached' })
    assert.equal(await drawer.locator('.pause-note').count(), 0)
    await page.keyboard.press('Escape')
  })

  test('what cannot be is refused in words', async () => {
    const id = await desk.task()
    await open(`/tasks/${id}`)
    await page.locator('summary', { hasText: 'Pause' }).click()
    await page.getByLabel('Until').fill('2020-06-05T09:00')
    await page.getByRole('button', { name: 'Pause the task' }).click()
    await problem(page.locator('#task'), 'Until must be a time that is still to come.')
    assert.equal(await page.getByLabel('Until').getAttribute('aria-invalid'), 'true')
  })

  test('many are paused at once, found by the filter and resumed; one by its key', async () => {
    const ids = [await desk.task({ title: 'one' }), await desk.task({ title: 'two' }), await desk.task({ title: 'three' })]
    await open('/tasks')
    for (const id of ids.slice(0, 2)) await row(id).getByRole('checkbox').check()
    await page.locator('#bulk').getByRole('button', { name: 'Pause …' }).click()
    await page.getByRole('heading', { name: 'Pause 2 tasks' }).waitFor()
    await page.locator('#change').getByLabel('Waits for').fill('The bank')
    await page.locator('#change-yes').click()
    await now()
    await toast('2 tasks have been paused.')
    await page.locator('[data-stat="paused"]').click()
    await page.waitForURL('**/tasks?*paused=true*')
    await until('the paused tasks', async () => await page.locator('#rows tr').count() === 2)
    assert.equal(await page.locator('[data-stat="paused"]').getAttribute('aria-current'), 'true')
    await page.locator('#filters [name="paused"]').selectOption('false')
    await page.waitForURL('**/tasks?*paused=false*')
    await until('the others', async () => JSON.stringify(await titles(page)) === '["three"]')

    await open('/tasks')
    await row(ids[2]).focus()
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'Pause one task' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Pause one task' }).waitFor({ state: 'hidden' })
    await row(ids[2]).locator('.paused').waitFor()
    await row(ids[2]).focus()
    await page.keyboard.press('p')
    await row(ids[2]).locator('.paused').waitFor({ state: 'detached' })
    await page.getByLabel('Select all tasks of this page').check()
    await page.locator('#bulk').getByRole('button', { name: 'Resume' }).click()
    await now()
    await until('none to be paused', async () => await page.locator('#rows .paused').count() === 0)
  })

  test('a kind is a column and a filter', async () => {
    const id = await desk.task({ title: 'a document', kind: 'DOCUMENT_REVIEW' })
    await desk.task({ title: 'nothing of the kind' })
    await page.setViewportSize({ width: 1500, height: 820 })
    await open('/tasks')
    await row(id).getByRole('link', { name: 'DOCUMENT_REVIEW' }).click()
    await page.waitForURL('**/tasks?*kind=DOCUMENT_REVIEW')
    assert.deepEqual(await titles(page), ['a document'])
    await page.locator('#filters [name="kind"]').fill('')
    await page.keyboard.press('Enter')
    await until('both', async () => await page.locator('#rows tr').count().catch(() => 0) === 2)
    await page.setViewportSize({ width: 1360, height: 820 })
  })
})

describe('calendars', () => {
  // Open three hours ago and closed two hours ago, on all days: closed now, whatever day it is.
  const window = () => {
    const hour = (n) => String((new Date().getUTCHours() + 24 + n) % 24).padStart(2, '0')
    return `Mon-Sun ${hour(-3)}:00-${hour(-2)}:00`
  }
  let manager

  before(async () => { manager = await signIn(browser, desk.url, desk.tokens.manager) })
  after(async () => {
    assert.deepEqual(manager.complaints, [])
    await manager.context().close()
  })
  beforeEach(async () => {
    await desk.db.query('DELETE FROM taskq_calendar')
    await desk.db.query('DELETE FROM taskq_holiday')
  })
  const save = async () => {
    await manager.locator('#moves-save').click()
    await manager.locator('#moves').waitFor({ state: 'hidden' })
  }

  test('an SLA in business time is told as such, and explained', async () => {
    await desk.db.query(`SELECT taskq_calendar_set('desk', 'UTC', $1)`, [window()])
    const { rows: [{ id }] } = await desk.db.query(`
      INSERT INTO taskq_task (title, sla_hours, sla_calendar, created_at) VALUES ('In business time', 8, 'desk', now() - interval '49 hours') RETURNING id`)
    await open('/tasks')
    assert.match(await row(id).locator('.sla').getAttribute('title'), /6 h left, closed until .*\d\d:00; deadline: /)
    await page.getByRole('link', { name: 'In business time' }).click()
    const drawer = page.locator('#drawer')
    await drawer.getByText(/6 h of 8 h left, closed until/).waitFor()
    await drawer.locator('details.explain summary').click()
    assert.ok(await drawer.locator('.w-open').count() >= 8)
    assert.ok(await drawer.locator('.w-closed').count() >= 7)
    await drawer.getByText(/^8 h: reached /).waitFor()
    // It stays open when the task is drawn anew.
    await desk.db.query('SELECT taskq_comment($1, $2, $3)', [id, 'from elsewhere', 'sta_zoe'])
    await drawer.getByText('from elsewhere').waitFor()
    assert.equal(await drawer.locator('details.explain').getAttribute('open'), '')
    await page.keyboard.press('Escape')
  })

  test('a manager makes one, sees what a change would move, and saves it', async () => {
    await manager.goto(`${desk.url}/calendars`)
    await manager.getByText('There is no calendar yet.').waitFor()
    await manager.locator('[name="name"]').fill('back office / Köln')
    await manager.getByLabel('Time zone').fill('Europe/Berlin')
    await manager.locator('[name="hours"]').fill('Mon-Fri 09:00-17:00')
    await manager.getByRole('button', { name: 'Create calendar …' }).click()
    await manager.getByText('No deadline moves.').waitFor()
    await manager.locator('#moves-save').click()
    await manager.waitForURL('**/calendars/back%20office%20%2F%20K%C3%B6ln')
    assert.equal(await manager.locator('#week rect.met').count(), 5)

    await desk.db.query(`INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('Moves', 4, 'back office / Köln')`)
    await manager.locator('[name="hours"]').fill('Sat 12:00-14:00')
    await manager.getByRole('button', { name: 'Preview …' }).first().click()
    await manager.getByText('One deadline moves:').waitFor()
    await manager.locator('#moves-rows', { hasText: 'Moves' }).waitFor()
    await manager.getByRole('button', { name: 'Back' }).click()
    assert.equal(await manager.locator('#week .code').textContent(), 'Mon-Fri 09:00-17:00')
    await manager.getByRole('button', { name: 'Preview …' }).first().click()
    await save()
    await manager.locator('#week .code', { hasText: 'Sat 12:00-14:00' }).waitFor()

    await manager.locator('[name="hours"]').fill('Sat 12:00')
    await manager.getByRole('button', { name: 'Preview …' }).first().click()
    await manager.locator('.problem', { hasText: 'The hours cannot be read from character 10 on.' }).waitFor()
  })

  test('and its holidays', async () => {
    await desk.db.query(`SELECT taskq_calendar_set('desk', 'UTC', '24/7')`)
    await manager.goto(`${desk.url}/calendars/desk`)
    await manager.getByText('No holidays.').waitFor()
    await manager.getByLabel('Day', { exact: true }).fill('2000-12-25')
    await manager.locator('[name="label"]').fill('Christmas Day')
    await manager.getByLabel('Every year').check()
    await manager.getByRole('button', { name: 'Preview …' }).last().click()
    await save()
    await manager.locator('#holidays tr', { hasText: 'Christmas Day' }).getByText('every year').waitFor()
    await manager.getByRole('button', { name: 'Remove Christmas Day' }).click()
    await save()
    await manager.getByText('No holidays.').waitFor()
  })

  test('others read them, and have nothing to press', async () => {
    await desk.db.query(`SELECT taskq_calendar_set('desk', 'UTC', '24/7')`)
    for (const path of ['/calendars', '/calendars/desk']) {
      await open(path)
      await page.getByText('24/7').waitFor()
      assert.equal(await page.locator('main button').count(), 0, path)
    }
  })
})

describe('what others do', () => {
  test('shows by itself: numbers, rows, and the open task', async () => {
    const id = await desk.task({ title: 'theirs' })
    await open('/tasks')
    assert.equal(await stat(page, 'open'), 1)
    const other = await signIn(browser, desk.url, desk.tokens.second)
    await page.locator('.views a', { hasText: 'All active' }).waitFor()
    await page.getByRole('link', { name: 'theirs' }).click()
    await page.locator('#drawer h1').waitFor()

    await other.locator(`#task-${id}`).getByRole('button', { name: 'Start' }).click()
    await until('the numbers', async () => await stat(page, 'open') === 0 && await stat(page, 'in_progress') === 1)
    await row(id).getByText('In progress').waitFor()
    await page.locator('#drawer').getByText('Zoe Second started').waitFor()
    await page.keyboard.press('Escape')

    await desk.task({ title: 'new and overdue', due_date: await desk.today(-1) })
    await until('one overdue', async () => await stat(page, 'overdue') === 1)
    await desk.task({ title: 'new' })
    await until('the new row', async () => (await titles(page)).includes('new'))
    assert.deepEqual(other.complaints, [])
    await other.context().close()
  })

  test('leaves alone what somebody is doing', async () => {
    const id = await desk.task({ title: 'chosen', due_date: await desk.today(1) })
    await open('/tasks')
    await row(id).getByRole('checkbox').check()
    await row(id).focus()
    await desk.db.query('SELECT taskq_prioritize($1, $2)', [id, 'URGENT'])
    await row(id).getByText('Urgent').waitFor()
    assert.equal(await row(id).getByRole('checkbox').isChecked(), true)
    assert.equal(await page.evaluate(() => document.activeElement.id), `task-${id}`)

    await row(id).locator('[data-reschedule]').click()
    await page.getByLabel('New due date').fill('2031-01-31')
    await desk.task({ title: 'another' })
    await until('the other row', async () => (await titles(page)).includes('another'))
    assert.equal(await page.getByLabel('New due date').inputValue(), '2031-01-31')
    await page.keyboard.press('Escape')
  })
})

describe('levels', () => {
  test('a viewer sees the tasks, and nothing to press', async () => {
    const id = await desk.task({ user_id: 'cus_1' })
    const viewer = await signIn(browser, desk.url, desk.tokens.viewer)
    assert.deepEqual(await titles(viewer), ['A task'])
    assert.equal(await viewer.locator('main button:not(#views button), main input[type="checkbox"]:not(.chip input)').count(), 0)
    await viewer.goto(`${desk.url}/tasks/${id}`)
    assert.equal(await viewer.locator('main button').count(), 0)
    await viewer.goto(`${desk.url}/customers/cus_1`)
    assert.equal(await viewer.getByRole('button', { name: 'Create task' }).count(), 0)
    assert.deepEqual(viewer.complaints, [])
    await viewer.context().close()
  })

  test('a manager has renewals looked at; an agent is not offered it', async () => {
    await open('/renewals')
    assert.equal(await page.getByRole('button', { name: 'Refresh renewals' }).count(), 0)
    const manager = await signIn(browser, desk.url, desk.tokens.manager)
    await manager.goto(`${desk.url}/renewals`)
    await manager.getByRole('button', { name: 'Refresh renewals' }).click()
    await manager.getByText(/All renewals are up to date|have crossed a threshold/).waitFor()
    await manager.context().close()
  })

  test('a wrong token is refused in words, and signing out works', async () => {
    const context = await browser.newContext()
    const somebody = await context.newPage()
    await somebody.goto(`${desk.url}/tasks?status=OVERDUE`)
    await somebody.getByLabel('Your token').fill('wrong')
    await somebody.getByRole('button', { name: 'Sign in' }).click()
    await somebody.getByText('This token is not valid, or no longer.').waitFor()
    await somebody.getByLabel('Your token').fill(desk.tokens.viewer)
    await somebody.getByRole('button', { name: 'Sign in' }).click()
    await somebody.waitForURL('**/tasks?status=OVERDUE')
    await somebody.getByRole('button', { name: 'Sign out' }).click()
    await somebody.waitForURL('**/sign-in')
    await somebody.goto(`${desk.url}/tasks`)
    await somebody.waitForURL('**/sign-in?next=%2Ftasks')
    await context.close()
  })
})

describe('the look', () => {
  test('light or dark as the system says, or as somebody chooses', async () => {
    await desk.task()
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    await open('/tasks')
    const light = await background()
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.notEqual(await background(), light)
    await page.getByRole('button', { name: 'Light or dark' }).click()
    assert.equal(await background(), light)
    await page.reload()
    assert.equal(await background(), light)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.context().clearCookies({ name: 'theme' })
  })

  test('on a narrow screen nothing is cut off', async () => {
    const id = await desk.task({ title: 'A rather long title that says exactly what is to be done, and for whom, and when', due_date: await desk.today(-3), sla_hours: 5, assignee_id: 'sta_adam', kind: 'X'.repeat(63) })
    await desk.db.query('SELECT taskq_pause($1, $2)', [id, `${'Long '.repeat(200)}${'long'.repeat(200)}`])
    await desk.db.query(`SELECT taskq_calendar_set($1, 'Europe/Berlin', 'Mon-Fri 08:00-12:30,13:30-19:00; Sat 10:00-14:00')`, ['c'.repeat(63)])
    await page.setViewportSize({ width: 360, height: 740 })
    for (const path of ['/tasks?status=OVERDUE', `/tasks/${id}`, '/customers', '/customers/cus_1', '/calendars', `/calendars/${'c'.repeat(63)}`, '/reports', '/renewals', '/manage/staff', '/account']) {
      await open(path)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`)
    }
    await open('/tasks?status=OVERDUE')
    await row(id).getByRole('button', { name: 'Start' }).click()
    await row(id).getByRole('button', { name: 'Start' }).waitFor({ state: 'detached' })
    await page.setViewportSize({ width: 1360, height: 820 })
  })

  test('reports are drawn, and told in a table', async () => {
    await desk.db.query(`
      INSERT INTO taskq_task (title, status, sla_hours, created_at, started_at, completed_at, assignee_id)
      SELECT 'old', 'COMPLETED', 10, t, t, t + interval '1 hour' * (CASE WHEN n % 4 = 0 THEN 20 ELSE 2 END), 'sta_adam'
      FROM generate_series(1, 20) n, LATERAL (SELECT now() - interval '3 days' * n AS t) v`)
    await open('/reports')
    assert.match(await page.locator('#totals').textContent(), /75\.0%/)
    assert.match(await page.locator('#sum').textContent(), /20 deadlines = 15 met \+ 5 breached \+ 0 still open/)
    assert.ok(await page.locator('#weeks svg rect.met').count() >= 8)
    await page.getByText('As a table').click()
    assert.ok(await page.locator('#weeks tbody tr').count() >= 8)
    assert.match(await page.locator('#groups tbody').textContent(), /Adam Agent/)
    for (const [name, expected] of [['Team', /no team.*75\.0%/s], ['Priority', /Medium.*75\.0%/s], ['Customer', /no customer.*75\.0%/s], ['Kind', /no kind.*75\.0%/s]]) {
      await page.locator('.tabs').getByRole('link', { name, exact: true }).click()
      await page.waitForURL(`**group=${name.toLowerCase()}`)
      assert.match(await page.locator('#groups tbody').textContent(), expected)
    }
    // Two years fit as well: no word of an axis lies on another.
    await open(`/reports?from=${await desk.today(-730)}`)
    const overlaps = await page.locator('#weeks svg text.scale').evaluateAll((texts) => {
      const boxes = texts.map((text) => text.getBoundingClientRect())
      return boxes.some((a, n) => boxes.slice(n + 1).some((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
    })
    assert.equal(overlaps, false)
  })

  // Counted in processor time of the page's main thread: time on the clock would
  // say how busy the machine is, and without a graphics card painting is slow.
  test('five hundred rows move without a slow frame', async () => {
    await desk.db.query(`SELECT count(taskq_create('Task ' || n, due_date => taskq_today() + n % 9, sla_hours => 40)) FROM generate_series(1, 520) n`)
    await open('/tasks?limit=500')
    assert.equal(await page.locator('#rows tr').count(), 500)
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
    async function spent() {
      const { metrics } = await devtools.send('Performance.getMetrics')
      const of = (wanted) => metrics.find(({ name }) => name === wanted).value * 1000
      return { own: of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration'), all: of('TaskDuration') }
    }
    const step = (n) => page.evaluate(async (at) => {
      if (at % 10 === 0) document.getElementById('select-all').click()
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
      scrollTo(0, at * 280)
      for (let frame = 0; frame < 2; frame++) await new Promise((done) => { requestAnimationFrame(done) })
    }, n)
    const moving = []
    const selecting = []
    const busy = []
    for (let n = 0; n < 50; n++) {
      const before = await spent()
      await step(n)
      const after = await spent()
      const times = n % 10 === 0 ? selecting : moving
      times.push(after.own - before.own)
      busy.push(after.all - before.all)
    }
    const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]
    assert.ok(median(moving) < 16, `script, style and layout of a step took ${median(moving).toFixed()} ms`)
    assert.ok(median(selecting) < 100, `selecting all took ${median(selecting).toFixed()} ms`)
    assert.ok(median(busy) < 120, `half of the steps kept the page busy for more than ${median(busy).toFixed()} ms`)

    // What somebody else changes brings the whole list up to date.
    const updating = []
    for (let n = 0; n < 5; n++) {
      const before = await spent()
      const { rows: [{ id }] } = await desk.db.query(`SELECT id FROM taskq_edit((SELECT id FROM taskq_queue ORDER BY id OFFSET $1 LIMIT 1), title => $2)`, [n, `Changed ${n}`])
      await page.locator(`#task-${id}`, { hasText: `Changed ${n}` }).waitFor()
      updating.push((await spent()).own - before.own)
    }
    assert.ok(median(updating) < 150, `an update of the list took ${median(updating).toFixed()} ms`)
  })
})
