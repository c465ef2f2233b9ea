// What this browser remembers of its user's signer. Of a remote one that is the key by
// which this page, not its user, is known to it.

const place = 'waybill.signer'

/**
 * @typedef {{how: 'nip07', pubkey: string}} Extension
 * @typedef {{how: 'nip46', pubkey: string, client: string, remote: string, relays: string[]}} Remote
 *   client: the page's own secret key (hex); remote: the key that the signer itself talks with
 */

/** @param {Extension | Remote} signer */
export function keep(signer) {
  try {
    localStorage.setItem(place, JSON.stringify(signer))
  } catch {
    // A browser that keeps nothing asks again on the next page.
  }
}

/** @returns {Extension | Remote | null} */
export function kept() {
  try {
    const signer = JSON.parse(localStorage.getItem(place))
    const known = signer?.how === 'nip07' || (signer?.how === 'nip46' && signer.client && signer.remote && Array.isArray(signer.relays))
    return known && /^[0-9a-f]{64}$/.test(signer.pubkey) ? signer : null
  } catch {
    return null
  }
}

/** Removes it. */
export function drop() {
  try {
    localStorage.removeItem(place)
  } catch {
    // Nothing was kept.
  }
}
