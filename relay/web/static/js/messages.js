// Order messages, before anybody signs: what orders/dialect/compose.go and
// posted_compose.go write. A test holds the two against each other.

import { draftOf } from './draft.js'
import { FORMS } from './forms.js'
import { medium, mediumOf, paymentHash } from './paylink.js'
import { fail } from './problem.js'
import { wording } from './wording.js'

/**
 * @typedef {object} Fields what a form collects; each verb takes of it what is its own
 * @property {string} [paymentLink] request: invoice, address, LNURL or URL
 * @property {number|string} [amount] sats; of a refund required, else as the order has it
 * @property {number|string} [shippingQuote] sats
 * @property {number|string|Date} [eta] when it is to arrive: ms, or a date
 * @property {number} [expiry] until when the link is good (ms)
 * @property {string} [medium] lightning, bitcoin …
 * @property {string} [reference] of a payment
 * @property {string} [proof] of a payment: bearer money, or a preimage
 * @property {string} [trackingNumber]
 * @property {string} [carrier]
 * @property {string} [reason] of a cancellation or a dispute
 * @property {'delivered'|'cancelled'|'resume'} [outcome] resolved
 * @property {string} [resolution] resolved: the sentence
 * @property {string} [note]
 * @property {boolean} [self] note: for its author alone
 * @property {string} [shippingAddress]
 * @property {Record<string, string>} [contact] email, phone, name …
 * @property {string} [seller] intent: hex
 * @property {string} [orderId] intent: absent, a new one is made
 * @property {object[]} [products] intent: as in an order
 * @property {string} [shippingOption] intent
 * @property {string} [checkoutId] intent
 * @property {number} [at] when it happened (ms); now where it is absent
 *
 * @typedef {{from: string, relaySelf?: string}} Who the author, and the relay's own key (hex), to which an admin's rulings go
 * @typedef {{pubkey: string, created_at: number, kind: number, tags: string[][], content: string}} Rumor unsigned, without its id
 */

const maxRumor = 40 << 10 // bytes

/**
 * A message for a gift wrap.
 * @param {string} verb of orders.Rules
 * @param {object | null} order as the API has it; null for an intent
 * @param {Fields} fields
 * @param {Who} who
 * @returns {Promise<Rumor>}
 */
export async function compose(verb, order, fields, who) {
  const d = await draftOf(verb, order, fields, who)
  const form = FORMS[verb]
  const tags = [...heading(d, form), ...openTags(d, form), ...(await paymentTag(d, form)), ...privateTags(d, form)]
  const rumor = { pubkey: d.from, created_at: Math.floor(d.at / 1000), kind: form.kind, tags, content: wording(d, form) }
  if (new TextEncoder().encode(JSON.stringify(rumor)).length > maxRumor) fail('message-too-long')
  return rumor
}

/**
 * A message for the API: an event without what is private in it, and that apart, to be
 * sealed before it is signed; see sealInto.
 * @param {string} verb
 * @param {object | null} order
 * @param {Fields} fields
 * @param {Who} who
 * @returns {Promise<{event: Rumor, private: Record<string, any>, readers: string[]}>} readers: hex, the author among them
 */
export async function composePosted(verb, order, fields, who) {
  const d = await draftOf(verb, order, fields, who)
  const form = FORMS[verb]
  const tags = [...heading(d, form), ...openTags(d, form)]
  if (verb === 'note') tags.push(['type', '3'])
  if (form.parts.includes('payment')) {
    const ref = d.private.reference || d.private.paymentLink
    const how = medium(d.medium) || (await mediumOf(ref))
    const hash = await paymentHash(ref)
    if (how) tags.push(['payment', how])
    if (hash) tags.push(['payment_hash', hash])
  }
  const event = { pubkey: d.from, created_at: Math.floor(d.at / 1000), kind: verb === 'note' ? 16 : form.kind, tags, content: '' }
  const readers = [d.from, ...(d.ruling ? [d.buyer, d.seller] : [d.to])]
  return { event, private: d.private, readers: [...new Set(readers)] }
}

/**
 * The event with what is private sealed to its readers, one after another.
 * @param {{event: Rumor, private: Record<string, any>}} posted
 * @param {string[]} readers hex
 * @param {import('./backend.js').Signer} signer
 * @returns {Promise<Rumor>}
 */
export async function sealInto({ event, private: secret }, readers, signer) {
  const names = Object.keys(secret).sort()
  if (names.length === 0) return event
  if (!signer.nip44) fail('signer-cannot-encrypt', 'this signer cannot encrypt what is private')
  const text = JSON.stringify(secret)
  const tags = [...event.tags, ['private', ...names]]
  for (const reader of [...new Set(readers)].sort()) tags.push(['sealed', reader, await signer.nip44.encrypt(reader, text)])
  return { ...event, tags }
}

/**
 * What an order says, as the fields of a new one: to buy the same again.
 * @param {object} order as the API has it
 * @param {Record<string, any>} [opened] its private fields, decrypted
 * @returns {Fields}
 */
export function reorder(order, { shippingAddress, contact } = {}) {
  const products = (order.products ?? []).map(({ subtotal, ...line }) => line)
  return { seller: order.sellerPubkey, products, shippingOption: order.shippingOption, shippingAddress, contact }
}

function heading(d, form) {
  const tags = [['p', d.to]]
  some(tags, 'subject', form.subject)
  some(tags, 'type', form.type)
  tags.push(['order', d.orderId])
  some(tags, 'status', form.status)
  if (d.ruling) tags.push(['buyer', d.buyer], ['seller', d.seller])
  return tags
}

function openTags(d, { parts }) {
  const tags = []
  const seconds = (ms) => (ms === undefined ? undefined : String(Math.floor(ms / 1000)))
  const write = {
    amount: () => some(tags, 'amount', d.amount),
    items: () => {
      for (const it of d.products) tags.push(item(it, d.to))
      some(tags, 'checkout', d.checkoutId)
    },
    shipping: () => some(tags, 'shipping', d.shippingOption),
    expiry: () => some(tags, 'expiration', seconds(d.expiry)),
    quote: () => some(tags, 'shipping_quote', d.shippingQuote),
    eta: () => some(tags, 'eta', seconds(d.eta)),
    parcel: () => {
      some(tags, 'tracking', d.trackingNumber)
      some(tags, 'carrier', d.carrier)
    },
    outcome: () => tags.push(['outcome', d.outcome]),
  }
  for (const [part, put] of Object.entries(write)) {
    if (parts.includes(part)) put()
  }
  return tags
}

async function paymentTag(d, { parts }) {
  if (!parts.includes('payment')) return []
  const { paymentLink = '', reference = '', proof = '' } = d.private
  const ref = d.verb === 'request' ? paymentLink : reference
  const how = medium(d.medium) || (await mediumOf(ref))
  if (d.verb !== 'request' && proof) return [['payment', how || 'other', ref, proof]]
  return how ? [['payment', how, ref]] : []
}

function privateTags(d, { parts }) {
  const p = d.private
  const tags = []
  if (parts.includes('address')) {
    some(tags, 'address', p.shippingAddress)
    for (const name of Object.keys(p.contact ?? {}).sort()) {
      tags.push(['name', 'email', 'phone', 'contact'].includes(name) ? [name, p.contact[name]] : ['contact', name, p.contact[name]])
    }
  }
  // Also where it is empty: the content is not the reason.
  if (parts.includes('reason')) tags.push(['reason', p.reason ?? ''])
  if (parts.includes('outcome')) tags.push(['resolution', p.resolution ?? ''])
  if (d.verb === 'intent') tags.push(['note', p.note ?? ''])
  else if (d.verb !== 'note') some(tags, 'note', p.note)
  return tags
}

function item(it, seller) {
  const address = /^(30402|30018):[0-9a-f]{64}:/.test(it.productId) ? it.productId : `30402:${seller}:${it.productId}`
  const tag = ['item', address, String(it.quantity), it.imageUrl, it.title]
  if (it.pricePerUnit !== undefined) tag.push(String(it.pricePerUnit), it.currency)
  while (tag.length > 3 && tag.at(-1) === '') tag.pop()
  return tag
}

function some(tags, name, value) {
  if (value !== undefined && value !== '') tags.push([name, String(value)])
}
