// How often somebody may ask for something.

import { BlockList, isIPv6 } from 'node:net'
import { Problem } from './errors.js'
import { m } from './words.js'

const familyOf = (ip) => (isIPv6(ip) ? 'ipv6' : 'ipv4')

// "127.0.0.0/8, ::1" as a list that isAmong() can look into.
export function addressesOf(text) {
  const list = new BlockList()
  for (const part of text.split(',').map((word) => word.trim()).filter(Boolean)) {
    const [address, bits] = part.split('/')
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

export const isAmong = (list, ip) => list.check(ip, familyOf(ip))

// Whoever has one address of IPv6 has all of its network.
const networkOf = (ip) => (isIPv6(ip) && !ip.includes('.') ? ip.split(':').slice(0, 4).join(':') : ip)

// Counts by address, from minute to minute.
export function createCounter(max) {
  const minute = 60_000
  let counts = new Map()
  let ends = 0
  function now() {
    if (Date.now() >= ends) {
      counts = new Map()
      ends = Date.now() + minute
    }
    return counts
  }
  return {
    isFull: (ip) => (now().get(networkOf(ip)) ?? 0) >= max,
    add: (ip) => now().set(networkOf(ip), (counts.get(networkOf(ip)) ?? 0) + 1),
    secondsLeft: () => Math.max(1, Math.ceil((ends - Date.now()) / 1000)),
  }
}

// Hooks of @fastify/rate-limit: for each member of staff, or for each address.
export function createLimits(app, config) {
  const key = ({ staff, ip }) => (staff ? `staff ${staff.id}` : `address ${networkOf(ip)}`)
  const options = (max, group, keyOf = key) => ({
    max,
    timeWindow: '1 minute',
    keyGenerator: (request) => `${group} ${keyOf(request)}`,
    errorResponseBuilder: (request, { ttl }) => new Problem(429, m('Too many requests. Try again in {seconds} seconds.'), { values: { seconds: Math.max(1, Math.ceil(ttl / 1000)) } }),
  })
  return {
    everything: app.rateLimit(options(config.requestsPerMinute, 'all')),
    // By address, whoever is signed in there.
    signIns: app.rateLimit(options(config.signInsPerMinute, 'sign-in', ({ ip }) => `address ${networkOf(ip)}`)),
  }
}
