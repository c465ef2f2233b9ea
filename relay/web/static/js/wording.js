// What a chat client shows of a message: orders/dialect/wording.go.

import { medium } from './paylink.js'

/**
 * The message in plain words, private parts included.
 * @param {import('./draft.js').Draft} d
 * @param {import('./forms.js').Form} form
 * @returns {string}
 */
export function wording(d, form) {
  const p = d.private
  if (d.verb === 'note') return p.note
  const lines = [`${form.sentence} ${d.orderId}`]
  const line = (name, value) => {
    if (value !== undefined && value !== '') lines.push(`${name}: ${value}`)
  }
  const parts = {
    items: () => d.products.forEach((it) => {
      const price = it.pricePerUnit === undefined ? '' : `, ${it.pricePerUnit} ${it.currency || 'SATS'} each`
      lines.push(`${it.quantity} × ${it.title || it.productId}${price}`)
    }),
    amount: () => line('Amount', inSats(d.amount)),
    quote: () => line('Shipping', inSats(d.shippingQuote)),
    payment: () => {
      line('By', d.medium)
      if (d.verb === 'request') line('Pay here', p.paymentLink)
      else if (medium(d.medium) === 'ecash') line('Token', p.proof)
    },
    shipping: () => line('Shipping option', d.shippingOption),
    parcel: () => {
      line('Carrier', d.carrier)
      line('Tracking number', d.trackingNumber)
    },
    eta: () => d.eta && line('Expected by', new Date(d.eta).toISOString().slice(0, 10)),
    address: () => {
      line('Ship to', p.shippingAddress)
      for (const name of Object.keys(p.contact ?? {}).sort()) line(name, p.contact[name])
    },
    reason: () => line('Reason', p.reason),
    outcome: () => {
      line('Outcome', d.outcome)
      line('Decision', p.resolution)
    },
    note: () => line('Note', p.note),
  }
  for (const [part, write] of Object.entries(parts)) {
    if (form.parts.includes(part)) write()
  }
  return lines.join('\n')
}

const inSats = (n) => (n === undefined ? undefined : `${n} sats`)
