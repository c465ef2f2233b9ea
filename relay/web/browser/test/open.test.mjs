import assert from 'node:assert/strict'
import { test } from 'node:test'
import { person, signerFor } from './setup.mjs'
import { generateSecretKey, getPublicKey, nip44 } from '../../static/vendor/nostr.js'
import { Opener } from '../../static/js/open.js'

const me = person()
const key = generateSecretKey()
const box = (text, reader = me) => ({ sealedBy: getPublicKey(key), for: { [reader.pubkey]: nip44.encrypt(text, nip44.getConversationKey(key, reader.pubkey)) } })

test('an order is opened box by box, each once', async () => {
  const order = {
    shippingAddress: { fact: 'a', field: 'shippingAddress' }, contact: { fact: 'a', field: 'contact' },
    paymentLink: { fact: 'b', field: 'paymentLink' }, sellerNotes: { fact: 'c', field: 'note' },
    disputeReason: { fact: 'd', field: 'reason' }, cancelReason: { fact: 'e', field: 'reason' },
    boxes: {
      a: box('{"shippingAddress":"1 Main St","contact":{"email":"a@b.example"}}'), b: box('{"paymentLink":"lnbc1"}'),
      c: box('{"note":"x"}', person()), d: box('not JSON'), e: { ...box('{}'), sealedBy: me.pubkey },
    },
  }
  const opener = new Opener(await signerFor(me))
  const { fields, failed } = await opener.open(order)
  assert.deepEqual(fields, { shippingAddress: '1 Main St', contact: { email: 'a@b.example' }, paymentLink: 'lnbc1' })
  assert.deepEqual(Object.entries(failed).map(([n, { code }]) => [n, code]), [['sellerNotes', 'sealed-to-others'], ['disputeReason', 'box-broken'], ['cancelReason', 'signer-refused']])
  const asked = me.calls.length
  assert.equal(asked, 4)
  assert.deepEqual((await opener.open(order, ['paymentLink'])).fields, { paymentLink: 'lnbc1' })
  assert.equal((await opener.message(order, 'a')).shippingAddress, '1 Main St')
  assert.equal(me.calls.length, asked)
})

test('a signer without NIP-44', async () => {
  const plain = person({ encrypts: false, secret: me.secret })
  const opener = new Opener(await signerFor(plain))
  const { failed } = await opener.open({ paymentLink: { fact: 'a', field: 'paymentLink' }, boxes: { a: box('{}') } })
  assert.equal(failed.paymentLink.code, 'signer-cannot-decrypt')
})

// A box that was posted was sealed by the other party's browser: its relay never saw it.
test('whatever is in a box, a page gets texts', async () => {
  const hostile = { reason: { toString: 'x', valueOf: 1 }, note: 5, paymentLink: ['javascript:alert(1)'], contact: { email: { toString: 'x' }, __proto__: null, phone: 7 }, reference: null, proof: true }
  const opener = new Opener(await signerFor(me))
  const read = await opener.message({ boxes: { a: box(JSON.stringify(hostile).replace('"phone"', '"__proto__":{"polluted":1},"phone"')) } }, 'a')
  assert.deepEqual({ ...read, contact: Object.entries(read.contact) }, {
    reason: '{"toString":"x","valueOf":1}', note: '5', paymentLink: '["javascript:alert(1)"]', reference: '', proof: 'true',
    contact: [['email', '{"toString":"x"}'], ['__proto__', '{"polluted":1}'], ['phone', '7']],
  })
  assert.equal({}.polluted, undefined)
  await assert.rejects(opener.message({ boxes: { a: box('["note"]') } }, 'a'), { code: 'box-broken' })
})
