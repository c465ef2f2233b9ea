import assert from 'node:assert/strict'
import { test } from 'node:test'

// A page of the relay, as far as the module touches it: its markup is its viewer's name.
Object.assign(globalThis, {
  location: new URL('http://relay.example/orders?q=x'), document: { body: { dataset: { viewer: 'ana' } } },
  DOMParser: class { parseFromString = (markup) => ({ body: { dataset: { viewer: markup } } }) },
})
const { fetchPage } = await import('../../static/js/fragment.js')
const answers = (viewer, more = {}) => {
  globalThis.fetch = async () => ({ ok: true, redirected: false, status: 200, text: async () => viewer, ...more })
}

test('a page is for who looks at it', async () => {
  answers('ana')
  assert.equal((await fetchPage(location.href)).body.dataset.viewer, 'ana')
  answers('bob') // signed in in another tab: nothing of his is mixed into this page
  await assert.rejects(fetchPage(location.href), { code: 'other-session' })
  answers(undefined, { redirected: true }) // to the page that signs in
  await assert.rejects(fetchPage(location.href), { code: 'other-session' })
  answers('ana', { ok: false, status: 404 })
  await assert.rejects(fetchPage(location.href), { code: 'unexpected-answer', status: 404 })
  await assert.rejects(fetchPage('https://elsewhere.example/'), { code: 'unexpected-answer' })
})
