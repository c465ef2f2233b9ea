import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderOf, person, signerFor } from './setup.mjs'

// A page of the relay, and the relay's API: answer says what becomes of a message.
const [buyer, seller] = [person(), person({ encrypts: false })]
const order = { ...orderOf(buyer, seller), allowedActions: ['shipped', 'note'], timeline: [] }
const posted = []
let answer
globalThis.location = new URL('http://relay.example/orders/A-1')
globalThis.document = { documentElement: { lang: 'en' }, body: { dataset: { assets: '/', self: person().pubkey } } }
globalThis.fetch = async (url, { method, body } = {}) => {
  if (method !== 'POST') return Response.json(String(url).includes('/api/v1/orders/') ? order : {})
  posted.push(JSON.parse(body))
  return answer()
}
const { orderAsShown, say } = await import('../../static/js/acting.js')
const where = { inboxRelays: [], admins: [] }
const ship = async (fields) => say(await signerFor(seller), order, 'shipped', fields, where, () => {})
const filed = () => Response.json({ ...order, status: 'shipped' }, { status: 201 })
const lost = () => { throw new TypeError('fetch failed') }

test('what may have arrived is not signed a second time', async () => {
  answer = lost // on its way back
  await assert.rejects(ship({ carrier: 'DHL' }), { code: 'network' })
  answer = filed
  assert.equal((await ship({ carrier: 'DHL' })).id, 'A-1')
  assert.equal(posted[1].id, posted[0].id)
  assert.equal(seller.calls.length, 1)
  // The same said on purpose, once more, is another message; so is what was written anew.
  await ship({ carrier: 'DHL' })
  answer = lost
  await assert.rejects(ship({ carrier: 'DHL' }), { code: 'network' })
  answer = filed
  await ship({ carrier: 'UPS' })
  assert.equal(seller.calls.length, 4)
  // What the relay has refused is signed anew.
  answer = () => Response.json({ code: 'invalid', status: 400 }, { status: 400 })
  await assert.rejects(ship({ carrier: 'GLS' }), { code: 'invalid' })
  await assert.rejects(ship({ carrier: 'GLS' }), { code: 'invalid' })
  assert.equal(seller.calls.length, 6)
})

test('nobody signs for another sum than he has read', async () => {
  const shown = { status: order.status, totalSats: order.totalSats, grandTotal: order.grandTotal, refundedSats: 0 }
  assert.equal((await orderAsShown('A-1', shown)).intentId, 'A-1')
  for (const [name, value] of Object.entries({ status: 'paid', totalSats: 9000, grandTotal: 9000, refundedSats: 1 })) {
    await assert.rejects(orderAsShown('A-1', { ...shown, [name]: value }), { code: 'stale', allowedActions: ['shipped', 'note'] }, name)
  }
})
