// The console as a process of its own, as main.js runs it: to see whether it
// lives, and how it ends.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export async function startConsole(desk, env = {}) {
  const child = spawn(process.execPath, [new URL('../../src/main.js', import.meta.url).pathname], {
    env: { ...process.env, DATABASE_URL: desk.databaseUrl, PORT: '0', LOG_LEVEL: 'info', REQUESTS_PER_MINUTE: '100000', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log = []
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  const url = await new Promise((resolve, reject) => {
    exited.then(() => reject(new Error(`the console has ended:\n${log.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line)
      const address = /the console is at (.*)\/tasks/.exec(line)?.[1]
      if (address) resolve(address)
    })
  })
  return {
    url,
    log,
    exited,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    signal: (name) => child.kill(name),
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
