import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderOf, person, signerFor } from './setup.mjs'
import { needsPrivate } from '../../static/js/forms.js'
import { compose, composePosted, reorder, sealInto } from '../../static/js/messages.js'

// That messages are what Go writes, cmd/waybill/e2e holds against Go.

const buyer = person()
const seller = person()
const relaySelf = person().pubkey
const order = orderOf(buyer, seller)
const by = (who) => ({ from: who.pubkey, relaySelf })
const tag = (rumor, name) => rumor.tags.find(([n]) => n === name)?.slice(1)

test('a request asks for goods and shipping', async () => {
  const r = await compose('request', order, { paymentLink: ' lnbc1x ', shippingQuote: '2000', eta: '2030-01-02' }, by(seller))
  assert.deepEqual([r.kind, tag(r, 'p'), tag(r, 'amount'), tag(r, 'shipping_quote'), tag(r, 'payment')], [16, [buyer.pubkey], ['12000'], ['2000'], ['lightning', 'lnbc1x']])
  assert.equal(tag(r, 'eta')[0], String(Date.UTC(2030, 0, 2) / 1000))
})

test('who writes to whom', async () => {
  const admin = person()
  assert.deepEqual(tag(await compose('paid', order, {}, by(buyer)), 'p'), [seller.pubkey])
  assert.deepEqual(tag(await compose('note', order, { note: 'x', self: true }, by(seller)), 'p'), [seller.pubkey])
  const ruling = await compose('resolved', order, { outcome: 'cancelled', resolution: 'money back' }, by(admin))
  assert.deepEqual(['p', 'buyer', 'seller', 'outcome'].map((n) => tag(ruling, n)[0]), [relaySelf, buyer.pubkey, seller.pubkey, 'cancelled'])
})

test('what is refused, and why', async (t) => {
  const long = 'ä'.repeat(9000)
  for (const [code, verb, fields, who = seller, about = order] of [
    ['payment-link-missing', 'request', {}], ['reason-missing', 'dispute', { reason: ' ' }], ['note-missing', 'note', {}],
    ['outcome-missing', 'resolved', { outcome: 'won' }], ['amount-missing', 'refunded', {}], ['amount-invalid', 'refunded', { amount: '1.5' }],
    ['amount-invalid', 'refunded', { amount: -1 }], ['address-missing', 'address', {}, buyer], ['time-invalid', 'shipped', { eta: 'soon' }],
    ['text-too-long', 'note', { note: long }], ['text-too-long', 'shipped', { trackingNumber: '1'.repeat(101) }],
    ['verb-unknown', 'sing', {}], ['verb-unknown', 'toString', {}], ['not-a-party', 'shipped', {}, person()],
    ['order-unanswerable', 'shipped', {}, seller, { ...order, orderId: 'a'.repeat(91) + '_01234567' }],
    ['order-unanswerable', 'shipped', {}, seller, { ...order, orderId: '%FF' }],
    ['key-invalid', 'shipped', {}, seller, { ...order, buyerPubkey: '' }],
    ['seller-missing', 'intent', { products: [] }, buyer, null], ['product-missing', 'intent', { seller: seller.pubkey }, buyer, null],
    ['product-invalid', 'intent', { seller: seller.pubkey, products: [{ productId: 'a', quantity: 0 }] }, buyer, null],
  ]) {
    await t.test(`${verb}: ${code}`, () => assert.rejects(compose(verb, about, fields, by(who)), { code }))
  }
  await t.test('no relay', () => assert.rejects(compose('resolved', order, { outcome: 'resume' }, { from: person().pubkey }), { code: 'relay-key-missing' }))
})

test('what takes encryption', () => {
  for (const [verb, fields, want] of [
    ['confirm', {}, false], ['confirm', { note: '' }, false], ['confirm', { note: 'x' }, true], ['shipped', { trackingNumber: '1' }, false],
    ['request', {}, true], ['dispute', {}, true], ['note', {}, true], ['cancel', {}, false], ['cancel', { reason: 'x' }, true],
    ['paid', { contact: { email: '' } }, false], ['paid', { shippingAddress: 'x' }, true], ['resolved', { resolution: 'x' }, true],
  ]) {
    assert.equal(needsPrivate(verb, fields), want, `${verb} ${JSON.stringify(fields)}`)
  }
})

test('a posted message has nothing private in clear', async () => {
  const posted = await composePosted('request', order, { paymentLink: 'lnbc1secret', note: 'hidden' }, by(seller))
  const signer = await signerFor(seller)
  const event = await sealInto(posted, posted.readers, signer)
  assert.ok(!/secret|hidden/.test(JSON.stringify(event)))
  assert.deepEqual(tag(event, 'private'), ['note', 'paymentLink'])
  const mine = event.tags.find(([n, reader]) => n === 'sealed' && reader === buyer.pubkey)
  assert.deepEqual(JSON.parse(buyer.read(seller.pubkey, mine[2])), { note: 'hidden', paymentLink: 'lnbc1secret' })
  await assert.rejects(sealInto(posted, posted.readers, await signerFor(person({ encrypts: false }))), { code: 'signer-cannot-encrypt' })
})

test('the same again', async () => {
  const again = await compose('intent', null, reorder(order, { shippingAddress: '1 Main St' }), by(buyer))
  assert.deepEqual(tag(again, 'item'), [`30402:${seller.pubkey}:mug`, '2', '', 'Blue mug', '5000', 'SATS'])
  assert.deepEqual([tag(again, 'amount'), tag(again, 'address')], [['10000'], ['1 Main St']])
  assert.match(tag(again, 'order')[0], /^pi_npub1[0-9a-z]+_\d+$/)
})
