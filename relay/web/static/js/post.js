// The two ways in which a page says something of an order: a NIP-17 message that only its
// readers can open, or one signed event posted to the relay's API.

import { request } from './api.js'
import { wrapFor } from './envelope.js'
import { compose, composePosted, sealInto } from './messages.js'
import { needsPrivate } from './forms.js'
import { fail } from './problem.js'
import { publish } from './publish.js'
import { nostr } from './vendor.js'
import { mine } from './work.js'

export { needsPrivate }

/**
 * @typedef {object} Ways
 * @property {string} [base] the relay's address as the browser has it: location.origin
 * @property {string} [relaySelf] the relay's own key (NIP-11, hex): it gets a copy
 * @property {string[]} [inboxRelays] where the other party reads (its kind 10050)
 * @property {string[]} [admins] hex: to them, too, is sealed what is posted of a dispute
 * @property {'nip17' | 'api'} [how] absent: NIP-17 where the signer can encrypt
 * @property {number} [version] of the order as the page shows it: posted, it must still stand
 * @property {boolean} [anyway] posted: also where it is of no use as the order stands
 * @property {number} [work] bits that the relay asks for (NIP-13)
 * @property {(done: number, all: number) => void} [onstep] after each copy
 *
 * @typedef {object} Said
 * @property {'nip17' | 'api'} how
 * @property {string} id the message's
 * @property {object} [order] as it stands now; of a posted message
 * @property {string[]} missed hex: who did not get a copy through this relay
 */

/**
 * Says something of an order, or begins one.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order as the API has it; null for an intent
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {Ways} ways
 * @returns {Promise<Said>}
 */
export async function send(signer, order, verb, fields, ways = {}) {
  return (await prepare(signer, order, verb, fields, ways))()
}

/**
 * Signs it, and sends nothing yet. What comes back sends it: once more, too, where nobody
 * knows whether it arrived, for the same message twice is one. Signed anew it would be two.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {Ways} [ways]
 * @returns {Promise<() => Promise<Said>>}
 */
export async function prepare(signer, order, verb, fields, ways = {}) {
  const how = ways.how ?? (signer.nip44 ? 'nip17' : 'api')
  return how === 'nip17' ? prepareWrapped(signer, order, verb, fields, ways) : preparePosted(signer, order, verb, fields, ways)
}

/**
 * Says it as a NIP-17 message. It is said once the relay took the copy for one of its
 * readers: the relay may refuse the one for somebody who does not read here. The relays
 * of the other party get theirs as well as that goes.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {Ways} [ways]
 * @returns {Promise<Said>} `relay-refused` with `reason` where the relay took none
 */
export async function sendWrapped(signer, order, verb, fields, ways = {}) {
  return (await prepareWrapped(signer, order, verb, fields, ways))()
}

async function prepareWrapped(signer, order, verb, fields, ways) {
  const { base = globalThis.location?.origin, relaySelf, inboxRelays = [], work, onstep } = ways
  if (!signer.nip44) fail('signer-cannot-encrypt', 'this signer cannot write encrypted messages')
  const rumor = await compose(verb, order, fields, { from: signer.pubkey, relaySelf })
  const to = rumor.tags.filter(([name]) => name === 'p').map(([, key]) => key)
  const { id, wraps } = await wrapFor(rumor, relaySelf ? [...to, relaySelf] : to, signer, { work, onstep })
  const home = socketOf(base)
  return async () => {
    const elsewhere = sendElsewhere(wraps.filter((w) => to.includes(w.to) && w.to !== relaySelf), inboxRelays.filter((url) => url !== home))
    const results = await publish(home, wraps.map((w) => w.event), { sign: (template) => signer.signEvent(template) })
    if (!results.some((r) => r.ok)) fail('relay-refused', results[0]?.reason, { reason: results[0]?.reason })
    const reached = await elsewhere
    const missed = wraps.filter((w, i) => !results[i].ok && !reached.has(w.to)).map((w) => w.to)
    return { how: 'nip17', id, missed }
  }
}

// sendElsewhere gives the wraps to relays that nobody here knows: they are told nothing
// of the user, not even in NIP-42. It answers with who was reached.
async function sendElsewhere(wraps, urls) {
  const reached = new Set()
  const { finalizeEvent, generateSecretKey } = await nostr()
  const sign = async (template) => finalizeEvent(template, generateSecretKey())
  await Promise.allSettled(urls.slice(0, 5).map(async (url) => {
    const results = await publish(url, wraps.map((w) => w.event), { sign })
    wraps.forEach((w, i) => results[i].ok && reached.add(w.to))
  }))
  return reached
}

/**
 * Says it as one signed event, posted with the session's cookie. It takes one signature,
 * and an encryption for each reader of what is private.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {Ways} [ways]
 * @returns {Promise<Said>} a Problem of the API where it is refused, with allowedActions
 */
export async function sendPosted(signer, order, verb, fields, ways = {}) {
  return (await preparePosted(signer, order, verb, fields, ways))()
}

async function preparePosted(signer, order, verb, fields, ways) {
  const { base = globalThis.location?.origin, version, anyway } = ways
  const event = await signPosted(signer, order, verb, fields, ways)
  const path = order ? `/api/v1/orders/${encodeURIComponent(order.intentId)}/messages` : '/api/v1/orders'
  const headers = version === undefined ? {} : { 'If-Match': `"${version}"` }
  return async () => {
    const { body } = await request('POST', trim(base) + path + (anyway ? '?anyway=true' : ''), { body: event, headers })
    return { how: 'api', id: event.id, order: body, missed: [] }
  }
}

/**
 * The event that sendPosted posts, signed.
 * @param {import('./backend.js').Signer} signer
 * @param {object | null} order
 * @param {string} verb
 * @param {import('./messages.js').Fields} fields
 * @param {Ways} [ways]
 * @returns {Promise<import('./backend.js').SignedEvent>}
 */
export async function signPosted(signer, order, verb, fields, { relaySelf, admins = [], work } = {}) {
  if (needsPrivate(verb, fields) && !signer.nip44) fail('signer-cannot-encrypt', 'this signer cannot encrypt what is private')
  const posted = await composePosted(verb, order, fields, { from: signer.pubkey, relaySelf })
  const disputed = verb === 'dispute' || verb === 'resolved' // nothing else may be for admins
  const { pubkey, ...template } = await mine(await sealInto(posted, disputed ? [...posted.readers, ...admins] : posted.readers, signer), work)
  return signer.signEvent(template)
}

const trim = (base) => base.replace(/\/+$/, '')

/** The relay's WebSocket at the address of its pages. @param {string} base @returns {string} */
export const socketOf = (base) => trim(base).replace(/^http/i, 'ws')
