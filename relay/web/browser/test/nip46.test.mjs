import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { startBunker } from './bunker.mjs'
import { startRelay } from './relay.mjs'
import { now, person } from './setup.mjs'
import { PERMISSIONS } from '../../static/js/nip46.js'
import { forget, inviteSigner, remembered, resume, useBunker } from '../../static/js/signer.js'

const user = person()
let relay, bunker
const open = []
const opened = (signer) => (open.push(signer), signer)

before(async () => {
  relay = await startRelay()
  bunker = await startBunker(relay.url, user, { authUrl: 'https://signer.example/allow' })
})
afterEach(async () => {
  forget()
  for (const signer of open.splice(0)) await signer.close()
})
after(() => {
  bunker.stop()
  relay.stop()
})

async function works(signer) {
  assert.equal(signer.pubkey, user.pubkey)
  assert.notEqual(signer.pubkey, bunker.pubkey)
  const event = await signer.signEvent({ kind: 16, created_at: now(), tags: [], content: '' })
  assert.equal(event.pubkey, user.pubkey)
  const peer = person()
  assert.equal(peer.read(user.pubkey, await signer.nip44.encrypt(peer.pubkey, 'hello')), 'hello')
}

test('a bunker:// address, and the next page', async () => {
  let link
  const signer = opened(await useBunker(` ${bunker.address}\n`, { onauth: (url) => (link = url) }))
  assert.equal(link, 'https://signer.example/allow')
  const connect = bunker.asked.find(({ method }) => method === 'connect')
  assert.deepEqual(connect.params, [bunker.pubkey, 'once', PERMISSIONS.join(',')])
  await works(signer)
  assert.deepEqual(remembered(), { how: 'nip46', pubkey: user.pubkey })

  const connects = () => bunker.asked.filter(({ method }) => method === 'connect').length
  const before = connects()
  const again = opened(await resume())
  await works(again)
  assert.equal(connects(), before)
  assert.equal(bunker.asked.at(-1).client, connect.client)
  assert.ok(!localStorage.getItem('waybill.signer').includes('once'))
})

test('a nostrconnect:// address', async () => {
  const { uri, connected } = await inviteSigner([relay.url], { url: 'https://relay.example' })
  const query = new URL(uri).searchParams
  assert.equal(query.get('perms'), PERMISSIONS.join(','))
  assert.equal(query.get('relay'), relay.url)
  const retry = setInterval(() => bunker.accept(uri), 100) // the page's subscription may not stand yet
  try {
    await works(opened(await connected))
  } finally {
    clearInterval(retry)
  }
})

test('an invitation nobody takes', async () => {
  const { connected, cancel } = await inviteSigner([relay.url])
  cancel()
  await assert.rejects(connected, { code: 'signer-refused' })
  await assert.rejects((await inviteSigner([relay.url], { most: 20 })).connected, { code: 'signer-timeout' })
  assert.equal(remembered(), null)
})

test('addresses that are none', async () => {
  for (const address of ['', 'bunker://x', `bunker://${bunker.pubkey}`, 'ana@example.com', `bunker://${bunker.pubkey}?relay=https://x.example`]) {
    await assert.rejects(useBunker(address), { code: 'bunker-invalid' })
  }
})
