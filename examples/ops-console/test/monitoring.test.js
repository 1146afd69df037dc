// examples/monitoring, for real: the exporter scrapes a database, promtool
// checks the alerts, and neither they nor the dashboard name a metric that
// is not delivered.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { openDesk, until } from './help/desk.js'

const directory = fileURLToPath(new URL('../../monitoring', import.meta.url))
const file = (name) => readFileSync(`${directory}/${name}`, 'utf8')

let desk, exporter, address

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

before(async () => {
  desk = await openDesk('monitoring')
  const port = await freePort()
  address = `http://127.0.0.1:${port}/metrics`
  exporter = spawn('prometheus-postgres-exporter', [
    `--web.listen-address=127.0.0.1:${port}`, `--extend.query-path=${directory}/queries.yaml`,
    '--disable-default-metrics', '--disable-settings-metrics',
  ], {
    stdio: 'ignore',
    // As ops_console, which has level viewer.
    env: { ...process.env, DATA_SOURCE_NAME: `host=${process.env.PGHOST} port=${process.env.PGPORT} user=ops_console dbname=${desk.database} sslmode=disable` },
  })
  await until('the exporter to answer', () => fetch(address).then(({ ok }) => ok, () => false))
})
after(async () => {
  exporter.kill()
  await once(exporter, 'exit')
  await desk.close()
})

// The metrics of taskq by their names, and all others.
async function scrape() {
  const text = await (await fetch(address)).text()
  const metrics = {}
  for (const [, name, labels, value] of text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)) {
    if (name.startsWith('taskq_')) assert.match(labels, new RegExp(`datname="${desk.database}"`))
    metrics[name] = Number(value)
  }
  return metrics
}

test('the queue, overdue work and the SLA are told as they are', async () => {
  await desk.task()
  await desk.task({ due_date: await desk.today(-1), assignee_id: 'sta_adam' })
  await desk.db.query(`
    INSERT INTO taskq_task (title, status, sla_hours, created_at, started_at, completed_at)
    SELECT 'old', 'COMPLETED', 1, t, t, t + took FROM (VALUES (interval '30 minutes'), ('2 hours'), ('20 minutes')) v (took), LATERAL (SELECT now() - interval '5 hours' AS t) n;
    INSERT INTO taskq_task (title, sla_hours, created_at) VALUES ('late', 1, now() - interval '3 hours')`)
  const metrics = await scrape()
  assert.equal(metrics.pg_up, 1)
  assert.equal(metrics.taskq_queue_open, 2)
  assert.equal(metrics.taskq_queue_overdue, 1)
  assert.equal(metrics.taskq_queue_unassigned, 2)
  assert.equal(metrics.taskq_queue_sla_breached, 1)
  assert.equal(metrics.taskq_sla_tasks, 4)
  assert.equal(metrics.taskq_sla_compliance, 0.5)
  assert.ok(!Object.keys(metrics).some((name) => name.startsWith('pg_exporter_user_queries_load_error') && metrics[name] > 0))
})

test('so is the worker, when it does well and when it does not', async () => {
  await desk.db.query('SELECT taskq_worker_wake()')
  await until('a sweep', async () => (await scrape()).taskq_worker_last_sweep_seconds >= 0)
  const well = await scrape()
  assert.deepEqual([well.taskq_worker_up, well.taskq_worker_failures, well.taskq_worker_late_seconds < 60], [1, 0, true])

  // A trigger of the user's refuses one of two rows, until it is gone.
  await desk.db.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON taskq_task FOR EACH ROW WHEN (old.title = 'refused') EXECUTE FUNCTION refuse();
    INSERT INTO taskq_task (title, sla_hours, created_at)
    VALUES ('refused', 1, now() - interval '3 hours'), ('late', 1, now() - interval '3 hours')`)
  await until('the failure to be told', async () => {
    const metrics = await scrape()
    return metrics.taskq_worker_failures > 0 && metrics.taskq_worker_backlog === 1 && metrics.taskq_sweep_failed > 0
  })
  await desk.db.query('DROP TRIGGER refuse ON taskq_task')
  await until('all to be well again', async () => {
    await desk.db.query('SELECT taskq_worker_wake()')
    const metrics = await scrape()
    return metrics.taskq_worker_failures === 0 && metrics.taskq_worker_backlog === 0
  })
})

test('alerts are valid, and fire when they should', () => {
  execFileSync('promtool', ['check', 'rules', `${directory}/alerts.yaml`], { stdio: 'pipe' })
  execFileSync('promtool', ['test', 'rules', `${directory}/alerts.test.yaml`], { stdio: 'pipe' })
})

test('alerts and dashboard ask only for metrics that there are', async () => {
  const metrics = new Set(Object.keys(await scrape()))
  const dashboard = JSON.parse(file('dashboard.json'))
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...parse(file('alerts.yaml')).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ]
  const names = new Set(expressions.flatMap((expr) => expr.match(/\btaskq_\w+/g) ?? []))
  assert.ok(names.size > 20)
  for (const name of names) assert.ok(metrics.has(name), `nothing delivers ${name}`)
})
