// PgBouncer in transaction mode, in front of the server of the tests.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './desk.js'

const program = '/usr/sbin/pgbouncer'
// It does not run as root.
export const hasPgBouncer = existsSync(program) && process.getuid() !== 0 && spawnSync(program, ['--version']).status === 0

export async function startPgBouncer(database) {
  const directory = mkdtempSync(join(tmpdir(), 'console-pgbouncer-'))
  const file = join(directory, 'pgbouncer.ini')
  writeFileSync(file, `
[databases]
${database} = host=${process.env.PGHOST} port=${process.env.PGPORT} user=ops_console
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${directory}
auth_type = any
pool_mode = transaction
default_pool_size = 5
logfile = ${join(directory, 'log')}
`)
  const child = spawn(program, ['-q', file], { stdio: 'ignore' })
  await until('PgBouncer listens', () => existsSync(join(directory, '.s.PGSQL.6432')))
  return {
    url: `postgresql:///${database}?host=${encodeURIComponent(directory)}&port=6432&user=ops_console`,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(directory, { recursive: true })
    },
  }
}
