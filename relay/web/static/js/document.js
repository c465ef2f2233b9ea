// A document's print button. What is sealed in it is opened first, or would be missing.

import { t } from './words.js'

/** @param {HTMLElement} bar */
export default function (bar) {
  const says = bar.querySelector('[data-says]')
  const button = bar.querySelector('[data-print]')
  button.hidden = false
  const missing = () => document.querySelector('.paper [data-sealed][data-field="shippingAddress"]:not([data-open])')
  const tell = () => (says.textContent = missing() ? t('print.sealed') : '')
  button.addEventListener('click', () => {
    tell()
    window.print()
  })
  document.addEventListener('waybill:opened', tell)
}
