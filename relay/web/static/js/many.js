// The dialog before something is said of many orders: of how many it can be said, why
// not of the others, and what is odd about it.

import { element } from './element.js'
import { t, has } from './words.js'

const list = new Intl.ListFormat(document.documentElement.lang, { type: 'conjunction' })

// What is odd about saying it in that status, though it can be said.
const odd = {
  confirm: { unclaimed: ['intent-sent', 'payment-requested'] },
  shipped: { unpaid: ['intent-sent', 'payment-requested'], unconfirmed: ['paid'], another: ['shipped'] },
  process: { unpaid: ['intent-sent', 'payment-requested'], unconfirmed: ['paid'] },
  cancel: { refund: ['paid', 'processing', 'shipped', 'disputed'] },
}

/**
 * @typedef {{data: {intentId: string, ok: boolean, status?: string}[], ok: number, refused: number, because: {code: string, from?: string, count: number}[]}} Chances
 */

/**
 * The sentence: "12 can be shipped, 3 cannot, because …".
 * @param {string} verb
 * @param {Chances} chances
 * @returns {string}
 */
export function sentence(verb, { ok, refused, because }) {
  const can = t(`bulk.can.${verb}`, ok)
  if (refused === 0) return t('bulk.all', can)
  const reasons = because.map(({ code, from, count }) => {
    const key = `bulk.because.${from ?? code}`
    return has(key) ? t(key, count) : t('bulk.because.other', count)
  })
  return t('bulk.some', can, t('bulk.cannot', refused), list.format(reasons))
}

/**
 * Asks whether to go on.
 * @param {HTMLDialogElement} dialog
 * @param {string} verb
 * @param {object[]} orders
 * @param {Chances} chances
 * @param {{cut: number}} options cut: that only so many were looked at; 0 for all
 * @returns {Promise<{orders: object[], fields: (order: object) => object} | null>}
 */
export function askForMany(dialog, verb, orders, chances, { cut }) {
  const at = (name) => dialog.querySelector(`[data-many-${name}]`)
  const can = new Map(chances.data.filter((c) => c.ok).map((c) => [c.intentId, c]))
  const chosen = orders.filter((order) => can.has(order.intentId))
  at('title').textContent = t(`bulk.title.${verb}`)
  at('sentence').textContent = sentence(verb, chances)
  at('warnings').replaceChildren(...warnings(verb, [...can.values()], cut).map((text) => element('li', { class: 'note note--warning' }, text)))
  at('signatures').textContent = chosen.length > 0 ? t('bulk.signatures', chosen.length) : ''
  at('sign').hidden = chosen.length === 0
  at('parcels').hidden = verb !== 'shipped' || chosen.length === 0
  at('orders').replaceChildren(...(verb === 'shipped' ? chosen.map(parcel) : []))
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      if (dialog.returnValue !== 'sign' || chosen.length === 0) return resolve(null)
      const carrier = dialog.querySelector('[name="carrier"]').value.trim()
      const numbers = new Map([...at('orders').querySelectorAll('input')].map((input) => [input.name, input.value.trim()]))
      const fields = (order) => (verb === 'shipped' ? filled({ carrier, trackingNumber: numbers.get(order.intentId) }) : {})
      resolve({ orders: chosen, fields })
    }, { once: true })
  })
}

function warnings(verb, chances, cut) {
  const found = Object.entries(odd[verb] ?? {}).map(([name, statuses]) => [name, chances.filter((c) => statuses.includes(c.status)).length])
  const texts = found.filter(([, n]) => n > 0).map(([name, n]) => t(`bulk.odd.${name}`, n))
  return cut > 0 ? [t('bulk.cut', cut), ...texts] : texts
}

function parcel({ intentId }) {
  const input = element('input', { name: intentId, maxlength: 100, autocomplete: 'off', spellcheck: 'false' })
  const name = element('span', {}, element('span', { class: 'sr-only' }, t('bulk.tracking.of'), ' '), element('code', { class: 'id', title: intentId }, short(intentId)))
  const label = element('label', { class: 'field' }, name, input)
  return element('li', {}, label)
}

const filled = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value))

/** An id with its middle cut out. @param {string} id */
export const short = (id) => (id.length <= 20 ? id : `${id.slice(0, 10)}…${id.slice(-8)}`)
