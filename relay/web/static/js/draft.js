// From an order and what a form has collected to what a message says. What would be left
// out or cut by who reads it is refused here, with a code for the page's catalogue.

import { FORMS, isThere, privateFields } from './forms.js'
import { fail } from './problem.js'
import { nostr } from './vendor.js'

/**
 * @typedef {object} Draft
 * @property {string} verb
 * @property {string} from hex
 * @property {string} to hex; of a note to oneself the author, of a ruling the relay
 * @property {boolean} ruling by an admin, about buyer and seller
 * @property {string} orderId the client's own id
 * @property {string} [buyer] of a ruling
 * @property {string} [seller] of a ruling
 * @property {number} at ms
 * @property {object[]} products
 * @property {number} [amount] sats
 * @property {number} [shippingQuote] sats
 * @property {number} [eta] ms
 * @property {number} [expiry] ms
 * @property {string} [trackingNumber]
 * @property {string} [carrier]
 * @property {string} [medium]
 * @property {string} [shippingOption]
 * @property {string} [checkoutId]
 * @property {string} [outcome]
 * @property {Record<string, any>} private what only the parties may read
 */

const maxSats = 2_100_000_000_000_000
const latest = 253_402_300_799_000 // the last second of the year 9999 (ms)
const maxPrivate = 16 << 10 // bytes
const maxShort = 100
const maxAddress = 200
const maxTitle = 500
const maxProducts = 200
const maxContacts = 16
const maxQuantity = 1_000_000_000
const unshown = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\uFEFF]+/gu

/**
 * @param {string} verb
 * @param {object | null} order as the API has it; null for an intent
 * @param {Record<string, any>} fields see compose
 * @param {{from: string, relaySelf?: string}} who
 * @returns {Promise<Draft>}
 */
export async function draftOf(verb, order, fields, { from, relaySelf }) {
  const form = Object.hasOwn(FORMS, verb) ? FORMS[verb] : fail('verb-unknown')
  const has = (part) => form.parts.includes(part)
  const d = {
    verb, from, at: time(fields.at) ?? Date.now(), products: has('items') ? products(fields.products) : [], private: {},
    ...(order ? answer(verb, order, fields, from, relaySelf) : await opening(verb, fields, from)),
  }
  if (has('amount')) d.amount = sats(fields.amount) ?? usualAmount(verb, order, d, fields)
  if (has('quote')) d.shippingQuote = sats(fields.shippingQuote)
  if (has('eta')) d.eta = time(fields.eta)
  if (has('expiry')) d.expiry = time(fields.expiry)
  if (has('payment')) d.medium = short(fields.medium)
  if (has('parcel')) Object.assign(d, { trackingNumber: short(fields.trackingNumber), carrier: short(fields.carrier) })
  if (has('shipping')) d.shippingOption = short(fields.shippingOption, maxAddress)
  if (has('items')) d.checkoutId = short(fields.checkoutId)
  if (has('outcome')) d.outcome = fields.outcome
  for (const f of privateFields(verb)) {
    if (isThere(fields[f])) d.private[f] = f === 'contact' ? contact(fields[f]) : text(fields[f])
  }
  complete(d)
  return d
}

// opening is what begins an order.
async function opening(verb, fields, from) {
  if (verb !== 'intent') fail('order-id-missing')
  const { nip19 } = await nostr()
  if (!isKey(fields.seller) || fields.seller === from) fail('seller-missing')
  return { to: fields.seller, ruling: false, orderId: fields.orderId || `pi_${nip19.npubEncode(from)}_${Date.now()}` }
}

// answer is to whom somebody writes about an order.
function answer(verb, order, { self }, from, relaySelf) {
  const { buyerPubkey: buyer, sellerPubkey: seller } = order
  const orderId = unescapeId(order.orderId)
  if (verb === 'note' && self) return { to: from, ruling: false, orderId }
  const party = from === buyer || from === seller
  if (!party && !['resolved', 'cancel'].includes(verb)) fail('not-a-party')
  if (!isKey(buyer) || !isKey(seller)) {
    if (!isKey(from === buyer ? seller : buyer)) fail('key-invalid', 'the other party is not known')
  }
  if (party) return { to: from === buyer ? seller : buyer, ruling: false, orderId }
  if (!isKey(relaySelf)) fail('relay-key-missing')
  return { to: relaySelf, ruling: true, orderId, buyer, seller }
}

/**
 * An order id as the order's client wrote it; see orders.EscapeID.
 * @param {string} escaped
 * @returns {string}
 */
export function unescapeId(escaped) {
  if (!escaped) fail('order-id-missing')
  try {
    if (!/^.{89,91}_[0-9a-f]{8}$/.test(escaped)) return decodeURIComponent(escaped)
  } catch {
    // The bytes were no text.
  }
  return fail('order-unanswerable', "this order's id cannot be written as its client did")
}

// usualAmount is what the message names where nobody says otherwise: of a request the
// goods and the shipping, of a payment what was asked for, of an order its lines.
function usualAmount(verb, order, d, fields) {
  if (verb === 'intent') return linesSum(d.products)
  const priced = order.totalSats > 0 || linesSum(order.products ?? []) !== undefined
  if (!priced) return undefined
  if (verb === 'request') return sats(order.totalSats + (sats(fields.shippingQuote) ?? 0))
  return verb === 'paid' ? order.grandTotal : undefined
}

function linesSum(lines) {
  let sum = 0
  for (const { pricePerUnit, subtotal, quantity, currency } of lines) {
    const line = subtotal ?? pricePerUnit * quantity
    if (currency !== 'SATS' || !Number.isSafeInteger(line) || line < 0 || line > maxSats) return undefined
    sum = Math.min(sum + line, maxSats)
  }
  return lines.length > 0 ? sum : undefined
}

// complete refuses a message that lacks what it is for.
function complete({ verb, private: p, products: lines, amount, outcome }) {
  if (verb === 'request' && !p.paymentLink) fail('payment-link-missing')
  if (verb === 'dispute' && !p.reason) fail('reason-missing')
  if (verb === 'note' && !p.note) fail('note-missing')
  if (verb === 'address' && !p.shippingAddress) fail('address-missing')
  if (verb === 'intent' && lines.length === 0 && !p.note) fail('product-missing')
  if (verb === 'refunded' && amount === undefined) fail('amount-missing')
  if (verb === 'resolved' && !['delivered', 'cancelled', 'resume'].includes(outcome)) fail('outcome-missing')
}

function products(lines = []) {
  if (lines.length > maxProducts) fail('products-too-many')
  return lines.map((line) => {
    const { productId, title = '', imageUrl = '', currency = '' } = line
    const quantity = Number(line.quantity ?? 1)
    const price = line.pricePerUnit == null || line.pricePerUnit === '' ? undefined : Number(line.pricePerUnit)
    const sound = productId && size(productId) <= maxAddress && size(title) <= maxTitle && size(currency) <= 10 &&
      Number.isSafeInteger(quantity) && quantity >= 1 && quantity <= maxQuantity && (price === undefined || (Number.isFinite(price) && price >= 0))
    if (!sound) fail('product-invalid')
    const whole = { productId, title, imageUrl, quantity, pricePerUnit: price, currency: price === undefined ? currency : currency || 'SATS' }
    return line.subtotal == null ? whole : { ...whole, subtotal: line.subtotal }
  })
}

function contact(entries) {
  const sound = Object.entries(entries).filter(([, value]) => value)
  if (sound.length > maxContacts) fail('contacts-too-many')
  return Object.fromEntries(sound.map(([name, value]) => [name, text(value)]))
}

function sats(value) {
  if (value == null || value === '') return undefined
  const n = typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value
  return Number.isSafeInteger(n) && n >= 0 && n <= maxSats ? n : fail('amount-invalid')
}

// time reads milliseconds, a Date, or what a date field of a form holds.
function time(value) {
  if (value == null || value === '' || value === 0) return undefined
  const ms = typeof value === 'number' ? value : new Date(value).getTime()
  return Number.isFinite(ms) && ms > 0 && ms <= latest ? Math.floor(ms) : fail('time-invalid')
}

// short is one line that may stand in public.
const short = (value, most = maxShort) => bounded(String(value ?? '').replace(unshown, ' '), most)
const text = (value) => bounded(value, maxPrivate)

function bounded(value, most) {
  const trimmed = String(value ?? '').trim()
  return size(trimmed) <= most ? trimmed : fail('text-too-long')
}

const size = (s) => new TextEncoder().encode(s).length
const isKey = (s) => /^[0-9a-f]{64}$/.test(s ?? '')
