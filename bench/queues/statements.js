// Installs the job queues' schemas in the database that PGDATABASE names, and
// prints the statements that their libraries send to add a job and to take
// one, as JSON: {"graphile": {"create": {"text", "values"}, "claim": …}, "pgboss": …}.
// So each queue is measured by its own SQL, driven by the same client as the
// others, and not by how fast node is.
const { Pool } = require('pg')
const { runMigrations, makeWorkerUtils } = require('graphile-worker')
const PgBoss = require('pg-boss')

const connection = { host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE }
const payload = { task: 'Chase outstanding bank statement', customer: 'cus_1' }

function recording (pool, into) {
  return {
    async query (text, values) {
      const q = typeof text === 'string' ? { text, values } : text
      into.push({ text: q.text, values: q.values || [] })
      return pool.query(q.text, q.values)
    }
  }
}

async function graphile (pool) {
  await runMigrations({ pgPool: pool })
  const utils = await makeWorkerUtils({ pgPool: pool })
  await utils.addJob('bench', payload)
  const { processSharedOptions } = require('graphile-worker/dist/lib')
  const { batchGetJobs } = require('graphile-worker/dist/sql/getJobs')
  const { makeAddJob } = require('graphile-worker/dist/helpers')
  const seen = []
  const withClient = (callback) => callback(recording(pool, seen))
  withClient.withRetries = withClient
  const options = processSharedOptions({ pgPool: pool })
  await makeAddJob(options, withClient)('bench', payload)
  const create = seen.pop()
  await batchGetJobs(options, withClient, { bench: async () => {} }, 'bench', null, 1)
  const claim = seen.pop()
  await utils.release()
  return { create, claim }
}

async function pgboss (pool) {
  const seen = []
  const db = { executeSql: (text, values) => recording(pool, seen).query(text, values) }
  const boss = new PgBoss({ db, supervise: false, schedule: false })
  boss.on('error', (error) => { throw error })
  await boss.start()
  await boss.createQueue('bench')
  await boss.send('bench', payload)
  const create = seen.filter((q) => /INSERT INTO pgboss\.job \(/.test(q.text)).pop()
  await boss.fetch('bench', { batchSize: 1 })
  const claim = seen.filter((q) => /SKIP LOCKED/.test(q.text)).pop()
  await boss.stop({ graceful: false, wait: false })
  return { create, claim }
}

async function main () {
  const pool = new Pool(connection)
  pool.on('error', (error) => { throw error })
  pool.on('connect', (client) => client.on('error', (error) => { throw error }))
  const result = { graphile: await graphile(pool), pgboss: await pgboss(pool) }
  await pool.end()
  process.stdout.write(JSON.stringify(result) + '\n')
  process.exit(0)
}

main().catch((error) => { console.error(error); process.exit(1) })
