// Pages of this relay, read by a script: the one place where markup becomes a document.

import { fail } from './problem.js'

// What is read comes from this origin alone, and scripts in it do not run.
const policy = globalThis.trustedTypes?.createPolicy('waybill', { createHTML: (markup) => markup })

/**
 * A page as the server has it now.
 * @param {string} url of this origin
 * @returns {Promise<Document>} `unexpected-answer` where it is not there, or leads
 *   elsewhere, as to the sign-in; `network`
 */
export async function fetchPage(url) {
  const wanted = new URL(url, location.href)
  if (wanted.origin !== location.origin) fail('unexpected-answer', 'a page of another site')
  let answer, markup
  try {
    answer = await fetch(wanted, { headers: { Accept: 'text/html' }, credentials: 'same-origin' })
    markup = await answer.text()
  } catch (cause) {
    fail('network', 'the relay does not answer', { cause })
  }
  if (!answer.ok || answer.redirected) fail('unexpected-answer', 'the page is not there', { status: answer.status })
  return new DOMParser().parseFromString(policy ? policy.createHTML(markup) : markup, 'text/html')
}
