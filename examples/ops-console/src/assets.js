// The files of public/, read once.  Their addresses carry a hash of what is in
// them, so that browsers may keep them for ever.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'

const types = { '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' }

export function registerAssets(app, directory = new URL('../public/', import.meta.url)) {
  const files = readdirSync(directory)
    .filter((name) => types[extname(name)])
    .map((name) => ({ name, type: types[extname(name)], content: readFileSync(new URL(name, directory)) }))
  // One hash for all: the scripts import each other by name.
  const hash = createHash('sha256')
  for (const { name, content } of files) hash.update(name).update(content)
  const base = `/assets/${hash.digest('hex').slice(0, 12)}`

  for (const { name, type, content } of files) {
    app.get(`${base}/${name}`, { config: { open: true } }, (request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content))
  }
  return (name) => `${base}/${name}`
}
