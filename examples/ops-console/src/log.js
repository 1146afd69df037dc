// What is written of an error: its words, never what hangs on it.  pg hangs the
// whole client on some, its keys included.

const told = ['code', 'severity', 'detail', 'hint', 'where', 'constraint', 'routine', 'syscall']

export function describeError(error) {
  if (!(error instanceof Error)) return { message: String(error) }
  const description = { type: error.constructor.name, message: error.message, stack: error.stack }
  for (const name of told) if (['string', 'number'].includes(typeof error[name])) description[name] = error[name]
  if (error.cause instanceof Error) description.cause = error.cause.message
  return description
}
