// A server of a test's own, for what would be in the way of others: one that is
// restarted, or that hangs.  It has taskq and is gone when the test is over.

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const quietly = { stdio: ['ignore', 'ignore', 'inherit'] }

export function startServer() {
  const directory = mkdtempSync(join(tmpdir(), 'console-server-'))
  const data = join(directory, 'data')
  const log = join(directory, 'log')
  execFileSync('initdb', ['-D', data, '-U', 'postgres', '--no-sync', '--encoding=UTF8', '--auth=trust'], quietly)
  appendFileSync(join(data, 'postgresql.conf'), `
    shared_preload_libraries = taskq
    taskq.databases = none
    unix_socket_directories = '${directory}'
    listen_addresses = ''
    max_connections = 150
    fsync = off`)
  const control = (...args) => execFileSync('pg_ctl', ['-D', data, '-l', log, '-w', '-s', ...args], quietly)
  control('start')

  const postmaster = () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  function processes() {
    const parent = postmaster()
    const children = readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && Number(/\) . (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]) === parent
      } catch {
        return false // it has ended meanwhile
      }
    })
    return [parent, ...children.map(Number)]
  }
  const signal = (name) => { for (const pid of processes()) process.kill(pid, name) }

  let isStopped = false
  function stop() {
    if (isStopped) return
    isStopped = true
    process.off('exit', stop)
    signal('SIGCONT')
    control('stop', '-m', 'immediate')
    rmSync(directory, { recursive: true })
  }
  process.on('exit', stop) // a test that ends before its time

  return {
    host: directory,
    restart: () => control('restart', '-m', 'immediate'),
    hang: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    stop,
  }
}
