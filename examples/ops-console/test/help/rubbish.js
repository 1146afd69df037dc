// Values made from a schema, and values that nobody would think of.  With the
// same seed the same ones come.

export function createRandom(seed) {
  let state = seed >>> 0
  const next = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n) => Math.floor(next() * n)
  const pick = (list) => list[below(list.length)]
  return { next, below, pick, chance: (share) => next() < share }
}

const texts = ['x', 'Chase the bank', '', ' ', '\t', '\n', 'ü', '𝒳', 'a\u0301', '\u202e', '\u200b', '\ufeff', '\u0000', 'a\u0000b', '\ud800', '<script>alert(1)</script>', "' OR 1=1 --", '"; DROP TABLE x', '%', '%s%n', '\\', '$1', '{{a.b}}', '{{', 'null', 'true', 'NaN', 'Infinity', '-1', '0', '1e309',
  '2026-02-30', '0000-00-00', 'infinity', '-infinity', 'now', 'epoch', '99999-01-01', '2026-06-05', '2026-06-05T09:00', '2026-06-05T09:00:00.123456+00:00', 'OPEN', 'open', '..', '.', '~', '/', '//', 'sta_xyz789', 'cus_abc123', '__proto__', 'constructor', '[]', '{}', 'x'.repeat(201), 'x'.repeat(300), 'ü'.repeat(70_000)]
const numbers = [0, -0, 1, -1, 2, 0.5, 1e-300, 1e300, 1e21, 2 ** 31, 2 ** 31 - 1, 2 ** 53, 2 ** 53 - 1, -(2 ** 63), 2 ** 63, 87600, 87601, 1000, 1001]

export function anything(random, depth = 0) {
  const kind = random.below(depth > 2 ? 4 : 6)
  if (kind === 0) return random.pick(texts)
  if (kind === 1) return random.pick(numbers)
  if (kind === 2) return random.pick([true, false, null])
  if (kind === 3) return random.pick(['__proto__', 'toString', 'length'])
  if (kind === 4) return Array.from({ length: random.below(4) }, () => anything(random, depth + 1))
  return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick([...texts.slice(0, 20), 'toString', 'valueOf', 'ids', 'title', 'from']), anything(random, depth + 1)]))
}

export const anyText = (random) => random.pick(texts)

const ofPattern = [[/T\[0-9\]/, '2099-06-05T09:00'], [/^\^\(\[01\]/, '09:30'], [/a-zA-Z/, '1 mon'], [/\{4\}-\[0-9\]\{2\}-\[0-9\]\{2\}\//, '2026-06-05/3']]

// A value that fits the schema, as far as a schema says.
export function fitting(schema, random) {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return random.pick(schema.enum)
  if (schema.oneOf) return fitting(random.pick(schema.oneOf), random)
  if (schema.anyOf && !schema.type) return fitting(random.pick(schema.anyOf), random)
  const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type
  switch (type) {
    case 'null': return null
    case 'boolean': return random.chance(0.5)
    case 'integer': case 'number': {
      const least = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + 1 : 0)
      const most = schema.maximum ?? 1e6
      return random.chance(0.3) ? random.pick([least, most]) : least + random.below(Math.min(100, most - least + 1))
    }
    case 'array': return Array.from({ length: Math.min(schema.maxItems ?? 3, Math.max(schema.minItems ?? 0, random.below(4))) }, () => fitting(schema.items ?? {}, random))
    case 'object': {
      const given = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name) || random.chance(0.4))
      return Object.fromEntries(given.map(([name, of]) => [name, fitting(of, random)]))
    }
    case 'string': {
      if (schema.format === 'date') return random.pick(['2026-06-05', '2099-12-31', '0001-01-01', '9999-12-31', '2024-02-29'])
      if (schema.format === 'date-time') return random.pick(['2026-06-05T09:00:00Z', '2020-01-01T00:00:00.123456+05:30', '9999-12-31T23:59:59Z'])
      if (schema.pattern) return ofPattern.find(([pattern]) => pattern.test(schema.pattern))[1]
      const fits = texts.filter((text) => [...text].length >= (schema.minLength ?? 0) && [...text].length <= (schema.maxLength ?? Infinity))
      return random.pick(fits)
    }
    default: return anything(random)
  }
}
