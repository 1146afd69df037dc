import { readConfig } from './config.js'
import { buildServer } from './server.js'

const config = readConfig()
const app = await buildServer(config)
const address = await app.listen({ host: config.host, port: config.port })
app.log.info(`the console is at ${address}/tasks`)

// Told to end, it answers what it has begun to do and takes nothing new.  What
// takes too long for that is cut off: the database undoes it, unless it was
// being committed.  A second signal does not wait.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    const limit = setTimeout(() => {
      app.log.warn('requests are still under way: they are cut off')
      process.exit(1)
    }, config.drainTimeout)
    await app.close()
    clearTimeout(limit)
    process.exit(0)
  })
}
