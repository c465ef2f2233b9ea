// What is sealed in an order, opened by the viewer's own signer: each place that the page
// has for something private gets a button, and one button opens all. It is shown as text,
// and stays in this page only.

import { announce } from './app.js'
import { element } from './element.js'
import { t } from './words.js'

let opener = null // once there is a signer
let order = null // as the API had it last
const opened = new Map() // place -> what stands there
const closed = '[data-sealed][data-opens]:not([data-open])'

/** @param {HTMLElement} root with data-intent; data-auto: everything is opened at once */
export default function (root) {
  dress(root)
  root.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-show]')
    if (button) openIn(root, [button.closest('[data-sealed]')])
  })
  const bar = root.querySelector('[data-reveal]')
  bar?.querySelector('[data-reveal-all]').addEventListener('click', () => openAll(root))
  if (root.hasAttribute('data-auto')) openAll(root)
}

/**
 * Gives every place its button, or what was opened in this page already. For what was
 * rendered anew.
 * @param {HTMLElement} root
 */
export function dress(root) {
  for (const place of root.querySelectorAll(closed)) {
    const value = opened.get(keyOf(place))
    if (value !== undefined) fill(place, value)
    else if (!place.querySelector('[data-show]')) place.append(showButton(place))
  }
  tellBar(root)
}

const keyOf = ({ dataset }) => `${dataset.fact} ${dataset.field}`

function showButton(place) {
  const name = place.closest('dd')?.previousElementSibling?.textContent ?? place.parentElement.querySelector('h2, h3, summary')?.textContent ?? ''
  const button = element('button', { type: 'button', class: 'button button--small no-print', 'data-show': '' }, t('sealed.show'))
  if (name) button.setAttribute('aria-label', t('sealed.show-what', name.trim()))
  return button
}

function openAll(root) {
  const button = root.querySelector('[data-reveal-all]')
  if (button) button.setAttribute('aria-disabled', 'true')
  return openIn(root, [...root.querySelectorAll(closed)]).finally(() => button?.removeAttribute('aria-disabled'))
}

let busy = Promise.resolve()

// openIn opens these places, one after another: a signer is asked one thing at a time.
function openIn(root, places) {
  const work = async () => {
    let failed = 0
    let stopped = ''
    let focus = document.activeElement
    for (const place of places) if (!opened.has(keyOf(place))) state(place, t('sealed.opening'))
    for (const place of places) {
      if (opened.has(keyOf(place))) continue
      try {
        opened.set(keyOf(place), await read(root.dataset.intent, place.dataset))
        delete place.dataset.failed
      } catch (problem) {
        failed++
        place.dataset.failed = ''
        state(place, reason(problem))
        if (stops.includes(problem.code)) {
          stopped = reason(problem)
          for (const other of places) if (!opened.has(keyOf(other))) state(other, t('sealed.still'))
          state(place, stopped)
          break
        }
      }
      // The page may have been rendered anew meanwhile.
      for (const same of root.querySelectorAll(closed)) {
        if (opened.has(keyOf(same))) fill(same, opened.get(keyOf(same)))
      }
      if (focus && !focus.isConnected && place.isConnected) {
        place.tabIndex = -1
        place.focus({ preventScroll: true })
        focus = place
      }
    }
    tellBar(root, stopped || (failed ? t('sealed.some', failed) : ''))
    announce(stopped || (failed ? t('sealed.some', failed) : t('sealed.opened')))
    root.dispatchEvent(new CustomEvent('waybill:opened', { bubbles: true }))
  }
  busy = busy.then(work, work) // what went wrong before does not hold up the next
  return busy
}

// After these the next place would fare no better, and the user be asked again.
const stops = [
  'signer-missing', 'signer-other-session', 'signer-changed-account', 'extension-missing', 'signer-cannot-decrypt',
  'signer-refused', 'signer-timeout', 'network', 'unauthenticated', 'not_found',
]

// read loads what it needs with the first that is opened: who only looks never does.
async function read(intent, { fact, field }) {
  const [{ orderNow }, { mySigner }, { Opener }] = await Promise.all([import('./api.js'), import('./mysigner.js'), import('./open.js')])
  const signer = await mySigner()
  if (opener?.signer !== signer) opener = new Opener(signer)
  if (!order?.boxes?.[fact]) order = await orderNow(intent)
  const message = await opener.message(order, fact)
  return Object.hasOwn(message, field) ? message[field] : ''
}

const reasons = {
  'signer-missing': 'no-signer', 'extension-missing': 'no-signer', 'bunker-invalid': 'no-signer',
  'signer-other-session': 'other-account', 'signer-changed-account': 'other-account',
  'signer-cannot-decrypt': 'no-nip44', 'sealed-to-others': 'others', 'box-broken': 'broken',
  'signer-refused': 'refused', 'signer-timeout': 'timeout', 'relay-unreachable': 'timeout', network: 'offline',
}
const reason = ({ code }) => t(`sealed.${reasons[code] ?? 'failed'}`)

function state(place, text) {
  const line = place.querySelector('.sealed__state > span')
  if (line) line.textContent = text
}

function fill(place, value) {
  place.dataset.open = ''
  const { field } = place.dataset
  const shown = element('div', { class: 'sealed__text', dir: 'auto', 'data-sensitive': '' })
  if (value === '' || Object.keys(value).length === 0) shown.textContent = t('sealed.empty')
  else if (typeof value === 'object') shown.append(list(value))
  else shown.textContent = value
  place.replaceChildren(shown)
  if (field === 'paymentLink' && value) {
    const pay = place.closest('.pay')
    if (pay) import('./pay.js').then(({ pay: show }) => show(place, value, pay))
  }
}

function list(values) {
  const rows = Object.entries(values).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value ?? '')])
  return element('dl', { class: 'facts' }, ...rows)
}

// tellBar shows the bar as long as there is something to open, and what went wrong.
function tellBar(root, fault = '') {
  const bar = root.querySelector('[data-reveal]')
  if (!bar) return
  const left = root.querySelectorAll(closed).length
  const focused = bar.contains(document.activeElement)
  bar.hidden = left === 0 && opened.size === 0
  for (const part of bar.querySelectorAll(':scope > :not([data-reveal-says])')) part.toggleAttribute('hidden', left === 0)
  bar.toggleAttribute('data-done', left === 0)
  const says = bar.querySelector('[data-reveal-says]')
  says.toggleAttribute('data-failed', fault !== '')
  says.textContent = fault || (left === 0 ? t('sealed.all') : '')
  if (!focused || left > 0) return
  says.tabIndex = -1 // its button has gone
  says.focus({ preventScroll: true })
}
