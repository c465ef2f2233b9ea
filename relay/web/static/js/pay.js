// A payment link that was opened: to copy, to scan, and to open in a wallet while it is
// good.

import { element } from './element.js'
import { payUri, qrCode } from './qr.js'
import { t } from './words.js'

/**
 * Shows the link in its place, below its text.
 * @param {HTMLElement} place
 * @param {string} link as the seller sent it
 * @param {HTMLElement} around with data-payable where there is something to pay
 */
export async function pay(place, link, around) {
  const text = link.trim()
  const copy = element('button', { type: 'button', class: 'button', 'data-copy': text }, t('pay.copy'))
  const tools = element('div', { class: 'pay__tools no-print' }, copy)
  place.append(tools)
  if (!around.hasAttribute('data-payable')) return
  const expires = Number(place.closest('[data-expires]')?.dataset.expires)
  if (expires && Date.now() > expires) {
    tools.before(element('p', { class: 'late' }, t('pay.expired')))
    return
  }
  const uri = payUri(text)
  if (uri) tools.prepend(element('a', { href: uri, class: 'button button--primary' }, t('pay.open')))
  try {
    const code = await qrCode(uri || text, t('pay.qr'))
    code.classList.add('pay__qr')
    tools.before(code)
  } catch {
    // Longer than a QR code can hold: there is the text.
  }
}
