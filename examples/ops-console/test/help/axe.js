// WCAG 2.2 AA, as far as a program can tell.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function checkAccess(page, what, found) {
  await page.evaluate(axe)
  // Colours are judged as they stay, not on their way.
  const violations = await page.evaluate(async () => {
    for (const animation of document.getAnimations()) animation.finish()
    const { violations: all } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    })
    return all.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 4).map(({ html, any }) => `${html.slice(0, 200)} ${any.map(({ message }) => message).join('; ').slice(0, 200)}`).join(' | ')}`)
  })
  if (found) found.push(...violations.map((violation) => `${what}: ${violation}`))
  else assert.deepEqual(violations, [], what)
}
