// Saying the same of many orders: the bar beneath the list, the question how many of
// them it can be said of, and then the signing.

import { announce } from './app.js'
import { request } from './api.js'
import { askForMany } from './many.js'
import { Picks } from './picks.js'
import { explain } from './refusal.js'
import { Signing } from './signing.js'
import { t } from './words.js'

const most = 200 // orders that the API looks at in one go

/** @param {HTMLElement} section the list of a seller */
export default function (section) {
  const bar = section.querySelector('[data-bulk]')
  const all = bar.querySelector('[data-bulk-everything]')
  const picks = new Picks(section)
  const signing = new Signing(section.querySelector('[data-signing]'))
  signing.find().catch((error) => console.warn(error))

  const show = () => {
    bar.hidden = picks.count === 0
    bar.querySelector('[data-bulk-count]').textContent = picks.everything && picks.total < 0 ? t('bulk.picked.all') : t('bulk.picked', picks.count)
    all.hidden = picks.everything || !picks.couldBeMore
    all.textContent = picks.total < 0 ? t('bulk.everything') : t('bulk.everything.of', picks.total)
  }
  picks.addEventListener('change', show)
  show()
  all.addEventListener('click', () => {
    picks.pickEverything()
    bar.querySelector('[data-verb]').focus()
  })
  bar.querySelector('[data-bulk-clear]').addEventListener('click', () => picks.clear())
  bar.addEventListener('click', async ({ target }) => {
    const button = target.closest('[data-verb]')
    if (!button || button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    try {
      await say(button.dataset.verb, section, picks, signing)
    } catch (problem) {
      signing.fault(problem)
      announce(explain(problem))
    } finally {
      button.removeAttribute('aria-disabled')
    }
  })
}

async function say(verb, section, picks, signing) {
  const { orders, more } = picks.everything ? await ordersOf(section.dataset.asked) : { orders: picks.orders(), more: false }
  const ids = orders.map((order) => order.intentId)
  const { body } = await request('POST', location.origin + '/api/v1/orders/bulk', { body: { action: verb, ids, dry_run: true } })
  const wanted = await askForMany(section.querySelector('[data-many]'), verb, orders, body, { cut: more ? orders.length : 0 })
  if (!wanted) return
  await signing.ready() // without a signer they stay picked
  picks.clear()
  await signing.add(verb, wanted.orders, wanted.fields)
}

// ordersOf are the first orders that the list means, on whichever page they are; more:
// there are others, which are left out.
async function ordersOf(asked) {
  const query = new URLSearchParams(asked)
  query.set('limit', String(most))
  const found = []
  let cursor
  // A page of a search may be short, or empty, and still have one after it.
  do {
    const { body } = await request('GET', `${location.origin}/api/v1/orders?${query}`)
    found.push(...body.data)
    cursor = body.next_cursor
    query.set('cursor', cursor)
  } while (cursor && found.length < most)
  return { orders: found.slice(0, most), more: Boolean(cursor) || found.length > most }
}
