// The signer of who has signed in: one for the whole page, asked for when it is needed.

import { element } from './element.js'
import { fail } from './problem.js'
import { findExtension, remembered, resume, useExtension } from './signer.js'
import { t } from './words.js'

let mine = null

/**
 * The viewer's signer. It must be at the account of the session: else what is signed
 * would be somebody else's.
 * @param {{onauth?: (url: string) => void}} [options]
 * @returns {Promise<import('./backend.js').Signer>} `signer-missing`, `signer-other-session`
 */
export async function mySigner(options) {
  mine ??= find(options)
  try {
    return await mine
  } catch (err) {
    mine = null // the next try may go better
    throw err
  }
}

/**
 * The link to a page that a remote signer wants its user to open first.
 * @param {string} url https://
 * @returns {HTMLAnchorElement}
 */
export function authLink(url) {
  return element('a', { class: 'button', href: url, target: '_blank', rel: 'noopener noreferrer' }, t('sign.auth'))
}

/** Gives the signer up: the next who needs one asks anew. */
export function release() {
  mine?.then((signer) => signer.close(), () => {})
  mine = null
}

async function find(options) {
  const viewer = document.body.dataset.viewer
  let signer
  if (remembered()?.pubkey === viewer) signer = await resume(options)
  else if (await findExtension()) signer = await useExtension() // signed in elsewhere, or with another key before
  else fail(remembered() ? 'signer-other-session' : 'signer-missing')
  if (signer.pubkey !== viewer) fail('signer-other-session')
  return signer
}

/** Whether the viewer's signer can encrypt, as far as one can tell without asking it. */
export const encrypts = () => remembered()?.how === 'nip46' || typeof globalThis.nostr?.nip44?.encrypt === 'function'
