// A signer is what holds the user's key and signs for this page. The page never sees a
// secret of the user's; it has the public key, and asks.

import { fail } from './problem.js'
import * as memory from './memory.js'
import { extension, findExtension } from './nip07.js'
import { resumeBunker } from './nip46.js'

/** @typedef {import('./backend.js').Signer} Signer */

/**
 * Asks the browser's extension (NIP-07), and remembers that.
 * @param {{wait?: number}} [options] wait: how long it may take to appear (ms)
 * @returns {Promise<Signer>}
 */
export async function useExtension(options) {
  const signer = await extension(options)
  memory.keep({ how: 'nip07', pubkey: signer.pubkey })
  return signer
}

/** Whether there is an extension; see useExtension. */
export { findExtension }

/** The two ways to a remote signer (NIP-46). */
export { useBunker, inviteSigner } from './nip46.js'

/**
 * Who used which signer here last. Nobody is asked anything.
 * @returns {{how: 'nip07' | 'nip46', pubkey: string} | null}
 */
export function remembered() {
  const kept = memory.kept()
  return kept && { how: kept.how, pubkey: kept.pubkey }
}

/**
 * The signer that is remembered, ready for use; null for none.
 * @param {{onauth?: (url: string) => void, wait?: number}} [options] onauth: the remote
 *   signer wants its user to open that page
 * @returns {Promise<Signer | null>}
 */
export async function resume(options = {}) {
  const kept = memory.kept()
  if (!kept) return null
  if (kept.how === 'nip46') return resumeBunker(kept, options)
  const signer = await extension(options)
  if (signer.pubkey !== kept.pubkey) fail('signer-changed-account', 'the extension is at another account')
  return signer
}

/** Forgets the signer, and this page's own key to it: at sign-out. */
export function forget() {
  memory.drop()
}
