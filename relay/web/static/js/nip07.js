// The extension of a browser (NIP-07): window.nostr.

import { makeSigner } from './backend.js'
import { fail, Problem } from './problem.js'
import { within } from './turns.js'

/**
 * Waits for an extension: some appear only after the page has loaded.
 * @param {{wait?: number}} [options] ms
 * @returns {Promise<object | null>} window.nostr
 */
export async function findExtension({ wait = 1000 } = {}) {
  const until = Date.now() + wait
  while (!globalThis.nostr?.signEvent) {
    if (Date.now() >= until) return null
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return globalThis.nostr
}

/**
 * The extension as a signer. Whether it does NIP-44 is seen by trying: some leave it out.
 * @param {{wait?: number}} [options]
 * @returns {Promise<import('./backend.js').Signer>}
 */
export async function extension(options) {
  const provider = await findExtension(options)
  if (!provider) fail('extension-missing', 'there is no signer extension in this browser')
  let pubkey
  try {
    pubkey = await within(provider.getPublicKey(), 120_000, 'signer-timeout')
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem('signer-refused', 'the extension did not tell the public key', { cause })
  }
  if (!/^[0-9a-f]{64}$/.test(pubkey)) fail('signer-broken', 'the extension has no public key')
  const can = typeof provider.nip44?.encrypt === 'function' && typeof provider.nip44?.decrypt === 'function'
  return makeSigner(pubkey, 'nip07', {
    signEvent: (event) => provider.signEvent(event),
    nip44: can ? {
      encrypt: (peer, text) => provider.nip44.encrypt(peer, text),
      decrypt: (peer, payload) => provider.nip44.decrypt(peer, payload),
    } : undefined,
  })
}
