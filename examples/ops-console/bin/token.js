// Makes a token for somebody to sign in with, and prints it.  It is nowhere
// else: the database has its hash.  To take it back, delete the row.
//
//     node bin/token.js STAFF_ID viewer|agent|manager
//
// The database user must be allowed to write console.staff_token: its owner,
// not ops_console.

import pg from 'pg'
import { hashOf, newSecret } from '../src/auth.js'

const [staffId, level] = process.argv.slice(2)
if (!staffId || !['viewer', 'agent', 'manager'].includes(level)) {
  console.error('usage: node bin/token.js STAFF_ID viewer|agent|manager')
  process.exit(2)
}

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
try {
  const { rowCount } = await client.query('SELECT FROM taskq_staff_member WHERE id = $1 AND is_active', [staffId])
  if (rowCount === 0) throw new Error(`no active member of staff has the id "${staffId}"`)
  const token = newSecret()
  await client.query('INSERT INTO console.staff_token (token_hash, staff_id, level) VALUES ($1, $2, $3)', [hashOf(token), staffId, level])
  console.log(token)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await client.end()
}
