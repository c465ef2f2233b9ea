import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'

// A page of the relay, as far as these modules touch it.
const streams = []
const page = Object.assign(new EventTarget(), { hidden: false, documentElement: { lang: 'en' }, body: { dataset: { assets: '/' } } })
class EventSource extends EventTarget {
  static CLOSED = 2
  readyState = 1
  constructor(url) {
    super()
    streams.push(Object.assign(this, { url }))
  }
  close() {
    this.readyState = 2
  }
  says(name, data) {
    this.dispatchEvent(Object.assign(new Event(name), { data }))
  }
}
const shows = (hidden) => {
  page.hidden = hidden
  page.dispatchEvent(new Event('visibilitychange'))
}

let sentence, follow
before(async () => {
  const all = JSON.parse(readFileSync(new URL('../../locales/en/list.json', import.meta.url), 'utf8'))
  const words = Object.entries(all).filter(([key]) => key.startsWith('js.')).map(([key, p]) => [key.slice(3), typeof p === 'string' ? { other: p } : p])
  Object.assign(globalThis, { document: page, EventSource, fetch: async () => ({ json: async () => Object.fromEntries(words) }) })
  ;({ sentence } = await import('../../static/js/many.js'))
  ;({ follow } = await import('../../static/js/live.js'))
})

test('how many it can be said of, and why not of the others', () => {
  assert.equal(sentence('shipped', { ok: 3, refused: 0, because: [] }), '3 can be shipped.')
  assert.equal(
    sentence('shipped', { ok: 12, refused: 4, because: [{ code: 'conflict', from: 'delivered', count: 2 }, { code: 'conflict', from: 'cancelled', count: 1 }, { code: 'not_found', count: 1 }] }),
    '12 can be shipped, 4 cannot, because 2 are delivered already, 1 is cancelled, and 1 is not there any more.',
  )
  assert.equal(sentence('confirm', { ok: 0, refused: 1, because: [{ code: 'something-new', count: 1 }] }), '0 can be confirmed as paid, 1 cannot, because 1 does not allow it.')
})

test('one stream for all who follow, and none while nobody looks', () => {
  const heard = [[], []]
  const leave = heard.map((list) => follow((news) => list.push(`${news.name} ${news.change?.intentId}`)))
  assert.deepEqual(streams.map((s) => s.url), ['/api/v1/events'])
  streams[0].onopen()
  streams[0].says('order', '{"intentId":"A-1"}')
  streams[0].says('gone', 'not JSON')
  assert.deepEqual(heard, Array(2).fill(['order A-1', 'gone undefined']))
  shows(true)
  assert.equal(streams[0].readyState, EventSource.CLOSED)
  shows(false)
  assert.equal(streams.length, 2)
  streams[1].onopen() // what happened meanwhile is not told again: look at everything
  assert.equal(heard[0].at(-1), 'reset undefined')
  leave[0]()
  streams[1].says('order', '{"intentId":"A-2"}')
  assert.deepEqual([heard[0].length, heard[1].at(-1)], [3, 'order A-2'])
  leave[1]()
  assert.equal(streams[1].readyState, EventSource.CLOSED)
  shows(true)
  shows(false)
  assert.equal(streams.length, 2)
})

test('a stream that is refused is asked for again, later and later', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const had = streams.length
  const leave = follow(() => {})
  const refuse = () => {
    streams.at(-1).readyState = EventSource.CLOSED
    streams.at(-1).onerror()
  }
  refuse()
  t.mock.timers.tick(15_000)
  assert.equal(streams.length, had + 2)
  refuse()
  t.mock.timers.tick(15_000)
  assert.equal(streams.length, had + 2)
  t.mock.timers.tick(15_000)
  assert.equal(streams.length, had + 3)
  leave()
})
