// Every word that somebody reads is in the catalogue of every language, and none
// stands in a page or a script by itself.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { createWords } from '../public/translate.js'
import tr from '../public/tr.js'
import { formatIn } from '../src/format.js'
import { languageOf } from '../src/words.js'
import { createClient, formOf } from './help/client.js'
import { openBrowser, signIn } from './help/browser.js'
import { openDesk } from './help/desk.js'

const root = new URL('..', import.meta.url)
const files = (folder, ext) => readdirSync(new URL(folder, root), { recursive: true })
  .filter((name) => name.endsWith(ext)).map((name) => ({ name: `${folder}${name}`, text: readFileSync(new URL(`${folder}${name}`, root), 'utf8') }))
const scripts = [...files('src/', '.js'), ...files('public/', '.js').filter(({ name }) => name !== 'public/tr.js')]
const views = files('views/', '.eta')

const literal = `'((?:[^'\\\\]|\\\\.)*)'`
const unquote = (text) => text.replace(/\\(.)/g, '$1')

function keysIn(text) {
  const keys = []
  for (const [, key] of text.matchAll(new RegExp(`(?<![\\w.])(?:words\\.)?[tm]\\(\\s*${literal}`, 'g'))) keys.push(unquote(key))
  for (const [, one, many] of text.matchAll(new RegExp(`(?<![\\w.])tn\\((?:[^()']|\\([^()]*\\))*?,\\s*${literal},\\s*${literal}`, 'g'))) keys.push(unquote(one), unquote(many))
  // t(isThis ? 'one' : 'other') and the like would escape: each is to be t() of its own.
  return keys
}

const used = new Set([...scripts, ...views].flatMap(({ text }) => keysIn(text)))
const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

describe('the catalogue', () => {
  test('has every sentence that the console says', () => {
    assert.ok(used.size > 400, `${used.size} sentences were found`)
    assert.deepEqual([...used].filter((key) => !(key in tr)), [])
  })

  test('and none that it does not say', () => {
    assert.deepEqual(Object.keys(tr).filter((key) => !used.has(key)), [])
  })

  test('with the same things filled in', () => {
    const wrong = Object.entries(tr).filter(([key, text]) => placeholders(text).some((name) => !placeholders(key).includes(name)) ||
      placeholders(key).some((name) => !placeholders(text).includes(name) && !['{n}', '{words}'].includes(name)))
    assert.deepEqual(wrong, [])
  })

  test('no view has words of its own', () => {
    const found = []
    for (const { name, text } of views) {
      // What is between tags and what is in attributes that are read, without what is computed.
      const plain = text.replace(/<%[^]*?%>/g, '\u0000')
      for (const [, words] of plain.matchAll(/>([^<]*)</g)) if (/\p{L}{2,}/u.test(words.replace(/&\w+;/g, ''))) found.push(`${name}: ${words.trim()}`)
      for (const [, attribute, words] of plain.matchAll(/\s(title|placeholder|aria-label|alt)="([^"]*)"/g)) if (/\p{L}{2,}/u.test(words)) found.push(`${name}: ${attribute}="${words}"`)
      // And what is computed has no words but those of t() and its like.
      for (const [, code] of text.matchAll(/<%=([^]*?)%>/g)) {
        const rest = code.replace(new RegExp(`\\bt\\(\\s*${literal}`, 'g'), 't(').replace(new RegExp(`\\btn\\([^,]+,\\s*${literal},\\s*${literal}`, 'g'), 'tn(')
        for (const [, words] of rest.matchAll(/'([^']*)'/g)) if (/^[A-Z]?\p{L}+( \p{L}+)+/u.test(words)) found.push(`${name}: ${words}`)
      }
    }
    // What a calendar's hours are written in, and examples, are the same in all languages.
    assert.deepEqual(found.filter((line) => !/Europe\/Berlin|code: \[|: \/|shared_preload/.test(line)), [])
  })

  test('no script shows words of its own', () => {
    const found = []
    for (const { name, text } of scripts) {
      for (const [, words] of text.matchAll(new RegExp(`(?:show\\(|textContent = |new Problem\\(\\d+, |new Error\\(|setAttribute\\('aria-label', |\\.title = )(${literal}|\`[^\`]*\`)`, 'g'))) {
        if (/[A-Za-z]{3,} /.test(words.replace(/\$\{[^}]*\}/g, ''))) found.push(`${name}: ${words}`)
      }
    }
    // Sentences for programs, and for whoever reads the log.
    assert.deepEqual(found.filter((line) => !/^src\/(config|openapi|db)\.js/.test(line)), [])
  })
})

describe('languages', () => {
  test('the browser\'s first that there is, unless somebody has chosen', () => {
    const of = (header, cookie) => languageOf({ headers: { 'accept-language': header }, cookies: cookie ? { language: cookie } : {} })
    assert.equal(of('tr-TR,tr;q=0.9,en;q=0.8'), 'tr')
    assert.equal(of('de,fr;q=0.9,tr;q=0.5,en;q=0.4'), 'tr')
    assert.equal(of('en;q=0.4,tr;q=0.3'), 'en')
    assert.equal(of('xx'), 'en')
    assert.equal(of(undefined), 'en')
    assert.equal(of('tr;q=0'), 'en')
    assert.equal(of('en', 'tr'), 'tr')
    assert.equal(of('tr', '<script>'), 'tr')
    assert.equal(of('constructor', 'constructor'), 'en')
  })

  test('a word that is none of the catalogue\'s is left as it is', () => {
    assert.equal(createWords('tr', tr).t('constructor'), 'constructor')
    assert.equal(createWords('en').t('{constructor}', {}), '{constructor}')
  })

  test('upper case follows the language', () => {
    assert.equal(createWords('tr').upper('istanbul'), 'İstanbul')
    assert.equal(createWords('tr').upper('ısparta'), 'Isparta')
    assert.equal(createWords('en').upper('istanbul'), 'Istanbul')
  })

  test('a deadline that passed as the desk closed is late, though no open hour has passed since', () => {
    const { sla } = formatIn(createWords('en'))
    const clock = { state: 'CLOSED_HOURS', hours: 8, hours_used: 8, hours_left: 0, percent: 100, next_opening: null }
    const task = (due) => ({ sla_status: 'BREACHED', is_active: true, sla_due_at: due, clocks: { resolution: { ...clock, due_at: due } } })
    assert.equal(sla(task('2026-01-02T17:00:00+01:00'), '2026-01-03').words, '0 min late')
    assert.equal(sla(task('2926-01-02T17:00:00+01:00'), '2026-01-03').words, '0 min left')
  })

  describe('in the browser', () => {
    let desk, browser
    before(async () => {
      desk = await openDesk('words')
      browser = await openBrowser()
    })
    after(async () => {
      await browser.close()
      await desk.close()
    })

    test('a refusal has no word of another language, and none of the database\'s', async () => {
      const manager = createClient(desk.url, desk.tokens.manager, { 'accept-language': 'tr', accept: 'application/json' })
      const id = await desk.task()
      const closed = await desk.task()
      await desk.db.query('SELECT taskq_start($1)', [closed])
      await desk.db.query('SELECT taskq_complete($1)', [closed])
      const form = (path, fields) => manager.request('POST', path, formOf(fields))
      const answers = [
        await manager.post('/ops/tasks', { title: '' }),
        await manager.post('/ops/tasks', { title: 'x'.repeat(201) }),
        await manager.post('/ops/tasks', { title: 'a', sla_hours: 0 }),
        await manager.post('/ops/tasks', { title: 'a', due_date: '2026-02-31' }),
        await manager.post('/ops/tasks', { title: 'a', labels: ['x'.repeat(70)] }),
        await manager.post('/ops/tasks', { title: 'a\u0000b' }),
        await manager.post('/ops/tasks', { title: 'a\u202eb' }),
        await manager.get('/tasks?due_from=nonsense'),
        await manager.get('/tasks?after=nonsense'),
        await manager.get('/pick/customer?q=%00'),
        await form(`/tasks/${closed}/edit`, { title: 'x' }),
        await form('/tasks/change', { action: 'pause', ids: closed }),
        await form(`/tasks/${id}/edit`, { priority: 'NONE' }),
        await form(`/tasks/${id}/edit`, { due_date: '0000-01-01' }),
        await form('/tasks/change', { action: 'label', ids: id, labels: 'x'.repeat(70) }),
        await form('/tasks/change', { action: 'pause', ids: id, until: '2020-13-01T00:00' }),
        await form('/customers/cus_1/merge', { to_id: 'cus_1' }),
        await form('/customers/cus_1/merge', { to_id: 'hiç' }),
        await form('/renewals', { user_id: 'cus_1', service_type: 'x', due_date: '2031-01-01', every: 'hep' }),
        await form('/manage/policies', { name: '' }),
        await form('/manage/policies', { name: 'x', sla_hours: '-4' }),
        await form('/manage/policies', { name: 'x', sla_hours: '4', warn_percents: 'çok' }),
        await form('/manage/policies', { name: 'x', sla_hours: '4', team_id: 'hiç' }),
        await form('/manage/thresholds', { days_before: '5000000' }),
        await form('/manage/rules', { name: 'r', event: 'e', action: 'CREATE_TASK', title_template: '{{a' }),
        await form('/manage/rules', { name: 'r', event: 'e', action: 'CREATE_TASK', title_template: 'x', condition: '$.a ===' }),
        await form('/manage/rules', { name: 'r', event: 'task.none', action: 'CREATE_TASK', title_template: 'x' }),
        await form('/manage/staff', { name: 'x' }),
        await form('/manage/staff/sta_zoe/hand-over', { to_staff: 'sta_zoe' }),
        await form('/manage/teams/none/members', { staff_id: 'sta_zoe' }),
        await manager.post('/ops/calendars/c', { timezone: 'Foo/Bar', hours: 'Mon 09:00-17:00', dry_run: true }),
        await manager.post('/ops/calendars/c', { timezone: 'UTC', hours: 'Foo', dry_run: true }),
      ]
      for (const [n, { status, body }] of answers.entries()) {
        assert.ok(status >= 400 && status < 500, `${n}: ${status}`)
        assert.doesNotMatch(body.detail, /\b(?:must|not|is|the|task|invalid|value|null|for|date|kind)\b|taskq_|\w_\w|[{}]\w/i, `${n}: ${body.detail}`)
      }
      for (const path of ['/manage/none', '/tasks/-1', '/pick/none']) {
        const { status, text } = await manager.get(path, { headers: { accept: 'text/html' } })
        assert.equal(status, 404, path)
        assert.match(text, /Bu adreste bir şey yok\./)
      }
      for (const path of ['/reports?from=2031-01-01&to=2030-01-01', '/reports?from=2031-02-31']) {
        const { body } = await manager.get(path)
        assert.doesNotMatch(body.detail, /\b(?:must|from|since)\b/i)
      }
      const told = answers[10].body.detail
      assert.match(told, new RegExp(`^Görev ${closed} zaten tamamlanmış`))
      assert.equal(answers[20].body.errors[0].field, 'sla_hours')
      assert.equal(answers[0].body.detail, 'Başlık: doldurulmalı.')
    })

    test('Turkish by the browser\'s language; dates, numbers, refusals and scripts too; a switch', async () => {
      await desk.db.query(`
        INSERT INTO taskq_customer (id, name) VALUES ('cus_i', 'İnci Isıtma'), ('cus_j', 'Ilgaz Çay'), ('cus_k', 'Irmak'), ('cus_l', 'İlke')`)
      const id = await desk.task({ title: 'ISPARTA İzmir', due_date: '2031-01-05', user_id: 'cus_i' })
      const page = await signIn(browser, desk.url, desk.tokens.agent, { locale: 'tr-TR' })
      assert.equal(await page.locator('html').getAttribute('lang'), 'tr')
      await page.getByRole('link', { name: 'Görevler' }).first().waitFor()
      assert.match(await page.locator(`#task-${id} .c-due`).textContent(), /5 Oca 2031/)
      await page.locator(`#task-${id}`).getByRole('button', { name: 'Başlat' }).click()
      await page.locator('.toast', { hasText: `Görev ${id} üzerinde çalışılıyor.` }).waitFor()
      // Letters find each other whichever i somebody types.
      await page.locator('#search').fill('ısparta izmir')
      await page.keyboard.press('Enter')
      await page.waitForURL('**search=**')
      assert.equal(await page.locator('#rows tr').count(), 1)
      await page.goto(`${desk.url}/customers?search=I`)
      assert.deepEqual((await page.locator('tbody td:first-child').allTextContents()).map((name) => name.trim()), ['Ilgaz Çay', 'Irmak', 'İlke', 'İnci Isıtma'])

      await page.goto(`${desk.url}/tasks/${id}`)
      await page.locator('#live[data-state="listening"]').waitFor()
      assert.match(await page.locator('.history').textContent(), /Adam Agent işe başladı/)
      assert.equal(await page.locator('#live b').textContent(), 'canlı')
      await page.getByRole('button', { name: 'English' }).click()
      await page.waitForURL(`**/tasks/${id}`)
      await page.getByText('Adam Agent started work').waitFor()
      assert.equal(await page.locator('html').getAttribute('lang'), 'en')
      assert.deepEqual(page.complaints, [])
      await page.context().close()
    })
  })
})
