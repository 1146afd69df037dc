// How the page does under load.  Fills a database with tasks, starts the console
// on it, and has clients ask for /tasks at the pace of people: each holds its
// stream open, reads a page, pauses, and asks for the next one, the first one
// or another filter; one in ten starts a task instead.
//
//     node bin/load.js [--tasks 1000000] [--clients 100] [--seconds 60] [--pause 1000]
//
// The database is made on the server that PGHOST, PGPORT and PGUSER name (a
// superuser), is called console_load, and is left there for the next run.
// "make load-console" does it all on a server of its own.
//
// Server time is what the console says in the header Server-Timing: from the
// first byte of a request to the last of the answer.  Everything runs on one
// machine: database, console and clients share its processors.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { hashOf, newSecret } from '../src/auth.js'

const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
    pause: { type: 'string', default: '1000' },
  },
})
const [tasks, clients, seconds, pause] = ['tasks', 'clients', 'seconds', 'pause'].map((name) => Number(options[name]))
const database = 'console_load'
const port = 8090
const file = (name) => new URL(`../${name}`, import.meta.url)

// One task in ten is active; a tenth of these is overdue.
const fill = `
  INSERT INTO taskq_staff_member SELECT 'sta_' || n, 'Member of staff ' || n FROM generate_series(1, 100) n;
  INSERT INTO taskq_customer SELECT 'cus_' || n, 'Customer ' || n, 'sta_' || 1 + n % 100 FROM generate_series(1, 20000) n;
  INSERT INTO taskq_task (title, priority, status, due_date, sla_hours, assignee_id, user_id, source, created_at, started_at, completed_at)
  SELECT 'Chase outstanding bank statement ' || n,
         ('{LOW,MEDIUM,MEDIUM,HIGH,URGENT}'::taskq_priority[])[1 + n % 5],
         (CASE WHEN n % 10 > 0 THEN 'COMPLETED' WHEN n % 100 = 0 THEN 'OVERDUE' WHEN n % 30 = 0 THEN 'IN_PROGRESS' ELSE 'OPEN' END)::taskq_status,
         taskq_today() + CASE WHEN n % 100 = 0 THEN -1 - n / 100 % 30 ELSE n / 10 % 60 END,
         CASE WHEN n % 3 > 0 THEN 24 + n % 200 END,
         CASE WHEN n % 7 > 0 THEN 'sta_' || 1 + n / 10 % 100 END, 'cus_' || 1 + n::bigint * 7919 % 20000, 'IMPORT',
         created, CASE WHEN n % 10 > 0 OR n % 30 = 0 THEN created + interval '1 hour' END, CASE WHEN n % 10 > 0 THEN created + interval '20 hours' END
  FROM generate_series(1, $tasks$) n,
       LATERAL (SELECT now() - interval '1 hour' * CASE WHEN n % 10 > 0 THEN 24 + n % 17000 ELSE n / 10 % 20 END AS created) c`

async function connectTo(name) {
  const client = new pg.Client({ database: name })
  await client.connect()
  return client
}

async function prepare() {
  const admin = await connectTo('postgres')
  const { rowCount: exists } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (!exists) await admin.query(`CREATE DATABASE ${database}`)
  await admin.query(`ALTER DATABASE ${database} SET taskq.notify_channel = 'taskq'`)
  await admin.end()

  const db = await connectTo(database)
  await db.query('CREATE EXTENSION IF NOT EXISTS taskq')
  execFileSync('psql', ['-X', '-q', '-o', '/dev/null', '-d', database], { input: readFileSync(file('schema.sql')), stdio: ['pipe', 'inherit', 'ignore'] })
  const { rows: [{ count }] } = await db.query('SELECT count(*)::integer FROM taskq_task')
  if (count < tasks) {
    if (count > 0) throw new Error(`database ${database} has ${count} tasks already: drop it first`)
    console.log(`Making ${tasks} tasks ...`)
    await db.query(fill.replace('$tasks$', String(tasks)))
    await db.query('VACUUM ANALYZE')
    await db.query('CALL taskq_sweep_all()')
  }
  const tokens = []
  for (let n = 1; n <= clients; n++) {
    const token = newSecret()
    await db.query(`INSERT INTO console.staff_token (token_hash, staff_id, level) VALUES ($1, $2, 'agent')`, [hashOf(token), `sta_${1 + (n % 100)}`])
    tokens.push(token)
  }
  const { rows: [{ sum }] } = await db.query('SELECT open + in_progress + overdue AS sum FROM taskq_stats()')
  console.log(`${Math.max(count, tasks)} tasks, ${sum} of them active`)
  await db.end()
  return tokens
}

async function startConsole() {
  const child = spawn(process.execPath, [file('src/main.js').pathname], {
    env: { ...process.env, PGDATABASE: database, PGUSER: 'ops_console', PORT: String(port), LOG_LEVEL: 'warn', REQUESTS_PER_MINUTE: '1000000' },
    stdio: 'inherit',
  })
  for (let tries = 0; ; tries++) {
    if (await fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok, () => false)) return child
    if (tries === 100) throw new Error('the console does not start')
    await new Promise((done) => { setTimeout(done, 100) })
  }
}

const served = []
const waited = []
const errors = []

function ask(agent, token, path, { method = 'GET', body } = {}) {
  const started = performance.now()
  const headers = { authorization: `Bearer ${token}`, accept: 'text/html', ...(body && { 'content-type': 'application/json' }) }
  return new Promise((done) => {
    const request = http.request({ port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => done({
        status: response.statusCode, text, took: performance.now() - started,
        server: Number(/dur=([\d.]+)/.exec(response.headers['server-timing'])?.[1]),
      }))
    })
    request.on('error', (error) => done({ status: 0, text: error.message }))
    request.end(body && JSON.stringify(body))
  })
}

const rest = () => new Promise((done) => { setTimeout(done, pause * (0.5 + Math.random())) })

async function client(token, until) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  const stream = http.get({ port, host: '127.0.0.1', path: '/ops/tasks/stream', headers: { authorization: `Bearer ${token}` }, agent: false }, (response) => response.resume())
  stream.on('error', () => {})
  const filters = ['', '?status=OPEN&status=IN_PROGRESS&status=OVERDUE', '?status=OVERDUE', '?priority=URGENT', '?unassigned=true', `?assignee_id=sta_${1 + Math.floor(Math.random() * 100)}`]
  let path = '/tasks'
  await rest()
  while (performance.now() < until) {
    const { status, text, took, server } = await ask(agent, token, path)
    if (status === 200) {
      served.push(server)
      waited.push(took)
    } else errors.push(`GET ${path}: ${status} ${text.slice(0, 200)}`)
    if (Math.random() < 0.1) {
      const id = /<tr id="task-(\d+)"[^>]* data-status="OPEN"/.exec(text)?.[1]
      const answer = id && await ask(agent, token, `/ops/tasks/${id}/start`, { method: 'POST', body: {} })
      if (answer && answer.status !== 200) errors.push(`start ${id}: ${answer.status} ${answer.text.slice(0, 200)}`)
    }
    const next = /<a href="([^"]+)" rel="next">/.exec(text)?.[1].replaceAll('&amp;', '&')
    path = next && Math.random() < 0.5 ? next : `/tasks${filters[Math.floor(Math.random() * filters.length)]}`
    if (pause > 0) await rest()
  }
  stream.destroy()
  agent.destroy()
}

function line(name, values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)
  console.log(`${name}  median ${at(0.5)} ms, 95 % ${at(0.95)} ms, 99 % ${at(0.99)} ms, worst ${at(1)} ms`)
}

const tokens = await prepare()
const server = await startConsole()
console.log(`${clients} clients, ${seconds} s, a pause of ${pause} ms between pages ...`)
const until = performance.now() + seconds * 1000
await Promise.all(tokens.map((token) => client(token, until)))
server.kill()
await once(server, 'exit')

console.log(`${served.length} pages, ${(served.length / seconds).toFixed(1)} a second, ${errors.length} errors`)
if (served.length > 0) {
  line('server time:', served)
  line('client time:', waited)
}
for (const error of errors.slice(0, 5)) console.log(error)
process.exitCode = errors.length > 0 ? 1 : 0
