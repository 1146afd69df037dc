// openapi.yaml is not a description of the API, it is the API: routes are
// registered from it, and its schemas are what validates requests.

import { readFileSync } from 'node:fs'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

const methods = ['get', 'post', 'put', 'patch', 'delete']

export function readDocument(file = new URL('../openapi.yaml', import.meta.url)) {
  return parse(readFileSync(file, 'utf8'))
}

// Replaces each {$ref: '#/…'} by what it points to.  The document has no cycles.
function resolve(node, document) {
  if (Array.isArray(node)) return node.map((item) => resolve(item, document))
  if (node === null || typeof node !== 'object') return node
  if (node.$ref) {
    const target = node.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document)
    if (!target) throw new Error(`openapi.yaml has no ${node.$ref}`)
    return resolve(target, document)
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value, document)]))
}

function schemaOfParameters(parameters, place) {
  const here = parameters.filter((parameter) => parameter.in === place)
  return {
    type: 'object',
    properties: Object.fromEntries(here.map(({ name, schema }) => [name, schema])),
    required: here.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  }
}

// The operations of a document by their ids, as Fastify wants them.
export function operationsOf(source) {
  const { paths } = resolve(source, source)
  const operations = {}
  for (const [path, item] of Object.entries(paths)) {
    for (const method of methods.filter((name) => item[name])) {
      const { operationId, parameters = [], requestBody, responses } = item[method]
      const all = [...(item.parameters ?? []), ...parameters]
      const schema = { querystring: schemaOfParameters(all, 'query') }
      if (path.includes('{')) schema.params = schemaOfParameters(all, 'path')
      if (requestBody) schema.body = requestBody.content['application/json'].schema
      operations[operationId] = {
        method: method.toUpperCase(),
        url: path.replace(/\{(\w+)\}/g, ':$1'),
        schema,
        bodyIsOptional: requestBody !== undefined && !requestBody.required,
        responses,
      }
    }
  }
  return operations
}

// Addresses are text, so that "5" in one may be a number; in a body it may not.
export function createValidatorCompiler() {
  const options = { useDefaults: true, strict: false }
  const ofAddress = addFormats(new Ajv({ ...options, coerceTypes: 'array' }))
  const ofBody = addFormats(new Ajv(options))
  return ({ schema, httpPart }) => (httpPart === 'body' ? ofBody : ofAddress).compile(schema)
}

export function registerOperations(app, operations, handlers) {
  for (const [id, { method, url, schema, bodyIsOptional }] of Object.entries(operations)) {
    if (!handlers[id]) throw new Error(`no handler for operation ${id}`)
    const allowNoBody = async (request) => { request.body ??= {} }
    app.route({ method, url, schema, handler: handlers[id], preValidation: bodyIsOptional ? allowNoBody : undefined })
  }
}
