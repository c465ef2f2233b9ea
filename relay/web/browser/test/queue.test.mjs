import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { orderOf, person, signerFor } from './setup.mjs'
import { forgetQueue, SigningQueue } from '../../static/js/queue.js'
import { load } from '../../static/js/queuestore.js'

const buyer = person()
const ordersOf = (seller, n) => Array.from({ length: n }, (_, i) => orderOf(buyer, seller, { intentId: `A-${i}`, orderId: `A-${i}` }))
const ourFetch = globalThis.fetch
afterEach(async () => {
  globalThis.fetch = ourFetch
  await forgetQueue()
})

// shop is a relay that takes what the verdict lets it, and knows what it has seen.
function shop(verdict = () => null) {
  const s = { posts: [], seen: new Set() }
  globalThis.fetch = async (url, { body }) => {
    const events = JSON.parse(body)
    s.posts.push(events)
    if (s.down) throw new TypeError('fetch failed')
    const data = events.map((e) => {
      const problem = verdict(e.tags.find(([n]) => n === 'order')[1])
      if (!problem) s.seen.add(e.id)
      return { ok: !problem, event: e.id, ...(problem && { problem }) }
    })
    if (s.deaf) throw new TypeError('the answer is lost')
    return new Response(JSON.stringify({ data }), { status: 200 })
  }
  return s
}

const queueOf = async (seller) => new SigningQueue(await signerFor(seller), { base: 'https://r.example' })

test('25 orders', async () => {
  const seller = person()
  const s = shop((id) => (id === 'A-7' ? { code: 'conflict', detail: 'it is cancelled', allowed_actions: ['note'] } : null))
  const queue = await queueOf(seller)
  await queue.add('shipped', ordersOf(seller, 25), (order) => ({ carrier: 'UPS', trackingNumber: order.intentId, note: '' }))
  const told = []
  queue.addEventListener('progress', ({ detail }) => told.push(detail))
  const end = await queue.resume()
  assert.deepEqual([end.state, end.total, end.done, end.failed], ['finished', 25, 24, 1])
  assert.equal(s.seen.size, 24)
  assert.ok(told.some(({ current, signed }) => current?.order.intentId === 'A-3' && signed === 3))
  assert.deepEqual(queue.items[7].problem, { code: 'conflict', detail: 'it is cancelled', allowedActions: ['note'] })
  assert.equal(s.posts.flat()[0].tags.find(([n]) => n === 'tracking')[1], 'A-0')
  // That one again, once it can be.
  const again = shop()
  assert.equal((await queue.retry()).done, 25)
  assert.equal(again.posts.flat().length, 1)
})

test('pause, resume at once, and cancel', async () => {
  const seller = person()
  const s = shop()
  const queue = await queueOf(seller)
  await queue.add('confirm', ordersOf(seller, 6))
  queue.addEventListener('progress', ({ detail }) => detail.current?.order.intentId === 'A-2' && queue.pause()) // while the third is signed
  const paused = await queue.resume()
  assert.deepEqual([paused.state, paused.done, paused.signed], ['paused', 3, 3])
  const fresh = await queueOf(seller)
  assert.deepEqual([(await fresh.load()).state, fresh.progress().done], ['paused', 3])
  const run = fresh.resume()
  fresh.pause()
  assert.equal(fresh.resume(), run)
  assert.equal((await run).done, 6)
  assert.equal(s.posts.flat().length, 6)
  await fresh.add('process', ordersOf(seller, 3))
  await fresh.cancel()
  assert.deepEqual([fresh.progress().total, await load(seller.pubkey)], [0, []])
})

test('a reload after the answer was lost posts the same events', async () => {
  const seller = person()
  const s = shop()
  s.deaf = true
  const queue = await queueOf(seller)
  await queue.add('shipped', ordersOf(seller, 3))
  const stuck = await queue.resume()
  assert.deepEqual([stuck.state, stuck.problem.code], ['paused', 'network'])
  s.deaf = false
  const fresh = await queueOf(seller)
  await fresh.load()
  assert.equal((await fresh.resume()).done, 3)
  assert.equal(s.seen.size, 3)
})

test('a signer that refuses stops the queue, and nothing is lost', async () => {
  const seller = person()
  shop()
  const queue = await queueOf({ ...seller, provider: { ...seller.provider, signEvent: async () => { throw new Error('no') } } })
  await queue.add('confirm', ordersOf(seller, 3))
  const { state, problem, done, failed } = await queue.resume()
  assert.deepEqual([state, problem.code, done, failed], ['paused', 'signer-refused', 0, 0])
  const fresh = await queueOf(seller)
  await fresh.load()
  assert.equal((await fresh.resume()).done, 3)
})

test('nothing private is kept, and nothing of others shown', async () => {
  const seller = person()
  const queue = await queueOf(seller)
  for (const [verb, fields] of [['cancel', { reason: 'x' }], ['request', { paymentLink: 'lnbc1' }], ['confirm', { note: 'x' }], ['intent', {}]]) {
    await assert.rejects(queue.add(verb, ordersOf(seller, 1), fields), { code: 'queue-private' })
  }
  await queue.add('shipped', [{ ...ordersOf(seller, 1)[0], shippingAddress: 'secret', boxes: { a: 'secret' } }], { trackingNumber: '1', secret: 'secret' })
  assert.ok(!JSON.stringify(await load(seller.pubkey)).includes('secret'))
  assert.deepEqual(await load(buyer.pubkey), [])
  assert.equal((await (await queueOf(buyer)).load()).state, 'idle')
})
