// What a browser has and Node does not.
import 'fake-indexeddb/auto'
import WebSocket from 'ws'
import { finalizeEvent, generateSecretKey, getPublicKey, nip44 } from '../../static/vendor/nostr.js'

const kept = new Map()
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, String(value)),
  removeItem: (name) => kept.delete(name),
}
globalThis.WebSocket = WebSocket

export const now = () => Math.floor(Date.now() / 1000)

/** Somebody with a key, and an extension (NIP-07) that writes down what it is asked. */
export function person({ encrypts = true, secret = generateSecretKey() } = {}) {
  const calls = []
  let busy = false
  const asked = async (call, answer) => {
    if (busy) throw new Error('two questions at once')
    busy = true
    calls.push(call)
    await new Promise((resolve) => setTimeout(resolve, 1))
    busy = false
    return answer()
  }
  const key = (peer) => nip44.getConversationKey(secret, peer)
  const provider = {
    getPublicKey: async () => getPublicKey(secret),
    signEvent: (event) => asked(`sign ${event.kind}`, () => finalizeEvent({ ...event }, secret)),
  }
  if (encrypts) {
    provider.nip44 = {
      encrypt: (peer, text) => asked('encrypt', () => nip44.encrypt(text, key(peer))),
      decrypt: (peer, payload) => asked('decrypt', () => nip44.decrypt(payload, key(peer))),
    }
  }
  return { secret, pubkey: getPublicKey(secret), provider, calls, read: (peer, payload) => nip44.decrypt(payload, key(peer)) }
}

/** That person's signer, as a page comes by it. */
export async function signerFor(who) {
  const { useExtension } = await import('../../static/js/signer.js')
  globalThis.nostr = who.provider
  try {
    return await useExtension({ wait: 0 })
  } finally {
    delete globalThis.nostr
  }
}

/** An order as the API has it. */
export function orderOf(buyer, seller, more = {}) {
  return {
    intentId: 'A-1', orderId: 'A-1', buyerPubkey: buyer.pubkey, sellerPubkey: seller.pubkey, status: 'intent-sent', version: 3,
    products: [{ productId: 'mug', title: 'Blue mug', quantity: 2, pricePerUnit: 5000, subtotal: 10000, currency: 'SATS' }],
    totalSats: 10000, grandTotal: 10000, ...more,
  }
}
