import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { startRelay } from './relay.mjs'
import { orderOf, person, signerFor } from './setup.mjs'
import { publish } from '../../static/js/publish.js'
import { send, socketOf } from '../../static/js/post.js'
import { signIn } from '../../static/js/signin.js'

const buyer = person()
const seller = person()
const self = person()
const order = orderOf(buyer, seller)
const relays = []
const started = async (verdict) => {
  relays.push(await startRelay(verdict))
  return relays.at(-1)
}
const ourFetch = globalThis.fetch
afterEach(() => {
  globalThis.fetch = ourFetch
  for (const relay of relays.splice(0)) relay.stop()
})
const answering = (status, body, headers = {}) => {
  const asked = []
  globalThis.fetch = async (url, init) => {
    asked.push({ url, ...init })
    const [s, b, h] = typeof status === 'function' ? status(asked.length) : [status, body, headers]
    return new Response(b === undefined ? null : JSON.stringify(b), { status: s, headers: h })
  }
  return asked
}
const to = (event) => event.tags.find(([n]) => n === 'p')[1]

test('a message goes to this relay, and to those of the other party', async () => {
  const [home, inbox] = [await started(), await started()]
  const said = await send(await signerFor(seller), order, 'confirm', {}, { base: home.base, relaySelf: self.pubkey, inboxRelays: [inbox.url, home.url, 'ws://127.0.0.1:1'] })
  assert.equal(said.how, 'nip17')
  assert.deepEqual([home.taken.map(to), inbox.taken.map(to), said.missed], [[buyer.pubkey, self.pubkey, seller.pubkey], [buyer.pubkey], []])
})

test('a relay that takes one copy has the message; which were missed is told', async () => {
  const home = await started((event) => (to(event) === buyer.pubkey ? 'restricted: not a participant' : ''))
  const signer = await signerFor(seller)
  const ways = { base: home.base, relaySelf: self.pubkey }
  assert.deepEqual((await send(signer, order, 'confirm', {}, ways)).missed, [buyer.pubkey])
  const inbox = await started()
  assert.deepEqual((await send(signer, order, 'confirm', {}, { ...ways, inboxRelays: [inbox.url] })).missed, [])
})

test('a relay that takes nothing, and none', async () => {
  const home = await started(() => 'blocked: no')
  const signer = await signerFor(seller)
  await assert.rejects(send(signer, order, 'confirm', {}, { base: home.base }), { code: 'relay-refused', reason: 'blocked: no' })
  await assert.rejects(send(signer, order, 'confirm', {}, { base: 'http://127.0.0.1:1' }), { code: 'relay-unreachable' })
})

test('signing in to a relay that asks (NIP-42): here as the user, elsewhere as nobody', async () => {
  const seen = []
  const verdict = (event, authed) => (seen.push(authed), authed ? '' : 'auth-required: who are you?')
  const [home, inbox] = [await started(verdict), await started(verdict)]
  const signer = await signerFor(seller)
  await send(signer, order, 'confirm', {}, { base: home.base })
  assert.deepEqual([...new Set(seen)], ['', seller.pubkey])
  seen.length = 0
  const said = await send(signer, order, 'confirm', {}, { base: (await started()).base, inboxRelays: [inbox.url] })
  assert.ok(said.missed.length === 0 && !seen.includes(seller.pubkey) && seen.some(Boolean))
})

test('a relay that says nothing', async () => {
  const { WebSocketServer } = await import('ws')
  const mute = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => mute.on('listening', resolve))
  try {
    await assert.rejects(publish(`ws://127.0.0.1:${mute.address().port}`, [{ id: 'x' }], { most: 50 }), { code: 'relay-unreachable' })
  } finally {
    for (const socket of mute.clients) socket.terminate()
    mute.close()
  }
})

test('without NIP-44 it is posted', async () => {
  const plain = await signerFor(person({ encrypts: false, secret: seller.secret }))
  const asked = answering(201, { intentId: 'A-1', status: 'shipped' })
  const said = await send(plain, { ...order, intentId: 'A 1' }, 'shipped', { trackingNumber: '1Z9' }, { base: 'https://r.example/', version: 7 })
  assert.deepEqual([said.how, said.order.status], ['api', 'shipped'])
  const [{ url, method, headers, credentials, body }] = asked
  assert.deepEqual([url, method, credentials, headers['If-Match']], ['https://r.example/api/v1/orders/A%201/messages', 'POST', 'same-origin', '"7"'])
  assert.equal(JSON.parse(body).sig.length, 128)
  await assert.rejects(send(plain, order, 'cancel', { reason: 'x' }, { base: 'https://r.example' }), { code: 'signer-cannot-encrypt' })
  assert.equal(asked.length, 1)
})

test('what the API refuses', async () => {
  const signer = await signerFor(seller)
  const post = () => send(signer, order, 'shipped', {}, { base: 'https://r.example', how: 'api' })
  answering(409, { code: 'conflict', status: 409, detail: 'no', from: 'delivered', allowed_actions: ['note'], version: 8 })
  await assert.rejects(post(), { code: 'conflict', status: 409, detail: 'no', allowedActions: ['note'], from: 'delivered', version: 8 })
  answering(502, undefined)
  await assert.rejects(post(), { code: 'unexpected-answer', status: 502 })
  answering(429, { code: 'rate_limited', status: 429, detail: 'later' }, { 'Retry-After': '10' })
  await assert.rejects(post(), { code: 'rate_limited', retryAfter: 10 })
  globalThis.fetch = async () => { throw new TypeError('fetch failed') }
  await assert.rejects(post(), { code: 'network' })
})

test('signing in with a clock that is wrong', async () => {
  const there = Math.floor(Date.now() / 1000) - 3600
  const asked = answering((n) => n === 1
    ? [401, { code: 'unauthenticated', reason: 'time', status: 401, detail: '' }, { Date: new Date(there * 1000).toUTCString() }]
    : [201, { pubkey: seller.pubkey }, {}])
  assert.equal((await signIn(await signerFor(seller), 'https://r.example')).pubkey, seller.pubkey)
  const token = JSON.parse(Buffer.from(asked[1].headers.Authorization.slice(6), 'base64').toString())
  assert.deepEqual([token.kind, token.created_at, token.tags.slice(0, 2)], [27235, there, [['u', 'https://r.example/api/v1/session'], ['method', 'POST']]])
  const nonces = asked.map(({ headers }) => JSON.parse(Buffer.from(headers.Authorization.slice(6), 'base64').toString()).tags[2])
  assert.deepEqual(nonces.map(([name]) => name), ['nonce', 'nonce'])
  assert.notEqual(nonces[0][1], nonces[1][1]) // each is good for one request
})

test('the address of the socket', () => {
  assert.equal(socketOf('https://r.example/'), 'wss://r.example')
  assert.equal(socketOf('http://127.0.0.1:7447'), 'ws://127.0.0.1:7447')
})
