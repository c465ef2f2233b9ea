// What a payment link is, as far as one can tell offline: orders/dialect/paylink.go.

import { nostr } from './vendor.js'

const prefixes = [
  ['lnbc', 'lightning'], ['lntb', 'lightning'], ['lnurl1', 'lightning'], ['lno1', 'lightning'], ['lightning:', 'lightning'],
  ['bitcoin:', 'bitcoin'], ['cashu', 'ecash'], ['creq', 'ecash'],
]
const media = ['lightning', 'bitcoin', 'ecash', 'liquid', 'monero', 'fiat', 'cash', 'card', 'bank', 'paypal', 'other']
const spellings = {
  ln: 'lightning', lnurl: 'lightning', lud16: 'lightning', bolt11: 'lightning', bolt12: 'lightning',
  btc: 'bitcoin', onchain: 'bitcoin', 'on-chain': 'bitcoin', cashu: 'ecash', nutzap: 'ecash',
  stripe: 'card', square: 'card', venmo: 'fiat', zelle: 'fiat', cashapp: 'fiat',
}

/**
 * The name of a way to pay as it may stand in public; '' stays.
 * @param {string} [name]
 * @returns {string}
 */
export function medium(name = '') {
  const folded = name.trim().toLowerCase()
  if (folded === '') return ''
  return Object.hasOwn(spellings, folded) ? spellings[folded] : media.includes(folded) ? folded : 'other'
}

/**
 * Guesses the medium of a link by how it begins; '' for no link.
 * @param {string} [link]
 * @returns {Promise<string>}
 */
export async function mediumOf(link = '') {
  if (link === '') return ''
  const lower = link.toLowerCase()
  const found = prefixes.find(([prefix]) => lower.startsWith(prefix))
  if (found) return found[1]
  if (/^[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}$/.test(link)) return 'lightning'
  return (await isAddress(link)) ? 'bitcoin' : 'other'
}

/**
 * The payment hash of the invoice that a link is or carries (hex); '' for none.
 * @param {string} [link] BOLT-11, lightning:…, or bitcoin:…?lightning=…
 * @returns {Promise<string>}
 */
export async function paymentHash(link = '') {
  const { bech32 } = await nostr()
  let words
  try {
    const { prefix, words: all } = bech32.decode(invoiceIn(link), 4096)
    if (!/^ln(bcrt|bc|tbs|tb)/.test(prefix)) return ''
    words = all.slice(7, -104) // between the time and the signature
  } catch {
    return ''
  }
  for (let i = 0; i + 3 <= words.length; ) {
    const [tag, size] = [words[i], words[i + 1] * 32 + words[i + 2]]
    const value = words.slice(i + 3, i + 3 + size)
    if (tag === 1 && value.length === 52) {
      return Array.from(bech32.fromWords(value), (b) => b.toString(16).padStart(2, '0')).join('')
    }
    i += 3 + size
  }
  return ''
}

function invoiceIn(link) {
  const [, scheme, rest] = /^(lightning|bitcoin):(.*)$/is.exec(link) ?? []
  if (!scheme) return link
  if (scheme.toLowerCase() === 'lightning') return rest
  const query = new URLSearchParams(rest.split('?')[1])
  return query.get('lightning') ?? query.get('LIGHTNING') ?? ''
}

// isAddress checks the checksum of a bitcoin address of any network.
async function isAddress(text) {
  if (text.length < 26 || text.length > 90) return false
  const { bech32, bech32m, createBase58check, sha256 } = await nostr()
  for (const code of [bech32, bech32m]) {
    const read = code.decodeUnsafe(text, 90)
    if (read && ['bc', 'tb', 'bcrt'].includes(read.prefix)) {
      return read.words.length > 1 && read.words[0] <= 16 && (read.words[0] === 0) === (code === bech32)
    }
  }
  try {
    return createBase58check(sha256).decode(text).length === 21
  } catch {
    return false
  }
}
