// Payment links as something to tap and to scan.

import { qrcodes } from './vendor.js'

/**
 * The address by which a wallet opens a payment link; '' where there is none for it.
 * @param {string} link as the seller sent it
 * @returns {string}
 */
export function payUri(link) {
  const text = link.trim()
  if (/^(lightning|bitcoin):\S+$/i.test(text)) return text
  if (/^(ln(bc|tb)|lnurl1|lno1)[0-9a-z]+$/i.test(text)) return 'lightning:' + text
  if (/^[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}$/.test(text)) return 'lightning:' + text
  if (/^(bc1|tb1|bcrt1)[0-9a-z]{20,}$/i.test(text) || /^[123mn][1-9A-HJ-NP-Za-km-z]{25,39}$/.test(text)) return 'bitcoin:' + text
  return ''
}

/**
 * A QR code as an SVG element, with a margin of four modules.
 * @param {string} text
 * @param {string} label for who cannot see it
 * @param {Document} [page]
 * @returns {Promise<SVGSVGElement>}
 */
export async function qrCode(text, label, page = document) {
  const { size, path } = await qrPath(text)
  const svg = page.createElementNS(ns, 'svg')
  svg.setAttribute('viewBox', `-4 -4 ${size + 8} ${size + 8}`)
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  svg.setAttribute('shape-rendering', 'crispEdges')
  const ground = page.createElementNS(ns, 'path')
  ground.setAttribute('d', `M-4-4h${size + 8}v${size + 8}h-${size + 8}z`)
  ground.setAttribute('fill', '#fff')
  const modules = page.createElementNS(ns, 'path')
  modules.setAttribute('d', path)
  modules.setAttribute('fill', '#000')
  svg.append(ground, modules)
  return svg
}

/**
 * The dark modules of a QR code as an SVG path, one unit each. Bech32 of one case is
 * written in capitals, which makes a smaller code.
 * @param {string} text
 * @returns {Promise<{size: number, path: string}>} size: modules on a side
 */
export async function qrPath(text) {
  const { generate } = await qrcodes()
  const compact = /^(lightning:)?(ln(bc|tb)|lnurl1|lno1)[0-9a-z]+$/.test(text) ? text.toUpperCase() : text
  const code = generate(compact)
  let path = ''
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      const from = x
      while (x < code.size && code.get(x, y)) x++
      if (x > from) path += `M${from} ${y}h${x - from}v1h-${x - from}z`
    }
  }
  return { size: code.size, path }
}

const ns = 'http://www.w3.org/2000/svg'
