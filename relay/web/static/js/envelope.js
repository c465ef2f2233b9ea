// Gift wraps (NIP-59) by a signer that keeps its secret: nostr-tools' own wants to have it.

import { fail } from './problem.js'
import { nostr } from './vendor.js'
import { mine } from './work.js'

/**
 * The rumor with its id: what all copies have in common.
 * @param {import('./messages.js').Rumor} rumor
 * @returns {Promise<import('./messages.js').Rumor & {id: string}>}
 */
export async function withId(rumor) {
  const { getEventHash } = await nostr()
  return { id: getEventHash(rumor), ...rumor }
}

/**
 * One gift wrap for each recipient, and one for the author himself, last where he is not
 * among them. Each takes the signer two calls, an encryption and a signature, one after
 * another; the wrap around them is made here, by a key that nobody keeps.
 * @param {import('./messages.js').Rumor} rumor
 * @param {string[]} recipients hex; doubles are dropped
 * @param {import('./backend.js').Signer} signer
 * @param {{work?: number, onstep?: (done: number, all: number) => void}} [options] work: bits
 *   that a relay asks for (NIP-13); onstep: after each wrap
 * @returns {Promise<{id: string, wraps: {to: string, event: import('./backend.js').SignedEvent}[]}>} id: the rumor's
 */
export async function wrapFor(rumor, recipients, signer, { work = 0, onstep } = {}) {
  if (!signer.nip44) fail('signer-cannot-encrypt', 'this signer cannot write encrypted messages')
  if (rumor.pubkey !== signer.pubkey) fail('signer-changed-account', "the message is not by the signer's user")
  const all = [...new Set([...recipients.filter((r) => r !== signer.pubkey), signer.pubkey])]
  if (!all.every((r) => /^[0-9a-f]{64}$/.test(r))) fail('key-invalid', 'a recipient is no public key')
  const whole = await withId(rumor)
  const text = JSON.stringify(whole)
  const wraps = []
  for (const to of all) {
    wraps.push({ to, event: await wrap(await seal(text, to, signer), to, work) })
    onstep?.(wraps.length, all.length)
  }
  return { id: whole.id, wraps }
}

async function seal(text, to, signer) {
  const content = await signer.nip44.encrypt(to, text)
  return signer.signEvent({ kind: 13, created_at: backdated(), tags: [], content })
}

async function wrap(sealed, to, work) {
  const { finalizeEvent, generateSecretKey, getPublicKey, nip44 } = await nostr()
  const key = generateSecretKey()
  const content = nip44.encrypt(JSON.stringify(sealed), nip44.getConversationKey(key, to))
  const template = { kind: 1059, created_at: backdated(), tags: [['p', to]], content }
  return finalizeEvent(await mine({ ...template, pubkey: getPublicKey(key) }, work), key)
}

// backdated is a time up to two days ago: when it was said, the rumor tells.
function backdated() {
  const [random] = crypto.getRandomValues(new Uint32Array(1))
  return Math.floor(Date.now() / 1000) - (random % (2 * 24 * 3600))
}
