// Whole lives of orders at a real relay, by the dashboards' own modules. On stdin: the
// relay, and the people's keys.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { hexToBytes } from '@noble/hashes/utils.js'
import { Person } from './people.mjs'
import { sendPosted } from '../../static/js/post.js'
import { SigningQueue } from '../../static/js/queue.js'

const { base, self, invoice, secrets } = JSON.parse(readFileSync(0, 'utf8'))
const relay = { base, self, admins: [] }
const [buyer, seller, admin] = await Promise.all(['buyer', 'seller', 'admin'].map((name) => new Person(relay, hexToBytes(secrets[name]))))
relay.admins.push(admin.pubkey)
for (const one of [buyer, seller, admin]) await one.signIn()
for (const one of [buyer, seller]) await one.announce()

const intent = {
  seller: seller.pubkey, shippingAddress: '12 Rua das Flores\n4050-262 Porto', contact: { email: 'ana@flores.example' }, note: 'leave it at the red door',
  products: [{ productId: 'mug', title: 'Blue mug', quantity: 2, pricePerUnit: 5000, currency: 'SATS' }],
}
const eta = Date.now() + 3 * 86_400_000

// begun takes an order until it is paid.
async function begun(how, id) {
  await buyer.says(how, id, 'intent', intent, 'intent-sent', 'none')
  await seller.says(how, id, 'request', { paymentLink: invoice, shippingQuote: 500, eta }, 'payment-requested', 'requested')
  return buyer.says(how, id, 'paid', { medium: 'lightning', reference: invoice }, 'paid', 'claimed')
}

for (const [how, id] of [['nip17', 'wrapped-1'], ['api', 'posted-1']]) {
  await begun(how, id)
  await seller.says(how, id, 'confirm', { note: 'thank you' }, 'processing', 'confirmed')
  await seller.says(how, id, 'shipped', { trackingNumber: '1Z999', carrier: 'UPS', eta }, 'shipped', 'confirmed')
  await seller.says(how, id, 'note', { note: 'supplier is late', self: true }, 'shipped', 'confirmed')
  const order = await buyer.says(how, id, 'delivered', {}, 'delivered', 'confirmed')
  assert.deepEqual([order.totalSats, order.shippingQuote, order.grandTotal], [10_000, 500, 10_500])
  assert.deepEqual([order.trackingNumber, order.carrier, order.products[0].title], ['1Z999', 'UPS', 'Blue mug'])
  assert.equal(order.estimatedDeliveryDate, Math.floor(eta / 1000) * 1000)
  assert.ok(order.timeline.every((entry) => entry.ok && entry.trust === 'bound'))
  const { buyerNotes, sellerNotes, ...read } = await seller.opens(id)
  assert.deepEqual(read, { paymentLink: invoice, shippingAddress: intent.shippingAddress, contact: intent.contact })
  assert.deepEqual([buyerNotes, sellerNotes], [intent.note, 'supplier is late'])
  assert.equal((await buyer.opens(id)).paymentLink, invoice)
  console.log(`${how}: delivered`)
}

// A dispute, its withdrawal, and an admin's ruling on the next.
for (const [how, id] of [['nip17', 'wrapped-2'], ['api', 'posted-2']]) {
  await begun(how, id)
  assert.equal(await admin.order(id), null)
  await buyer.says(how, id, 'dispute', { reason: 'it never came' }, 'disputed', 'claimed')
  await buyer.says(how, id, 'resolved', { outcome: 'resume', resolution: 'the neighbour had it' }, 'paid', 'claimed')
  // Messages tell seconds: people take longer than these modules.
  await buyer.says(how, id, 'dispute', { reason: 'it is broken', at: Date.now() + 2_000 }, 'disputed', 'claimed')
  await seller.says(how, id, 'note', { note: 'I have a receipt' }, 'disputed', 'claimed')
  assert.equal((await admin.opens(id)).disputeReason, 'it is broken')
  await admin.says(how, id, 'resolved', { outcome: 'cancelled', resolution: 'money back', at: Date.now() + 4_000 }, 'cancelled', 'claimed')
  assert.equal((await buyer.opens(id)).disputeResolution, 'money back')
  const after = await seller.says(how, id, 'refunded', { amount: 10_500 }, 'cancelled', 'claimed')
  assert.equal(after.refundedSats, 10_500)
  console.log(`${how}: ruled`)
}

// A cancellation, a concession, and what is refused.
await buyer.says('nip17', 'wrapped-3', 'intent', intent, 'intent-sent', 'none')
await buyer.says('nip17', 'wrapped-3', 'address', { shippingAddress: '2 Side St' }, 'intent-sent', 'none')
const cancelled = await seller.says('api', 'wrapped-3', 'cancel', { reason: 'sold out' }, 'cancelled', 'none')
assert.equal((await buyer.opens('wrapped-3')).cancelReason, 'sold out')
await assert.rejects(seller.as(() => sendPosted(seller.signer, cancelled, 'shipped', {}, { base })), (err) => {
  assert.deepEqual([err.code, err.status, err.from, err.allowedActions.includes('note')], ['conflict', 409, 'cancelled', true])
  return true
})
await assert.rejects(seller.as(() => sendPosted(seller.signer, cancelled, 'note', { note: 'x' }, { base, version: 1 })), { status: 412, code: 'stale' })
await begun('api', 'posted-3')
await buyer.says('api', 'posted-3', 'dispute', { reason: 'wrong colour' }, 'disputed', 'claimed')
await seller.says('api', 'posted-3', 'resolved', { outcome: 'cancelled', resolution: 'you are right' }, 'cancelled', 'claimed')
console.log('refusals')

// Many at once, by an extension that cannot encrypt.
const plain = await new Person(relay, hexToBytes(secrets.seller), { encrypts: false }).signIn()
const ids = Array.from({ length: 20 }, (_, i) => `bulk-${i}`)
for (const id of ids) await buyer.says('api', id, 'intent', intent, 'intent-sent', 'none')
await buyer.says('api', 'bulk-7', 'cancel', {}, 'cancelled', 'none')
const orders = []
for (const id of ids) orders.push(await plain.order(id))
const queue = new SigningQueue(plain.signer, { base })
await queue.add('shipped', orders, (order) => ({ carrier: 'UPS', trackingNumber: 'T-' + order.intentId }))
const end = await plain.as(() => queue.resume())
assert.deepEqual([end.problem, end.state, end.done, end.failed], [null, 'finished', 19, 1])
assert.equal(queue.items.find((item) => item.state === 'failed').problem.code, 'conflict')
assert.equal((await buyer.sees('bulk-19', 'shipped', 'none', 'shipped')).trackingNumber, 'T-bulk-19')
console.log('20 in one go')
