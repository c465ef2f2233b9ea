// Proof of work (NIP-13), for a relay that asks for it.

import { fail } from './problem.js'
import { nostr } from './vendor.js'

const maxBits = 24 // some minutes
const atOnce = 5_000 // hashes between two looks at the page

/**
 * The event with a nonce that gives its id so many leading zero bits; as it is for 0.
 * @template {import('./messages.js').Rumor} T
 * @param {T} event unsigned, with its pubkey
 * @param {number} bits
 * @returns {Promise<T>}
 */
export async function mine(event, bits) {
  if (!bits) return event
  if (bits > maxBits) fail('relay-refused', 'the relay asks for more work than a page can do')
  const { getEventHash } = await nostr()
  for (let n = 0; ; n++) {
    const worked = { ...event, tags: [...event.tags, ['nonce', String(n), String(bits)]] }
    if (leadingZeros(getEventHash(worked)) >= bits) return worked
    if (n % atOnce === atOnce - 1) await new Promise((resolve) => setTimeout(resolve, 0))
  }
}

function leadingZeros(hex) {
  const zeros = /^0*/.exec(hex)[0].length
  return zeros * 4 + (zeros === hex.length ? 0 : Math.clz32(parseInt(hex[zeros], 16)) - 28)
}
