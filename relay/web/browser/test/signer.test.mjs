import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { now, person, signerFor } from './setup.mjs'
import { findExtension, forget, remembered, resume, useExtension } from '../../static/js/signer.js'

const template = () => ({ kind: 16, created_at: now(), tags: [['order', 'A']], content: '' })

afterEach(() => {
  forget()
  delete globalThis.nostr
})

test('an extension may appear late', async () => {
  const who = person()
  setTimeout(() => (globalThis.nostr = who.provider), 80)
  assert.equal(await findExtension(), who.provider)
})

test('without an extension', async () => {
  await assert.rejects(useExtension({ wait: 0 }), { code: 'extension-missing' })
})

test('an extension signs, is remembered, and is forgotten', async () => {
  const who = person()
  const signer = await signerFor(who)
  const event = await signer.signEvent(template())
  assert.equal(event.pubkey, who.pubkey)
  assert.deepEqual(remembered(), { how: 'nip07', pubkey: who.pubkey })
  globalThis.nostr = who.provider
  assert.equal((await resume({ wait: 0 })).pubkey, who.pubkey)
  forget()
  assert.equal(remembered(), null)
  assert.equal(await resume(), null)
})

test('calls come one after another', async () => {
  const who = person() // refuses two at once
  const signer = await signerFor(who)
  await Promise.all([signer.signEvent(template()), signer.nip44.encrypt(who.pubkey, 'a'), signer.signEvent(template())])
  assert.deepEqual(who.calls, ['sign 16', 'encrypt', 'sign 16'])
})

test('an extension without NIP-44', async () => {
  assert.equal((await signerFor(person({ encrypts: false }))).nip44, undefined)
})

test('what the signer does wrong', async (t) => {
  const who = person()
  const other = person()
  for (const [name, signEvent, code] of [
    ['it refuses', async () => { throw new Error('no') }, 'signer-refused'],
    ['it is at another account', (e) => other.provider.signEvent(e), 'signer-changed-account'],
    ['it adds a tag', (e) => who.provider.signEvent({ ...e, tags: [...e.tags, ['client', 'x']] }), 'signer-broken'],
    ['it gives nothing', async () => undefined, 'signer-changed-account'],
    ['its signature is none', async (e) => ({ ...(await who.provider.signEvent(e)), sig: '00'.repeat(64) }), 'signer-broken'],
  ]) {
    await t.test(name, async () => {
      const signer = await signerFor({ provider: { ...who.provider, signEvent } })
      await assert.rejects(signer.signEvent(template()), { code })
    })
  }
})

test('the extension has changed to another account since', async () => {
  await signerFor(person())
  globalThis.nostr = person().provider
  await assert.rejects(resume({ wait: 0 }), { code: 'signer-changed-account' })
})

test('what is kept is checked', () => {
  for (const text of ['', '{', '{"how":"nip07","pubkey":"x"}', '{"how":"nip46","pubkey":"' + 'a'.repeat(64) + '"}', 'null']) {
    localStorage.setItem('waybill.signer', text)
    assert.equal(remembered(), null)
  }
})
