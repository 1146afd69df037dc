// The words of the scripts, in the language of the page.

import { createWords, languages, m } from './translate.js'

const wanted = document.documentElement.lang
const language = languages[wanted] ? wanted : 'en'
const catalogue = language === 'en' ? undefined : (await import(`./${language}.js`)).default

export const { t, tn, locale } = createWords(language, catalogue)
export { m }
