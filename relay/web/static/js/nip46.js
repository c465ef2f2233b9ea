// A signer elsewhere (NIP-46): on a phone, or on a server. It is asked over relays, by a
// key that this page makes for itself.

import { makeSigner } from './backend.js'
import { fail, Problem } from './problem.js'
import { within } from './turns.js'
import { nostr } from './vendor.js'
import * as memory from './memory.js'

/** What the signer is asked to allow, once: order messages, signing in, and their encryption. */
export const PERMISSIONS = Object.freeze([
  'sign_event:13', 'sign_event:16', 'sign_event:17', 'sign_event:27235', 'nip44_encrypt', 'nip44_decrypt',
])

/** How long connecting may take (ms): somebody unlocks a phone and finds the app. */
const patience = 120_000

/**
 * @typedef {object} Options
 * @property {(url: string) => void} [onauth] the signer wants its user to open that page
 * @property {number} [most] patience (ms)
 */

/**
 * Connects to the signer of a bunker:// address, and remembers it.
 * @param {string} address as its user pasted it
 * @param {Options} [options]
 * @returns {Promise<import('./backend.js').Signer>}
 */
export async function useBunker(address, options = {}) {
  const { BunkerSigner, parseBunkerInput, generateSecretKey } = await nostr()
  const text = address.trim()
  // Names (NIP-05) would have this page ask any server there is.
  const pointer = text.startsWith('bunker://') ? await parseBunkerInput(text) : null
  if (!pointer?.relays.length || !pointer.relays.every(isRelay)) fail('bunker-invalid', 'this is no bunker:// address with a relay in it')
  const client = generateSecretKey()
  const remote = BunkerSigner.fromBunker(client, pointer, { onauth: careful(options.onauth) })
  try {
    await ask(remote.sendRequest('connect', [pointer.pubkey, pointer.secret ?? '', PERMISSIONS.join(',')]), options)
    return await begin(remote, client, options)
  } catch (err) {
    await remote.close()
    throw err
  }
}

/**
 * Makes a nostrconnect:// address for a signer to read, and waits for that signer.
 * @param {string[]} relays where the two meet
 * @param {Options & {name?: string, url?: string}} [options] name, url: of this page
 * @returns {Promise<{uri: string, connected: Promise<import('./backend.js').Signer>, cancel: () => void}>}
 */
export async function inviteSigner(relays, options = {}) {
  const { BunkerSigner, createNostrConnectURI, generateSecretKey, getPublicKey } = await nostr()
  const client = generateSecretKey()
  const secret = hex(crypto.getRandomValues(new Uint8Array(16)))
  const { name = 'Waybill', url } = options
  const uri = createNostrConnectURI({ clientPubkey: getPublicKey(client), relays, secret, perms: [...PERMISSIONS], name, url })
  const stop = new AbortController()
  const stopped = new Promise((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(new Problem('signer-refused', 'nobody waits any more')))
  })
  const connected = (async () => {
    const reached = BunkerSigner.fromURI(client, uri, { onauth: careful(options.onauth), skipSwitchRelays: true }, stop.signal)
    reached.catch(() => {}) // where nobody waits for it any more
    const remote = await Promise.race([ask(reached, options), stopped])
    return begin(remote, client, options)
  })()
  connected.catch(() => stop.abort())
  return { uri, connected, cancel: () => stop.abort() }
}

/**
 * The remote signer that is remembered: it knows this page's key.
 * @param {import('./memory.js').Remote} kept
 * @param {Options} [options]
 * @returns {Promise<import('./backend.js').Signer>}
 */
export async function resumeBunker(kept, options = {}) {
  const { BunkerSigner } = await nostr()
  const pointer = { pubkey: kept.remote, relays: kept.relays, secret: null }
  return signerOf(BunkerSigner.fromBunker(bytes(kept.client), pointer, { onauth: careful(options.onauth) }), kept.pubkey)
}

// begin asks who the user is: the key that the signer talks with is another one.
async function begin(remote, client, options) {
  const pubkey = await ask(remote.getPublicKey(), options)
  if (!/^[0-9a-f]{64}$/.test(pubkey)) fail('signer-broken', 'the signer has no public key')
  memory.keep({ how: 'nip46', pubkey, client: hex(client), remote: remote.bp.pubkey, relays: remote.bp.relays })
  return signerOf(remote, pubkey)
}

function signerOf(remote, pubkey) {
  return makeSigner(pubkey, 'nip46', {
    signEvent: (event) => remote.signEvent(event),
    nip44: {
      encrypt: (peer, text) => remote.nip44Encrypt(peer, text),
      decrypt: (peer, payload) => remote.nip44Decrypt(peer, payload),
    },
    close: () => remote.close(),
  })
}

async function ask(promise, { most = patience }) {
  try {
    return await within(promise, most, 'signer-timeout')
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem('signer-refused', 'the remote signer did not answer as it should', { cause })
  }
}

// careful lets through what a page may make a link of: an address comes from the signer.
const careful = (onauth) => (url) => {
  if (/^https:\/\//i.test(url)) onauth?.(url)
}

const isRelay = (url) => /^wss?:\/\/./i.test(url)

const hex = (array) => Array.from(array, (b) => b.toString(16).padStart(2, '0')).join('')

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))
