// How each verb is written: the table of orders/dialect/form.go.

/**
 * @typedef {'amount'|'items'|'payment'|'expiry'|'quote'|'eta'|'parcel'|'shipping'|'address'|'reason'|'outcome'|'note'} Part
 * @typedef {{kind: number, type: string, status: string, subject: string, parts: Part[], sentence: string}} Form
 */

const form = (kind, type, status, subject, parts, sentence) => ({ kind, type, status, subject, parts: parts.split(' '), sentence })

/** @type {Readonly<Record<string, Form>>} */
export const FORMS = Object.freeze({
  intent: form(16, '1', '', 'order-info', 'amount items shipping address note', 'New order'),
  request: form(16, '2', '', 'order-payment', 'amount payment expiry quote eta note', 'Please pay for order'),
  paid: form(17, '', '', 'order-receipt', 'amount payment address note', 'Payment sent for order'),
  confirm: form(16, '3', 'confirmed', 'order-info', 'eta note', 'Payment received for order'),
  process: form(16, '3', 'processing', 'order-info', 'eta note', 'Being prepared: order'),
  shipped: form(16, '4', 'shipped', 'shipping-info', 'parcel eta note', 'On its way: order'),
  delivered: form(16, '3', 'delivered', 'order-info', 'note', 'Delivered: order'),
  cancel: form(16, '3', 'cancelled', 'order-info', 'reason note', 'Cancelled: order'),
  dispute: form(16, '3', 'disputed', 'order-info', 'reason note', 'There is a problem with order'),
  resolved: form(16, '3', 'resolved', 'order-info', 'outcome note', 'The problem is settled with order'),
  refunded: form(16, '3', 'refunded', 'order-info', 'amount payment note', 'Refund for order'),
  address: form(16, '3', 'address', 'order-info', 'address note', 'New address for order'),
  note: form(14, '', 'note', '', 'note', ''),
  exception: form(16, '4', 'exception', 'shipping-info', 'parcel eta reason note', 'Trouble with the delivery of order'),
})

const privateParts = {
  note: ['note'], address: ['shippingAddress', 'contact'], reason: ['reason'], outcome: ['resolution'], payment: ['reference', 'proof'],
}

/**
 * The private fields that a message with the verb may have.
 * @param {string} verb
 * @returns {string[]}
 */
export function privateFields(verb) {
  const fields = FORMS[verb].parts.flatMap((part) => privateParts[part] ?? [])
  return verb === 'request' ? [...fields, 'paymentLink'] : fields
}

// What these are for stands in a private field; the others only may have one.
const wordy = ['request', 'dispute', 'note', 'address']

/**
 * Whether saying that takes encryption: there is something private in it.
 * @param {string} verb
 * @param {Record<string, any>} [fields] as for compose
 * @returns {boolean}
 */
export function needsPrivate(verb, fields = {}) {
  return wordy.includes(verb) || privateFields(verb).some((f) => isThere(fields[f]))
}

/** Whether a private field has something in it. @param {any} value @returns {boolean} */
export const isThere = (value) => value != null && (typeof value === 'object' ? Object.values(value).some(Boolean) : String(value) !== '')
