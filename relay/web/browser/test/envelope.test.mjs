import assert from 'node:assert/strict'
import { test } from 'node:test'
import { now, orderOf, person, signerFor } from './setup.mjs'
import { getEventHash, verifyEvent } from '../../static/vendor/nostr.js'
import { wrapFor } from '../../static/js/envelope.js'
import { compose } from '../../static/js/messages.js'

const seller = person()
const buyer = person()
const relay = person()

test('gift wraps', async () => {
  const signer = await signerFor(seller)
  const rumor = await compose('note', orderOf(buyer, seller), { note: 'naïve ☕' }, { from: seller.pubkey })
  const steps = []
  const { id, wraps } = await wrapFor(rumor, [buyer.pubkey, relay.pubkey, buyer.pubkey], signer, { work: 4, onstep: (n, all) => steps.push([n, all]) })
  assert.deepEqual(steps, [[1, 3], [2, 3], [3, 3]])
  assert.deepEqual(seller.calls, ['encrypt', 'sign 13', 'encrypt', 'sign 13', 'encrypt', 'sign 13'])
  assert.deepEqual(wraps.map((w) => w.to), [buyer.pubkey, relay.pubkey, seller.pubkey])
  assert.equal(new Set(wraps.map((w) => w.event.pubkey)).size, 3)
  for (const [i, reader] of [buyer, relay, seller].entries()) {
    const { event } = wraps[i]
    assert.ok(verifyEvent({ ...event }))
    assert.equal(event.id[0], '0')
    assert.deepEqual(event.tags.filter(([n]) => n === 'p'), [['p', reader.pubkey]])
    const seal = JSON.parse(reader.read(event.pubkey, event.content))
    assert.ok(verifyEvent({ ...seal }))
    assert.deepEqual([seal.kind, seal.pubkey, seal.tags], [13, seller.pubkey, []])
    for (const { created_at: at } of [event, seal]) assert.ok(at <= now() && at >= now() - 2 * 86400 - 5)
    const inner = JSON.parse(reader.read(seal.pubkey, seal.content))
    assert.deepEqual([inner.id, inner.pubkey, inner.content, inner.sig], [id, seller.pubkey, 'naïve ☕', undefined])
    assert.equal(getEventHash(inner), id)
  }
})

test('what cannot be wrapped', async () => {
  const rumor = await compose('confirm', orderOf(buyer, seller), {}, { from: seller.pubkey })
  await assert.rejects(wrapFor(rumor, [buyer.pubkey], await signerFor(person({ encrypts: false }))), { code: 'signer-cannot-encrypt' })
  await assert.rejects(wrapFor(rumor, [buyer.pubkey], await signerFor(buyer)), { code: 'signer-changed-account' })
  await assert.rejects(wrapFor(rumor, ['x'], await signerFor(seller)), { code: 'key-invalid' })
})
