// A payment link that was opened: to copy, to scan, and to open in a wallet while it is
// good.

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
  const tools = document.createElement('div')
  tools.className = 'pay__tools no-print'
  const copy = document.createElement('button')
  Object.assign(copy, { type: 'button', className: 'button', textContent: t('pay.copy') })
  copy.dataset.copy = text
  tools.append(copy)
  place.append(tools)
  if (!around.hasAttribute('data-payable')) return
  const expires = Number(place.closest('[data-expires]')?.dataset.expires)
  if (expires && Date.now() > expires) {
    const late = document.createElement('p')
    late.className = 'late'
    late.textContent = t('pay.expired')
    tools.before(late)
    return
  }
  const uri = payUri(text)
  if (uri) {
    const open = document.createElement('a')
    Object.assign(open, { href: uri, className: 'button button--primary', textContent: t('pay.open') })
    tools.prepend(open)
  }
  try {
    const code = await qrCode(uri || text, t('pay.qr'))
    code.classList.add('pay__qr')
    tools.before(code)
  } catch {
    // Longer than a QR code can hold: there is the text.
  }
}
