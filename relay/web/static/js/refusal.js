// What went wrong, in the words of the page's language.

import { has, t } from './words.js'

/**
 * A sentence or two about a problem, for its reader.
 * @param {any} err a Problem of these modules or of the API, or any other error
 * @returns {string}
 */
export function explain({ code = 'unknown', reason, retryAfter, allowedActions }) {
  const key = [`problem.${code}.${reason}`, `problem.${code}`].find(has)
  const all = [key ? t(key, retryAfter ?? 10) : t('problem.other', code)]
  if (has(`reason.${reason}`)) all.push(t(`reason.${reason}`))
  else if (code === 'relay-refused' && reason) all.push(`(${reason})`)
  if (allowedActions) all.push(chances(allowedActions))
  return all.join(' ')
}

// chances are the verbs that may be said instead.
function chances(verbs) {
  const names = verbs.map((v) => `act.${v}`).filter(has).map((key) => t(key))
  return names.length > 0 ? t('refusal.now', names.join(', ')) : t('refusal.nothing')
}
