import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CODES } from '../../static/js/problem.js'
import { payUri, qrPath } from '../../static/js/qr.js'
import { mediumOf, paymentHash } from '../../static/js/paylink.js'

const folder = new URL('../../static/js/', import.meta.url)
// Those of this folder that are made here: pages have their own modules beside them.
const ours = ['api', 'backend', 'draft', 'envelope', 'forms', 'memory', 'messages', 'nip07', 'nip46', 'open', 'paylink', 'post', 'problem', 'publish', 'qr', 'queue', 'queuestore', 'signer', 'signin', 'turns', 'vendor', 'wording', 'work'].map((n) => n + '.js')
const textOf = (name) => readFileSync(new URL(name, folder), 'utf8')

test('every code is in the list, and every one of the list is used', () => {
  const used = new Set(ours.flatMap((name) => [...textOf(name).matchAll(/(?:fail|Problem)\('([a-z0-9-]+)'|(?:patience|most|120_000), '([a-z-]+)'/g)].map((m) => m[1] ?? m[2])))
  assert.deepEqual([...used].sort(), [...CODES].sort())
})

test('what is large is loaded by who needs it, and nothing reaches into the page', () => {
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.js'))) {
    assert.ok(!/^(import|export)\b[^\n]* from ['"][./]*vendor\/(nostr|qr)\.js/m.test(textOf(name)), `${name} loads vendor before it is needed`)
    assert.ok(!/\beval\(|new Function|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write/.test(textOf(name)), `${name} writes HTML`)
  }
})

test('addresses for wallets', () => {
  for (const [link, want] of [
    ['lnbc1abc', 'lightning:lnbc1abc'], ['LIGHTNING:LNBC1ABC', 'LIGHTNING:LNBC1ABC'], ['ana@wallet.example', 'lightning:ana@wallet.example'],
    ['bitcoin:bc1q?amount=1', 'bitcoin:bc1q?amount=1'], ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 'bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'],
    ['https://shop.example/pay', ''], ['javascript:alert(1)', ''], ['', ''],
  ]) assert.equal(payUri(link), want)
})

test('QR codes', async () => {
  const { size, path } = await qrPath('lightning:lnbc1' + 'q'.repeat(200))
  assert.ok(size >= 21 && path.startsWith('M0 0h7v1h-7z')) // the finder pattern's upper edge
  assert.ok((await qrPath('Lightning:lnbc1' + 'q'.repeat(200))).size > size)
})

test('payment links', async () => {
  for (const [link, want] of [
    ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 'bitcoin'], ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mda', 'other'],
    ['bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr', 'bitcoin'], ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'bitcoin'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'other'], ['https://x.example', 'other'], ['', ''], ['ana@wallet.example', 'lightning'], ['cashuAey', 'ecash'],
  ]) assert.equal(await mediumOf(link), want, link)
  assert.equal(await paymentHash('lnbc1nonsense'), '')
  assert.equal(await paymentHash('https://x.example'), '')
})
