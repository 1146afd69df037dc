// Says who somebody is that signs in by OpenID Connect.  To take it back, delete
// the row.
//
//     node bin/identity.js IDENTITY STAFF_ID viewer|agent|manager
//
// IDENTITY is what the claim that OIDC_CLAIM names (email) has in it.  The
// database user must be allowed to write console.staff_identity: its owner, not
// ops_console.

import pg from 'pg'

const [identity, staffId, level] = process.argv.slice(2)
if (!identity || !staffId || !['viewer', 'agent', 'manager'].includes(level)) {
  console.error('usage: node bin/identity.js IDENTITY STAFF_ID viewer|agent|manager')
  process.exit(2)
}

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
try {
  const { rowCount } = await client.query('SELECT FROM taskq_staff_member WHERE id = $1 AND is_active', [staffId])
  if (rowCount === 0) throw new Error(`no active member of staff has the id "${staffId}"`)
  await client.query(`
    INSERT INTO console.staff_identity (identity, staff_id, level) VALUES ($1, $2, $3)
    ON CONFLICT (identity) DO UPDATE SET staff_id = EXCLUDED.staff_id, level = EXCLUDED.level`, [identity, staffId, level])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await client.end()
}
