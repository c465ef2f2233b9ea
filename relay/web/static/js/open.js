// Reading what is private in an order: its boxes are opened by the viewer's signer, each
// once, one after another.

import { fail, Problem } from './problem.js'

/** The fields of an order that are sealed: each is {fact, field}. */
export const SEALED = Object.freeze([
  'paymentLink', 'shippingAddress', 'contact', 'buyerNotes', 'sellerNotes', 'disputeReason', 'disputeResolution', 'cancelReason',
])

/** Opens boxes, and keeps what was in them as long as the page stands. */
export class Opener {
  #opened = new Map() // payload -> Promise of what is in it

  /** @param {import('./backend.js').Signer} signer */
  constructor(signer) {
    this.signer = signer
  }

  /**
   * The order's sealed fields. What cannot be opened hides nothing else.
   * @param {object} order as GET /api/v1/orders/{id} has it
   * @param {string[]} [names] of SEALED; all where absent
   * @returns {Promise<{fields: Record<string, any>, failed: Record<string, Problem>}>}
   */
  async open(order, names = SEALED) {
    const fields = {}
    const failed = {}
    for (const name of names) {
      const place = order[name]
      if (!place) continue
      try {
        fields[name] = (await this.message(order, place.fact))[place.field]
      } catch (problem) {
        failed[name] = problem
      }
    }
    return { fields, failed }
  }

  /**
   * Everything private in one message of the timeline, as texts.
   * @param {object} order
   * @param {string} fact TimelineEntry.fact
   * @returns {Promise<Record<string, any>>} see Private in order.d.ts; `sealed-to-others`,
   *   `signer-cannot-decrypt`, `box-broken`, and what the signer refuses
   */
  async message(order, fact) {
    const box = order.boxes?.[fact]
    const payload = box?.for?.[this.signer.pubkey]
    if (!payload) fail('sealed-to-others', 'this is for others to read')
    if (!this.signer.nip44) fail('signer-cannot-decrypt', 'this signer cannot decrypt')
    if (!this.#opened.has(payload)) this.#opened.set(payload, this.#decrypt(box.sealedBy, payload))
    try {
      return await this.#opened.get(payload)
    } catch (err) {
      this.#opened.delete(payload) // the user may say yes the next time
      throw err
    }
  }

  async #decrypt(by, payload) {
    const text = await this.signer.nip44.decrypt(by, payload)
    let read
    try {
      read = JSON.parse(text)
    } catch (cause) {
      throw new Problem('box-broken', 'the box does not hold what it should', { cause })
    }
    return read && typeof read === 'object' && !Array.isArray(read) ? readable(read) : fail('box-broken', 'the box does not hold what it should')
  }
}

// readable makes texts of all that is in a box: one that was posted was sealed in
// somebody's browser, and may hold any JSON. Contact data are texts by their names.
function readable(read) {
  return Object.fromEntries(Object.entries(read).map(([field, value]) => {
    const byName = field === 'contact' && value && typeof value === 'object' && !Array.isArray(value)
    return [field, byName ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, textOf(part)])) : textOf(value)]
  }))
}

const textOf = (value) => (typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value))
