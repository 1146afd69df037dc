// Which language somebody reads: the one chosen (a cookie), else the first of
// the browser's that there is a catalogue for, else English.

import { createWords, languages } from '../public/translate.js'
import tr from '../public/tr.js'

export { languages, m } from '../public/translate.js'

const all = { en: createWords('en'), tr: createWords('tr', tr) }
export const english = all.en

// "tr-TR,tr;q=0.9,en;q=0.8"
function accepted(header = '') {
  return header.split(',').map((part) => {
    const [tag, ...parameters] = part.trim().toLowerCase().split(';')
    const quality = parameters.map((p) => /^\s*q=([\d.]+)$/.exec(p)).find(Boolean)
    return { language: tag.split('-')[0], quality: quality ? Number(quality[1]) : 1 }
  }).sort((a, b) => b.quality - a.quality).find(({ language, quality }) => quality > 0 && languages[language])?.language
}

export function languageOf(request) {
  const chosen = request.cookies?.language
  return languages[chosen] ? chosen : accepted(request.headers['accept-language']) ?? 'en'
}

export const wordsFor = (request) => all[languageOf(request)]
