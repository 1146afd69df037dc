// A day's work on tasks: messages, editing, second thoughts.  In a real browser.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { isLive, openBrowser, pick, sendNow, signIn, titles } from './help/browser.js'
import { openDesk, until } from './help/desk.js'

let desk, browser, page, drawer

before(async () => {
  desk = await openDesk('drawer')
  await desk.db.query(`
    INSERT INTO taskq_team (id, name) VALUES ('team_b', 'Back office'), ('team_t', 'Telephone');
    INSERT INTO taskq_team_member VALUES ('team_b', 'sta_adam')`)
  browser = await openBrowser()
  page = await signIn(browser, desk.url, desk.tokens.agent)
  drawer = page.locator('#drawer')
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
const openTask = async (id) => {
  await page.goto('about:blank') // or only the part behind # would change
  await open(`/tasks#task-${id}`)
  await drawer.locator('#task').waitFor()
}
const row = (id) => page.locator(`#task-${id}`)
const toast = (text) => page.locator('.toast', { hasText: text })
const unfold = (words) => drawer.locator('summary', { hasText: words }).click()
const column = async (id, name) => (await desk.db.query(`SELECT ${name} AS value FROM taskq_tasks WHERE id = $1`, [id])).rows[0].value

describe('messages', () => {
  test('an error in the corner fades, covers nothing that can be pressed, and is told to a screen reader', async () => {
    const id = await desk.task()
    await openTask(id)
    // The database has no answer for this; where the message is about nothing on the page.
    await page.route('**/ops/tasks/claim', (route) => route.abort())
    await page.evaluate(() => { document.querySelector('[data-key="w"]').click() })
    await toast('The console did not answer. It is not known whether').waitFor()
    assert.equal(await page.locator('#errors').getAttribute('role'), 'alert')
    assert.equal(await page.locator('#said').getAttribute('role'), 'status')
    await drawer.getByRole('button', { name: 'Start', exact: true }).click({ timeout: 2000 })
    await drawer.getByRole('button', { name: 'Complete', exact: true }).waitFor()
    const size = await page.viewportSize()
    const box = await page.locator('#toasts').boundingBox()
    assert.ok(box.x + box.width < size.width - 460, 'it is not over the drawer')
    await toast('The console did not answer').waitFor({ state: 'detached', timeout: 15_000 })
    await page.unroute('**/ops/tasks/claim')
    page.complaints = page.complaints.filter((text) => !text.includes('net::ERR_FAILED'))
  })

  test('a click on a message reaches what is under it, and the page can be scrolled past it', async () => {
    await open('/tasks')
    for (let n = 1; n <= 3; n++) {
      await page.getByRole('button', { name: 'Take next task' }).click()
      await until('the message', async () => await page.locator('.toast').count() === n)
    }
    const { pointerEvents, room, height } = await page.evaluate(() => ({
      pointerEvents: getComputedStyle(document.querySelector('.toast p')).pointerEvents,
      room: parseFloat(getComputedStyle(document.querySelector('main')).paddingBottom),
      height: document.getElementById('toasts').offsetHeight,
    }))
    assert.equal(pointerEvents, 'none')
    assert.ok(room >= height)
  })

  test('a wrong customer is told at the field, without a word of the database\'s', async () => {
    await open('/tasks')
    await page.keyboard.press('n')
    const form = page.locator('#new-task form')
    await form.getByLabel('Title').fill('For nobody')
    await form.getByLabel('Customer').fill('Lumen Studio')
    await form.getByText('Nobody is called that.').first().waitFor()
    await form.getByRole('button', { name: 'Create task' }).click()
    const note = form.locator('.problem')
    await note.waitFor()
    assert.equal(await note.textContent(), 'There is no customer “Lumen Studio”. Type part of the name and choose from the list.')
    const field = form.getByLabel('Customer')
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    assert.equal(await field.getAttribute('aria-describedby'), await note.getAttribute('id'))
    assert.equal(await page.locator('.toast.bad').count(), 0)
    await pick(field, 'First')
    await form.getByRole('button', { name: 'Create task' }).click()
    await toast('has been created').waitFor()
    assert.equal(await note.count(), 0)
  })
})

describe('editing', () => {
  test('title, description, priority, SLA, labels and attributes', async () => {
    const id = await desk.task({ title: 'Old title', labels: ['one', 'two'], attributes: { policy: 'P-1', count: 3 } })
    await openTask(id)
    await unfold('Edit …')
    const form = drawer.locator('form.edit')
    assert.equal(await form.getByLabel('Attributes').inputValue(), 'count = 3\npolicy = P-1')
    await form.getByLabel('Title').fill('New title')
    await form.getByLabel('Description').fill('See https://example.org/a?b=1&c=2. Then (http://example.org/x) <b>not</b>.')
    await form.getByLabel('Priority').selectOption('URGENT')
    await form.getByLabel('SLA in hours').fill('2')
    await form.getByLabel('Labels').fill('two, three')
    await form.getByLabel('Attributes').fill('policy = P-2\nurgent = true\nnumber = "12"')
    await form.getByRole('button', { name: 'Save' }).click()
    await toast(`Task ${id} is saved.`).waitFor()
    await drawer.locator('h1', { hasText: 'New title' }).waitFor()
    assert.deepEqual(await column(id, 'labels'), ['three', 'two'])
    assert.deepEqual(await column(id, 'attributes'), { policy: 'P-2', urgent: true, number: '12' })
    assert.equal(await column(id, 'priority'), 'URGENT')
    assert.equal(await column(id, 'sla_hours'), 2)
    assert.deepEqual(await drawer.locator('.description a').evaluateAll((links) => links.map((a) => a.getAttribute('href'))), ['https://example.org/a?b=1&c=2', 'http://example.org/x'])
    assert.equal(await drawer.locator('.description b').count(), 0)
    assert.match(await drawer.locator('.description a').first().getAttribute('rel'), /noopener/)
    const history = await drawer.locator('.history').textContent()
    assert.match(history, /Adam Agent edited the task/)
    assert.match(history, /Labels added: three/)
    assert.match(history, /Labels removed: one/)
    assert.match(history, /policy: P-1 → P-2/)
    assert.match(history, /Priority: Medium → Urgent/)
    assert.match(history, /SLA hours: none → 2 h/)
    assert.match(await drawer.locator('.facts').textContent(), /2 h left/)
    await row(id).locator('.label', { hasText: 'three' }).waitFor()
  })

  test('what is left as it was in the form stays as it is: the policy of the SLA, labels and attributes with any signs', async () => {
    await desk.db.query(`INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('By policy', 'QUERY', 7.3)`)
    const id = Number((await desk.db.query(`
      SELECT taskq_create('Tpyo', kind => 'QUERY', labels => '{"Smith, John",x}', attributes => '{"a=b": " 1 ", "n": "2"}', description => E'one\\r\\ntwo') AS id`)).rows[0].id)
    assert.equal(await column(id, 'sla_policy'), 'By policy')
    await openTask(id)
    await unfold('Edit …')
    await drawer.locator('form.edit [name="title"]').fill('Typo')
    await drawer.locator('form.edit').getByRole('button', { name: 'Save' }).click()
    await toast(`Task ${id} is saved.`).waitFor()
    const { rows: [task] } = await desk.db.query('SELECT title, sla_policy, sla_hours, labels, attributes, description FROM taskq_task WHERE id = $1', [id])
    assert.deepEqual(task, { title: 'Typo', sla_policy: 'By policy', sla_hours: 7.3, labels: ['Smith, John', 'x'], attributes: { 'a=b': ' 1 ', n: '2' }, description: 'one\r\ntwo' })
    const { rows } = await desk.db.query(`SELECT kind FROM taskq_task_history WHERE task_id = $1 AND kind <> 'created'`, [id])
    assert.deepEqual(rows, [{ kind: 'edited' }])
    await desk.db.query('DELETE FROM taskq_sla_policy')
  })

  test('a title cannot be emptied: that is said at the field; a comma in hours is understood', async () => {
    const id = await desk.task({ title: 'Stays' })
    await openTask(id)
    await unfold('Edit …')
    const form = drawer.locator('form.edit')
    await form.getByLabel('Title').fill('   ')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.locator('.problem', { hasText: 'A title has 1 to 200 characters, on one line.' }).waitFor()
    await form.getByLabel('Title').fill('Stays')
    await form.getByLabel('SLA in hours').fill('a day')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.locator('.problem', { hasText: 'This is not a number.' }).waitFor()
    await form.getByLabel('SLA in hours').fill('1,5')
    await form.getByRole('button', { name: 'Save' }).click()
    await toast(`Task ${id} is saved.`).waitFor()
    assert.equal(await column(id, 'sla_hours'), 1.5)
  })

  test('team and assignee are found by typing; comments have links', async () => {
    const id = await desk.task()
    await openTask(id)
    await pick(drawer.getByRole('combobox', { name: 'Team' }), 'Back')
    await until('the team', async () => await column(id, 'team_id') === 'team_b')
    await drawer.getByText('Team: none → Back office').waitFor()
    await drawer.locator('.comment textarea').fill('Look at https://example.org/letter')
    await drawer.getByRole('button', { name: 'Add' }).click()
    await drawer.locator('.history blockquote a[href="https://example.org/letter"]').waitFor()
  })

  test('completing and cancelling with a note', async () => {
    const id = await desk.task()
    await openTask(id)
    await unfold('Complete with a note …')
    await drawer.getByLabel('Note', { exact: true }).first().fill('Paid in full')
    await drawer.locator('details[open]').getByRole('button', { name: 'Start and complete' }).click()
    await sendNow(page)
    await until('the end', async () => await column(id, 'status') === 'COMPLETED')
    await drawer.locator('.history blockquote', { hasText: 'Paid in full' }).waitFor()

    const other = await desk.task()
    await openTask(other)
    await unfold('Cancel …')
    await drawer.getByLabel('Reason').fill('Asked for twice')
    await drawer.getByRole('button', { name: 'Cancel the task' }).click()
    await sendNow(page)
    await drawer.locator('.history blockquote', { hasText: 'Asked for twice' }).waitFor()
  })

  test('two editors: who changed what and when is shown, with both values', async () => {
    const id = await desk.task({ due_date: await desk.today(3), title: 'Both want it' })
    await openTask(id)
    await drawer.getByLabel('Due date').fill(await desk.today(9))
    await desk.db.query('SELECT taskq_reschedule($1, $2, actor => $3)', [id, await desk.today(5), 'sta_zoe'])
    await drawer.locator('.facts form', { has: page.getByLabel('Due date') }).getByRole('button', { name: 'Save' }).click()
    const conflict = drawer.locator('.conflict')
    await conflict.waitFor()
    const words = await conflict.innerText()
    assert.match(words, /Zoe Second moved the due date, just now\./)
    assert.match(words, /Due date: .+ → .+/)
    assert.match(words, /What you wanted:\s+Due date: /)
    assert.equal(await column(id, 'due_date::text'), await desk.today(5))
    await conflict.getByRole('button', { name: 'Save mine all the same' }).click()
    await toast(`Task ${id} is saved.`).waitFor()
    assert.equal(await column(id, 'due_date::text'), await desk.today(9))

    // And the other way: theirs stays.
    await drawer.getByLabel('Due date').fill(await desk.today(11))
    await desk.db.query('SELECT taskq_prioritize($1, $2, actor => $3)', [id, 'URGENT', 'sta_zoe'])
    await drawer.locator('.facts form', { has: page.getByLabel('Due date') }).getByRole('button', { name: 'Save' }).click()
    await conflict.getByText('Priority: Medium → Urgent').waitFor()
    await conflict.getByRole('button', { name: 'Take theirs' }).click()
    await conflict.waitFor({ state: 'detached' })
    await drawer.locator('.tags .priority', { hasText: 'Urgent' }).waitFor()
    assert.equal(await drawer.getByLabel('Due date').inputValue(), await desk.today(9))
  })

  test('what is being written survives an action of one\'s own', async () => {
    const id = await desk.task()
    await openTask(id)
    await drawer.locator('.comment textarea').fill('Half a senten')
    await drawer.getByRole('button', { name: 'Start', exact: true }).click()
    await drawer.getByText('In progress').first().waitFor()
    assert.equal(await drawer.locator('.comment textarea').inputValue(), 'Half a senten')
  })

  test('without scripts the forms work all the same', async () => {
    const id = await desk.task({ title: 'Plain' })
    const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() })
    const plain = await context.newPage()
    await plain.goto(`${desk.url}/tasks/${id}`)
    await plain.locator('summary', { hasText: 'Edit …' }).click()
    await plain.locator('form.edit [name="title"]').fill('Plainly edited')
    await plain.locator('form.edit').getByRole('button', { name: 'Save' }).click()
    assert.equal(await plain.locator('h1').textContent(), 'Plainly edited')
    await plain.getByRole('button', { name: 'Start', exact: true }).click()
    await until('the start', async () => await column(id, 'status') === 'IN_PROGRESS')
    await context.close()
  })
})

describe('the drawer', () => {
  // What the page does with an answer it has done when a later one has come and been drawn.
  const settled = () => page.evaluate(() => fetch('/health').then(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)) })))

  test('closed before it has come, it stays closed; of two, the last is shown and in the address', async () => {
    const [slow, other] = [await desk.task({ title: 'slow one' }), await desk.task({ title: 'other one' })]
    await open('/tasks')
    let release
    const held = new Promise((go) => { release = go })
    await page.route(`**/tasks/${slow}`, async (route) => { await held; await route.continue() })
    await row(slow).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await row(slow).focus()
    await page.keyboard.press('Enter')
    await row(other).getByRole('link', { name: 'other one' }).click()
    await drawer.getByRole('heading', { name: 'other one' }).waitFor()
    const late = page.waitForResponse(`**/tasks/${slow}`)
    release()
    await (await late).finished()
    await settled()
    assert.equal(new URL(page.url()).hash, `#task-${other}`)
    await page.keyboard.press('Escape')
    await settled()
    assert.equal(await drawer.isVisible(), false)
    assert.equal(new URL(page.url()).hash, '')
    await page.unroute(`**/tasks/${slow}`)
  })

  test('what somebody begins to write while it is fetched anew for a change of others stays, with its suggestions', async () => {
    const id = await desk.task({ title: 'both at it' })
    await open('/tasks')
    await row(id).getByRole('link', { name: 'both at it' }).click()
    await drawer.getByRole('heading', { name: 'both at it' }).waitFor()
    let release
    const held = new Promise((go) => { release = go })
    await page.route(`**/tasks/${id}`, async (route) => { await held; await route.continue() })
    const asked = page.waitForRequest(`**/tasks/${id}`)
    await desk.db.query(`SELECT taskq_comment($1, 'called', actor => 'test')`, [id])
    await asked
    const team = drawer.getByRole('combobox', { name: 'Team' })
    await team.fill('Back')
    const option = team.locator('xpath=..').locator('[role="option"][aria-selected="true"]', { hasText: 'Back' })
    await option.waitFor()
    const field = await team.elementHandle()
    const late = page.waitForResponse(`**/tasks/${id}`)
    release()
    await (await late).finished()
    await settled()
    assert.equal(await field.evaluate((element) => element.isConnected && element.value), 'Back')
    assert.equal(await option.isVisible(), true)
    await page.unroute(`**/tasks/${id}`)
    await page.keyboard.press('Escape')
  })

  test('nor does it stand there empty', async () => {
    const id = await desk.task()
    await open('/tasks')
    let release
    const held = new Promise((go) => { release = go })
    await page.route(`**/tasks/${id}`, async (route) => { await held; await route.continue() })
    await row(id).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    const late = page.waitForResponse(`**/tasks/${id}`)
    release()
    await (await late).finished()
    await settled()
    assert.equal(await drawer.isVisible(), false)
    await page.unroute(`**/tasks/${id}`)
  })
})

describe('second thoughts', () => {
  test('completing can be undone for six seconds; nothing is sent before', async () => {
    const id = await desk.task()
    await desk.db.query('SELECT taskq_start($1)', [id])
    await open('/tasks')
    let sent = 0
    await page.route('**/tasks/change', (route) => { sent++; return route.continue() })
    await row(id).getByRole('button', { name: 'Complete' }).click()
    await toast(`Task ${id} will be completed.`).waitFor()
    assert.match(await row(id).getAttribute('class'), /leaving/)
    await page.getByRole('button', { name: 'Undo' }).click()
    await toast('Nothing was changed.').waitFor()
    assert.doesNotMatch(await row(id).getAttribute('class'), /leaving/)
    // The key does it too, and after the time it is sent by itself.
    await row(id).focus()
    await page.keyboard.press('c')
    await page.keyboard.press('z')
    assert.equal(sent, 0)
    assert.equal(await column(id, 'status'), 'IN_PROGRESS')
    const began = Date.now()
    await row(id).getByRole('button', { name: 'Complete' }).click()
    await row(id).waitFor({ state: 'detached' })
    assert.ok(Date.now() - began > 5500)
    assert.equal(sent, 1)
    assert.equal(await column(id, 'status'), 'COMPLETED')
    await page.unroute('**/tasks/change')
  })

  test('of several, the key undoes the latest', async () => {
    const ids = [await desk.task(), await desk.task()]
    for (const id of ids) await desk.db.query('SELECT taskq_start($1)', [id])
    await open('/tasks')
    for (const id of ids) await row(id).getByRole('button', { name: 'Complete' }).click()
    await toast(`Task ${ids[1]} will be completed.`).waitFor()
    await page.keyboard.press('z')
    await toast(`Task ${ids[1]} will be completed.`).waitFor({ state: 'detached' })
    assert.equal(await toast(`Task ${ids[0]} will be completed.`).count(), 1)
    await sendNow(page)
    await row(ids[0]).waitFor({ state: 'detached' })
    assert.deepEqual([await column(ids[0], 'status'), await column(ids[1], 'status')], ['COMPLETED', 'IN_PROGRESS'])
  })

  test('what waits is not asked for a second time in the drawer', async () => {
    const id = await desk.task()
    await desk.db.query('SELECT taskq_start($1)', [id])
    await openTask(id)
    const button = drawer.locator('.buttons > form').getByRole('button', { name: 'Complete', exact: true })
    await button.click()
    await toast(`Task ${id} will be completed.`).waitFor()
    await button.click()
    await toast(`Task ${id} waits to be changed already.`).waitFor()
    assert.equal(await page.locator('.toast.waiting').count(), 1)
    await sendNow(page)
    await until('it to be completed', async () => await column(id, 'status') === 'COMPLETED')
    await drawer.getByText('Follow up …').waitFor()
    assert.equal(await page.locator('.problem, .toast.bad').count(), 0)
  })

  test('what was done is not called refused when only the page cannot be fetched again', async () => {
    const id = await desk.task()
    await open('/tasks')
    await page.route(/\/tasks$/, (route) => route.abort())
    await row(id).getByRole('button', { name: 'Start' }).click()
    await toast('It is done, but this page could not be brought up to date.').waitFor()
    assert.equal(await page.locator('.problem').count(), 0)
    assert.equal(await column(id, 'status'), 'IN_PROGRESS')
    await page.unroute(/\/tasks$/)
    page.complaints.length = 0 // of the request that failed
  })

  test('leaving the page sends it, and so does signing out', async () => {
    const id = await desk.task()
    await desk.db.query('SELECT taskq_start($1)', [id])
    await open('/tasks')
    await row(id).getByRole('button', { name: 'Complete' }).click()
    await toast('will be completed').waitFor()
    await page.goto(`${desk.url}/customers`)
    await until('it to be sent', async () => await column(id, 'status') === 'COMPLETED')

    const other = await desk.task()
    const second = await signIn(browser, desk.url, desk.tokens.second)
    await second.locator(`#task-${other}`).focus()
    await second.keyboard.press('d')
    await second.locator('.toast.waiting').waitFor()
    await second.getByRole('button', { name: 'Sign out' }).click()
    await second.waitForURL('**/sign-in')
    assert.equal(await column(other, 'status'), 'COMPLETED')
    await second.context().close()
  })

  test('what is too long to be sent by a page that leaves is asked about', async () => {
    const id = await desk.task()
    await desk.db.query('SELECT taskq_start($1)', [id])
    await openTask(id)
    await unfold('Complete with a note …')
    await drawer.locator('[name="note"]').first().fill('ğ'.repeat(20_000))
    await drawer.locator('details[data-key="complete"] button').click()
    await toast('will be completed').waitFor()
    const asked = page.waitForEvent('dialog')
    await page.evaluate(() => { setTimeout(() => location.assign('/customers')) })
    const dialog = await asked
    assert.equal(dialog.type(), 'beforeunload')
    await dialog.dismiss()
    await until('it to be sent after its time', async () => await column(id, 'status') === 'COMPLETED')
  })

  test('more than ten are asked about, with their number', async () => {
    for (let n = 0; n < 12; n++) await desk.task({ title: `task ${n}` })
    await open('/tasks')
    await page.getByLabel('Select all tasks of this page').check()
    await page.locator('#bulk').getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('heading', { name: 'Start 12 tasks?' }).waitFor()
    await page.getByRole('button', { name: 'Back' }).click()
    assert.equal(await page.locator('.toast.waiting').count(), 0)
    await page.locator('#bulk').getByRole('button', { name: 'Start', exact: true }).click()
    await page.locator('#confirm-yes', { hasText: 'Start 12 tasks' }).click()
    await toast('12 tasks will be started.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    const { rows } = await desk.db.query('SELECT count(*)::integer AS n FROM taskq_task WHERE started_at IS NOT NULL AND completed_at IS NULL')
    assert.equal(rows[0].n, 0)
  })

  test('many: labels, note, priority, due date, team, cancel', async () => {
    const ids = [await desk.task({ labels: ['old', 'kept'] }), await desk.task()]
    const all = async (name) => (await desk.db.query(`SELECT ${name} AS value FROM taskq_tasks WHERE id = ANY ($1) ORDER BY id`, [ids])).rows.map(({ value }) => value)
    await open('/tasks')
    const dialog = page.locator('#change')
    async function change(button, fill) {
      await page.getByLabel('Select all tasks of this page').check()
      await page.locator('#bulk').getByRole('button', { name: button }).click()
      await fill()
      await page.locator('#change-yes', { hasText: '2 tasks' }).click()
      await sendNow(page)
      await until('the selection to be empty', async () => !await page.locator('#bulk').isVisible())
    }
    await change('Labels …', async () => {
      await dialog.getByLabel('Add labels').fill('new, more')
      await dialog.getByLabel('Take labels off').fill('old')
    })
    await until('the labels', async () => JSON.stringify(await all('labels')) === '[["kept","more","new"],["more","new"]]')
    await change('Priority …', () => dialog.getByLabel('Priority').selectOption('URGENT'))
    await until('the priority', async () => (await all('priority')).every((value) => value === 'URGENT'))
    const day = await desk.today(4)
    await change('Due …', () => dialog.getByLabel('Due').fill(day))
    await until('the date', async () => (await all('due_date::text')).every((value) => value === day))
    await change('Team …', () => pick(dialog.getByLabel('Team'), 'Tele'))
    await until('the team', async () => (await all('team_id')).every((value) => value === 'team_t'))
    await change('Note …', () => dialog.getByLabel('Note').fill('To all of you'))
    await until('the notes', async () => (await desk.db.query(`SELECT count(*)::integer AS n FROM taskq_task_event WHERE note = 'To all of you'`)).rows[0].n === 2)
    await change('Cancel …', () => dialog.getByLabel('Reason').fill('No longer wanted'))
    await until('the end', async () => (await all('status')).every((value) => value === 'CANCELLED'))
  })

  test('an open task has Start and "Start and complete", not Complete; a closed one is followed up', async () => {
    const id = await desk.task({ title: 'Was done in a minute', user_id: 'cus_1' })
    await openTask(id)
    assert.equal(await drawer.getByRole('button', { name: 'Complete', exact: true }).count(), 0)
    await drawer.locator('.buttons > form').getByRole('button', { name: 'Start and complete' }).click()
    await sendNow(page)
    await drawer.locator('.status', { hasText: 'Completed' }).waitFor()
    for (const name of ['Start', 'Complete', 'Start and complete', 'Cancel the task']) assert.equal(await drawer.getByRole('button', { name, exact: true }).count(), 0, name)
    const { rows } = await desk.db.query('SELECT kind FROM taskq_task_event WHERE task_id = $1 ORDER BY id', [id])
    assert.deepEqual(rows.map(({ kind }) => kind), ['started', 'completed'])

    await unfold('Follow up …')
    await drawer.getByLabel('Due', { exact: true }).fill(await desk.today(7))
    await drawer.getByRole('button', { name: 'Follow up', exact: true }).click()
    await drawer.getByRole('link', { name: `follows up task ${id}` }).waitFor()
    assert.deepEqual(await titles(page), ['Was done in a minute'])
    await drawer.getByRole('link', { name: `follows up task ${id}` }).click()
    await drawer.getByText(/Adam Agent followed it up with task \d+/).waitFor()
  })
})
