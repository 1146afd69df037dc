// examples/monitoring, for real: the exporter scrapes a database, promtool
// checks the alerts, and neither they nor the dashboard name a metric that
// is not delivered.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { openDesk, until } from './help/desk.js'

const directory = fileURLToPath(new URL('../../monitoring', import.meta.url))
const file = (name) => readFileSync(`${directory}/${name}`, 'utf8')

let desk, exporter, address, scratch

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

before(async () => {
  desk = await openDesk('monitoring')
  execFileSync('psql', ['-X', '-q', '-d', desk.database, '-v', 'role=ops_console', '-f', `${directory}/findings.sql`], { stdio: ['ignore', 'inherit', 'inherit'] })
  // Every scrape is to ask everything.
  scratch = mkdtempSync(join(tmpdir(), 'monitoring-'))
  writeFileSync(join(scratch, 'queries.yaml'), file('queries.yaml').replace(/cache_seconds: \d+/g, 'cache_seconds: 0'))
  const port = await freePort()
  address = `http://127.0.0.1:${port}/metrics`
  exporter = spawn('prometheus-postgres-exporter', [
    `--web.listen-address=127.0.0.1:${port}`, `--extend.query-path=${scratch}/queries.yaml`,
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
  rmSync(scratch, { recursive: true })
  await desk.close()
})

// The metrics of taskq by their names, and all others; of findings one for each severity.
async function scrape() {
  const text = await (await fetch(address)).text()
  const metrics = {}
  for (const [, name, labels, value] of text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)) {
    if (name.startsWith('taskq_')) assert.match(labels, new RegExp(`datname="${desk.database}"`))
    const severity = labels?.match(/severity="(\d)"/)
    metrics[severity ? `${name}_${severity[1]}` : name] = Number(value)
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

test('so are the response clock and business hours', async () => {
  const before = await scrape()
  assert.equal(before.taskq_sla_response_tasks, 0)
  assert.ok(Number.isNaN(before.taskq_sla_response_compliance))
  await desk.db.query(`
    INSERT INTO taskq_task (title, status, response_hours, sla_hours, created_at, started_at, completed_at)
    SELECT 'answered', 'COMPLETED', 2, 8, t, t + took, t + 2 * took
    FROM (VALUES (interval '1 hour'), ('90 minutes'), ('3 hours')) v (took), LATERAL (SELECT now() - interval '10 hours' AS t) n;
    INSERT INTO taskq_task (title, response_hours, created_at) VALUES ('unanswered', 1, now() - interval '90 minutes')`)
  const metrics = await scrape()
  assert.deepEqual([metrics.taskq_sla_response_tasks, metrics.taskq_sla_response_met, metrics.taskq_sla_response_breached], [4, 2, 2])
  assert.equal(metrics.taskq_sla_response_compliance, 0.5)
  assert.equal(metrics.taskq_queue_response_breached, 1)
  // All six completed ones: 20, 30, 120, 120, 180 and 360 minutes.
  assert.equal(metrics.taskq_sla_p50_seconds, 7200)
  assert.equal(metrics.taskq_sla_business_p50_seconds, 7200)
  await desk.db.query('SELECT taskq_worker_wake()')
  await until('the sweep to record it', async () => (await scrape()).taskq_sweep_response_breached === 1)
})

test('pauses, the longest and the one that should be over', async () => {
  const none = await scrape()
  assert.deepEqual([none.taskq_pauses_paused, none.taskq_pauses_longest_seconds, none.taskq_pauses_overdue], [0, 0, 0])
  const [first, second, third] = [await desk.task({ sla_hours: 8 }), await desk.task(), await desk.task({ sla_hours: 8 })]
  // One that is closed is paused no longer.
  await desk.db.query(`SELECT taskq_start(id), taskq_pause(id, 'the bank') FROM unnest($1::bigint[]) id`, [[first, second, third]])
  await desk.db.query('SELECT taskq_cancel($1)', [third])
  // A trigger of the user's keeps the sweep from resuming the first.
  await desk.db.query(`
    CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it stays paused'; END $$;
    CREATE TRIGGER z_stay BEFORE UPDATE ON taskq_task FOR EACH ROW WHEN (old.paused_at IS NOT NULL AND new.paused_at IS NULL) EXECUTE FUNCTION stay();
    BEGIN;
    SET LOCAL session_replication_role = replica;
    UPDATE taskq_task SET paused_at = now() - interval '2 days' WHERE id = ${second};
    COMMIT`)
  await desk.db.query(`UPDATE taskq_task SET resume_at = statement_timestamp() + interval '1 second' WHERE id = $1`, [first])
  await until('its end to pass', async () => (await scrape()).taskq_pauses_overdue === 1)
  const metrics = await scrape()
  assert.equal(metrics.taskq_pauses_paused, 2)
  assert.equal(metrics.taskq_queue_paused, 2)
  assert.ok(Math.abs(metrics.taskq_pauses_longest_seconds - 2 * 86400) < 60)
  await desk.db.query('DROP TRIGGER z_stay ON taskq_task')
  await desk.db.query(`SELECT taskq_resume_many(ARRAY[${first}, ${second}])`)
  assert.deepEqual([(await scrape()).taskq_pauses_paused, (await scrape()).taskq_pauses_overdue], [0, 0])
})

test('schedules that are late, and dates that became no task', async () => {
  const lone = await scrape()
  assert.deepEqual([lone.taskq_schedules_enabled, lone.taskq_schedules_due, lone.taskq_schedules_late_seconds, lone.taskq_schedules_missed, lone.taskq_schedules_failed], [0, 0, 0, 0, 0])
  await desk.db.query(`
    UPDATE taskq_customer SET is_active = false WHERE id = 'cus_2';
    INSERT INTO taskq_schedule (name, title_template, starts_on, every, user_id, is_enabled) VALUES
      ('daily', 'Of {{date}}', taskq_today() - 3, '1 day', NULL, true),
      ('of nobody', 'Of {{date}}', taskq_today(), '1 day', 'cus_2', true),
      ('off', 'Of {{date}}', taskq_today() - 3, '1 day', NULL, false);
    SELECT taskq_worker_wake()`)
  await until('both to be dealt with', async () => {
    const { taskq_schedules_due: due, taskq_schedules_failed: failed } = await scrape()
    return due === 0 && failed === 1
  })
  const done = await scrape()
  assert.deepEqual([done.taskq_schedules_enabled, done.taskq_schedules_missed, done.taskq_schedules_late_seconds], [2, 3, 0])

  // Somebody locks a row: the sweep passes it over.
  await desk.db.query(`
    BEGIN;
    SET LOCAL session_replication_role = replica;
    UPDATE taskq_schedule SET next_check_on = taskq_today() WHERE name = 'daily';
    COMMIT;
    BEGIN;
    SELECT FROM taskq_schedule WHERE name = 'daily' FOR UPDATE`)
  const late = await scrape()
  await desk.db.query('COMMIT')
  assert.equal(late.taskq_schedules_due, 1)
  const { rows: [{ since }] } = await desk.db.query('SELECT extract(epoch FROM now() - taskq_day_start(taskq_today()))::float AS since')
  assert.ok(Math.abs(late.taskq_schedules_late_seconds - since) < 60)
  await desk.db.query('DELETE FROM taskq_schedule')
})

test('what taskq_check() finds, to a role that may not call it', async () => {
  const well = await scrape()
  assert.equal(well.taskq_check_findings_1, 0)
  await desk.db.query('ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_delete; ALTER TABLE taskq_task SET (autovacuum_enabled = off)')
  const ill = await scrape()
  await desk.db.query('ALTER TABLE taskq_task ENABLE TRIGGER taskq_lifecycle_delete; ALTER TABLE taskq_task RESET (autovacuum_enabled)')
  assert.deepEqual([ill.taskq_check_findings_1, ill.taskq_check_findings_2 - well.taskq_check_findings_2, ill.taskq_check_findings_3 >= 0], [1, 1, true])
  const { rows } = await desk.db.query(`
    SELECT has_function_privilege('ops_console', 'taskq_check()', 'EXECUTE') AS check,
           has_function_privilege('public', 'taskq_monitoring.findings()', 'EXECUTE') AS public`)
  assert.deepEqual(rows, [{ check: false, public: false }])
  // The exporter is not to ask with every scrape.
  assert.ok(parse(file('queries.yaml')).taskq_check.cache_seconds >= 60)
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
  const metrics = new Set(Object.keys(await scrape()).map((name) => name.replace(/^(taskq_check_\w+)_\d$/, '$1')))
  // Those of a router, whose tests run its queries.
  for (const [query, { metrics: columns }] of Object.entries(parse(file('router-queries.yaml'))))
    for (const column of columns.flatMap(Object.keys)) metrics.add(`${query}_${column}`)
  const dashboard = JSON.parse(file('dashboard.json'))
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...parse(file('alerts.yaml')).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ]
  const names = new Set(expressions.flatMap((expr) => expr.match(/\btaskq_\w+/g) ?? []))
  assert.ok(names.size > 40)
  for (const name of names) assert.ok(metrics.has(name), `nothing delivers ${name}`)
})
