// The reader's words.  A sentence is written where it is said, in English, and
// that is its key in the catalogue of every other language:
//
//   t('Task {id} is paused.', { id })           whole sentences, never pieces of one
//   tn(count, 'One selected', '{n} selected')    {n} is the number as it is written
//   m('Due date')                               marks words that t() gets elsewhere
//
// The server and the scripts of a page share this file.  What is looked up may be
// anybody's text: objects without a prototype have nothing but what is in them.

export const languages = {
  __proto__: null,
  en: { name: 'English', locale: 'en-GB' },
  tr: { name: 'Türkçe', locale: 'tr-TR' },
}

export const m = (text) => text

export function createWords(language, catalogue = { __proto__: null }) {
  const { locale } = languages[language]
  const digits = new Intl.NumberFormat(locale)
  const t = (text, values = {}) =>
    (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(values, name) ? values[name] ?? all : all))
  const tn = (count, one, many, values = {}) => t(count === 1 ? one : many, { n: digits.format(count), ...values })
  const upper = (text) => text && text[0].toLocaleUpperCase(locale) + text.slice(1)
  return { t, tn, upper, language, locale }
}
