// Pages of this relay, read by a script: the one place where markup becomes a document.

import { fail } from './problem.js'

// What is read comes from this origin alone, and scripts in it do not run.
const policy = globalThis.trustedTypes?.createPolicy('waybill', { createHTML: (markup) => markup })

/**
 * A page as the server has it now, for the user that this one is for.
 * @param {string} url of this origin
 * @returns {Promise<Document>} `unexpected-answer` where it is not there; `other-session`
 *   where somebody else, or nobody, is signed in since, by another tab; `network`
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
  if (answer.redirected) fail('other-session', 'nobody is signed in any more')
  if (!answer.ok) fail('unexpected-answer', 'the page is not there', { status: answer.status })
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(markup) : markup, 'text/html')
  if (page.body.dataset.viewer !== document.body.dataset.viewer) fail('other-session', 'the page is for somebody else')
  return page
}
