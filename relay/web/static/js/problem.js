// The one kind of error that these modules throw. A page shows the text that its
// catalogue has for the code; the message is for whoever debugs.

/** Every code that is made here. Those of the API (problem+json) come beside them. */
export const CODES = Object.freeze([
  // The signer.
  'extension-missing', 'bunker-invalid', 'signer-refused', 'signer-timeout', 'signer-changed-account', 'signer-broken',
  'signer-cannot-encrypt', 'signer-cannot-decrypt',
  // What somebody wants to say.
  'verb-unknown', 'order-id-missing', 'order-unanswerable', 'not-a-party', 'seller-missing', 'relay-key-missing', 'product-missing',
  'product-invalid', 'products-too-many', 'payment-link-missing', 'reason-missing', 'note-missing', 'address-missing', 'outcome-missing',
  'amount-missing', 'amount-invalid', 'time-invalid', 'text-too-long', 'contacts-too-many', 'message-too-long', 'key-invalid',
  // On the way.
  'relay-unreachable', 'relay-refused', 'network', 'unexpected-answer',
  // The queue.
  'queue-private', 'queue-elsewhere',
  // Boxes.
  'sealed-to-others', 'box-broken',
])

/** An error with a code that a catalogue can translate. */
export class Problem extends Error {
  /**
   * @param {string} code
   * @param {string} [detail] in English
   * @param {object} [more] further members: status, allowedActions, reason, cause …
   */
  constructor(code, detail = code, { cause, ...more } = {}) {
    super(detail, { cause })
    Object.assign(this, more, { name: 'Problem', code, detail })
  }
}

/**
 * Throws a Problem.
 * @param {string} code one of CODES
 * @param {string} [detail]
 * @param {object} [more]
 * @returns {never}
 */
export function fail(code, detail, more) {
  throw new Problem(code, detail, more)
}
