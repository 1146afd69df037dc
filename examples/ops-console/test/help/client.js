// Requests over real HTTP.  Every answer is held against openapi.yaml.

import assert from 'node:assert/strict'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { operationsOf, readDocument } from '../../src/openapi.js'

const ajv = addFormats(new Ajv({ strict: false }))
const operations = Object.values(operationsOf(readDocument()))

function operationOf(method, path) {
  const literal = operations.find((o) => o.method === method && o.url === path)
  return literal ?? operations.find((o) => o.method === method && new RegExp(`^${o.url.replace(/:\w+/g, '[^/]+')}$`).test(path))
}

function checkAgainstDocument(method, path, status, type, body) {
  const operation = operationOf(method, path)
  if (!operation) return
  const response = operation.responses[status] ?? operation.responses.default
  const schema = response.content[type]?.schema
  assert.ok(schema, `${method} ${path} answered ${status} with ${type}, which openapi.yaml does not have`)
  const validate = ajv.compile(schema)
  assert.ok(validate(body), `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)}`)
}

export function createClient(url, token, defaults = {}) {
  async function request(method, path, { body, headers = {}, ...options } = {}) {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...defaults,
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
      ...options,
    })
    const type = response.headers.get('content-type')?.split(';')[0]
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, type, text, body: type?.endsWith('json') ? JSON.parse(text) : undefined }
    if (answer.body) checkAgainstDocument(method, path.split('?')[0], answer.status, type, answer.body)
    return answer
  }
  return {
    get: (path, options) => request('GET', path, options),
    post: (path, body, options) => request('POST', path, { body, ...options }),
    patch: (path, body, options) => request('PATCH', path, { body, ...options }),
    put: (path, body, options) => request('PUT', path, { body, ...options }),
    delete: (path, options) => request('DELETE', path, options),
    request,
  }
}

export const formOf = (fields) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
})

// Reads events of a stream until one satisfies the test.
export async function openStream(url, token, cookie) {
  const abort = new AbortController()
  const response = await fetch(`${url}/ops/tasks/stream`, { headers: token ? { authorization: `Bearer ${token}` } : { cookie }, signal: abort.signal })
  const events = []
  let heartbeats = 0
  const ended = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop()
      for (const block of blocks) {
        if (block.startsWith(':')) heartbeats++
        const event = /^event: (.*)$/m.exec(block)?.[1]
        if (event) events.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(block)[1]) })
      }
    }
  })().catch(() => {})
  return { status: response.status, type: response.headers.get('content-type'), events, ended, heartbeats: () => heartbeats, close: () => abort.abort() }
}
