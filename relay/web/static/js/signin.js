// Signing in: one signature (NIP-98) for a session.

import { request } from './api.js'
import { nostr } from './vendor.js'

/**
 * The header Authorization for one request (NIP-98).
 * @param {import('./backend.js').Signer} signer
 * @param {string} method
 * @param {string} url absolute, with its query
 * @param {{body?: string, at?: number}} [options] body: as it will be sent; at: Unix seconds
 * @returns {Promise<string>}
 */
export async function authorization(signer, method, url, { body = '', at = Math.floor(Date.now() / 1000) } = {}) {
  const tags = [['u', url], ['method', method], ['nonce', nonce()]]
  if (body) tags.push(['payload', await digest(body)])
  const event = await signer.signEvent({ kind: 27235, created_at: at, tags, content: '' })
  return 'Nostr ' + base64(JSON.stringify(event))
}

/**
 * Begins a session: from then on the browser's cookie says who asks.
 * @param {import('./backend.js').Signer} signer
 * @param {string} base the relay's address as the browser has it: location.origin
 * @returns {Promise<{pubkey: string, npub: string, idleUntil: string, expiresAt: string}>}
 */
export async function signIn(signer, base) {
  const url = base.replace(/\/+$/, '') + '/api/v1/session'
  const begin = async (at) => (await request('POST', url, { headers: { Authorization: await authorization(signer, 'POST', url, { at }) } })).body
  try {
    return await begin()
  } catch (err) {
    // A clock that is wrong: the relay's own is in its answer.
    const there = Math.floor(Date.parse(err.date) / 1000)
    if (err.reason !== 'time' || !(Math.abs(there - Date.now() / 1000) > 30)) throw err
    return begin(there)
  }
}

/**
 * Ends the session. What the browser remembers of the signer is signer.js's to forget.
 * @param {string} base
 * @returns {Promise<void>}
 */
export async function signOut(base) {
  await request('DELETE', base.replace(/\/+$/, '') + '/api/v1/session')
}

// digest does without crypto.subtle, which pages over plain http do not have.
async function digest(text) {
  const { sha256 } = await nostr()
  return Array.from(sha256(new TextEncoder().encode(text)), (b) => b.toString(16).padStart(2, '0')).join('')
}

// nonce tells two requests of one second apart: each is good for one.
const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('')

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
