// What the two kinds of signers have in common.

import { fail, Problem } from './problem.js'
import { turns, within } from './turns.js'
import { nostr } from './vendor.js'

/**
 * @typedef {{kind: number, created_at: number, tags: string[][], content: string}} Template
 * @typedef {Template & {id: string, pubkey: string, sig: string}} SignedEvent
 * @typedef {object} Signer
 * @property {string} pubkey of the user (hex)
 * @property {'nip07' | 'nip46'} how
 * @property {() => Promise<string>} getPublicKey
 * @property {(template: Template) => Promise<SignedEvent>} signEvent checked: it is what was asked for, by this user
 * @property {{encrypt: (peer: string, text: string) => Promise<string>, decrypt: (peer: string, payload: string) => Promise<string>}} [nip44]
 *   absent where the signer cannot
 * @property {() => Promise<void>} close
 */

/** How long a user may think about one question (ms). */
const patience = 120_000

/**
 * A Signer of what a backend can do. Its calls run one after another, each bounded in
 * time; a refusal is `signer-refused`.
 * @param {string} pubkey
 * @param {'nip07' | 'nip46'} how
 * @param {{signEvent: Function, nip44?: {encrypt: Function, decrypt: Function}, close?: Function}} backend
 * @param {{most?: number}} [options] most: patience with one call (ms)
 * @returns {Signer}
 */
export function makeSigner(pubkey, how, backend, { most = patience } = {}) {
  const turn = turns()
  const ask = (call) => turn(() => within(Promise.resolve().then(call).catch(refused), most, 'signer-timeout'))
  const { nip44 } = backend
  return {
    pubkey,
    how,
    getPublicKey: async () => pubkey,
    signEvent: async (template) => {
      const asked = { ...template, pubkey }
      const signed = await ask(() => backend.signEvent(asked))
      return checked(asked, signed)
    },
    nip44: nip44 && {
      encrypt: (peer, text) => ask(() => nip44.encrypt(peer, text)),
      decrypt: (peer, payload) => ask(() => nip44.decrypt(peer, payload)),
    },
    close: async () => backend.close?.(),
  }
}

function refused(cause) {
  if (cause instanceof Problem) throw cause
  fail('signer-refused', 'the signer did not do what it was asked', { cause })
}

// checked is the signed event, where that is what was asked for: an extension may have
// changed to another account since, or put tags of its own in.
async function checked(asked, signed) {
  const { getEventHash, verifyEvent } = await nostr()
  if (signed?.pubkey !== asked.pubkey) fail('signer-changed-account', 'the signer signed as somebody else')
  const { id, pubkey, created_at, kind, tags, content, sig } = signed
  const plain = { id, pubkey, created_at, kind, tags, content, sig }
  if (id !== getEventHash(asked) || !verifyEvent(plain)) fail('signer-broken', 'the signer signed something else')
  return plain
}
