// Saying something of an order by the viewer's own signer, until the relay has filed it.

import { orderNow } from './api.js'
import { authLink, encrypts, mySigner, release } from './mysigner.js'
import { prepare } from './post.js'
import { fail, Problem } from './problem.js'
import { t } from './words.js'

/** How long the relay may take to file a message (ms), and between two looks. */
const patience = 15_000
const pause = 300

/**
 * The order as it stands now, where that is as the page shows it: nobody signs for another
 * sum than he has read.
 * @param {string} id its intentId
 * @param {{status: string, totalSats: number, grandTotal: number, refundedSats: number}} shown
 * @returns {Promise<object>} `stale`, with allowedActions
 */
export async function orderAsShown(id, shown) {
  const order = await orderNow(id)
  const same = Object.entries(shown).every(([name, value]) => (order[name] ?? 0) === value)
  return same ? order : fail('stale', 'the order has changed since it was shown', { allowedActions: order.allowedActions ?? [] })
}

/**
 * What the signer will be asked for, in words.
 * @param {string} role of the viewer: an admin's ruling goes to the relay alone
 * @returns {string}
 */
export function signatures(role) {
  return encrypts() ? t('sign.wrapped', role === 'admin' ? 2 : 3) : t('sign.posted')
}

/**
 * The viewer's signer, until stop: nobody waits for an answer then, nor takes one. A page
 * that it wants opened first is shown.
 * @param {HTMLElement} place for the link to that page
 * @param {AbortSignal} [stop]
 * @returns {Promise<import('./backend.js').Signer>} `stopped`
 */
export async function signerFor(place, stop = new AbortController().signal) {
  const onauth = (url) => place.replaceChildren(authLink(url))
  const stopped = new Promise((_, reject) => {
    stop.addEventListener('abort', () => {
      release() // its next question is not to wait for the answer to this one
      reject(new Problem('stopped'))
    })
  })
  const until = (ask) => (...args) => Promise.race([ask(...args), stopped])
  const signer = await until(mySigner)({ onauth })
  const { nip44 } = signer
  return { ...signer, signEvent: until(signer.signEvent), nip44: nip44 && { encrypt: until(nip44.encrypt), decrypt: until(nip44.decrypt) } }
}

// What was signed, while nobody knows whether it has arrived: said again in the same
// words, it is sent again, and does nothing twice.
let unanswered = null

// After these it may have arrived.
const open = ['network', 'relay-unreachable', 'unexpected-answer', 'unavailable', 'rate_limited', 'internal']

async function sendOnce(signer, order, verb, fields, { onsigned, ...ways }) {
  const key = JSON.stringify([signer.pubkey, order?.intentId, verb, fields])
  if (unanswered?.key !== key) unanswered = { key, deliver: await prepare(signer, order, verb, fields, ways) }
  onsigned()
  try {
    const said = await unanswered.deliver()
    unanswered = null
    return said
  } catch (err) {
    if (!open.includes(err.code)) unanswered = null
    throw err
  }
}

/**
 * Says something of an order, or begins one, and waits until it is filed.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order as it stands now; null for an intent
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {{inboxRelays: string[], admins: string[]}} where
 * @param {(text: string, final?: boolean) => void} tell how far it is; final: it is on its way
 * @returns {Promise<{id?: string, missed: boolean}>} id: the order's intentId; absent where the
 *   relay has not filed it yet. missed: the other party gets its copy nowhere. A Problem where
 *   it is refused, with allowedActions
 */
export async function say(signer, order, verb, fields, where, tell) {
  if (order && !order.allowedActions?.includes(verb)) fail('not-allowed-now', '', { allowedActions: order.allowedActions ?? [] })
  tell(t('sign.wait'))
  const relaySelf = document.body.dataset.self
  const onstep = (done, all) => tell(t('sign.step', done, all), done === all)
  const onsigned = () => tell(t('sign.filing'), true)
  const said = await sendOnce(signer, order, verb, fields, { ...where, relaySelf, work: await workAsked(), onstep, onsigned })
  const { buyerPubkey, sellerPubkey } = order ?? { sellerPubkey: fields.seller }
  const missed = said.missed.some((key) => key !== signer.pubkey && [buyerPubkey, sellerPubkey].includes(key))
  return { missed, id: said.order?.intentId ?? (await filed(order?.intentId ?? fields.orderId, said.id)) }
}

// filed waits until the message stands in the order's history.
async function filed(id, message) {
  for (const until = Date.now() + patience; Date.now() < until; await new Promise((r) => setTimeout(r, pause))) {
    try {
      const order = await orderNow(id)
      const entry = order.timeline.find(({ fact }) => fact.split('#')[0] === message)
      if (entry && !entry.ok) throw new Problem('not-counted', '', { reason: entry.reason, allowedActions: order.allowedActions ?? [] })
      if (entry) return order.intentId
    } catch (err) {
      // A new order is not there at once, and a network comes back.
      if (!['not_found', 'network', 'rate_limited', 'unavailable'].includes(err.code)) throw err
    }
  }
}

// workAsked are the bits of work that the relay wants of strangers' events (NIP-11, NIP-13).
async function workAsked() {
  try {
    const answer = await fetch(location.origin, { headers: { Accept: 'application/nostr+json' }, credentials: 'omit' })
    return (await answer.json()).limitation?.min_pow_difficulty ?? 0
  } catch {
    return 0 // it will say so where that matters
  }
}
