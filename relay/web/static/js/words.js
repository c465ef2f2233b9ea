// The words of the pages' modules, in the language of the page: those under "js." of
// the catalogues. They are loaded once, with the first module that speaks.

const root = document.body.dataset.assets
const language = document.documentElement.lang

/** @type {Record<string, {one?: string, other: string}>} */
const words = await (await fetch(`${root}words/${language}.json`)).json()

/**
 * The text of a key, with args in the places {0}, {1} … Where the text depends on a
 * number, it is the first of args.
 * @param {string} key @param {...(string|number)} args
 */
export function t(key, ...args) {
  const phrase = words[key]
  if (!phrase) return key
  const text = args[0] === 1 && phrase.one ? phrase.one : phrase.other
  return text.replace(/\{(\d)\}/g, (all, i) => (i in args ? String(args[i]) : all))
}

/** Whether there are words for the key. @param {string} key */
export const has = (key) => key in words
