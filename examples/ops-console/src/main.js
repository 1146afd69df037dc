import { readConfig } from './config.js'
import { buildServer } from './server.js'

const config = readConfig()
const app = await buildServer(config)
const address = await app.listen({ host: config.host, port: config.port })
app.log.info(`the console is at ${address}/tasks`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await app.close()
    process.exit(0)
  })
}
