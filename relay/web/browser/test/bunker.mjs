// A remote signer (NIP-46), whose own key is not its user's.
import WebSocket from 'ws'
import { finalizeEvent, generateSecretKey, getPublicKey, nip44 } from '../../static/vendor/nostr.js'
import { now } from './setup.mjs'

/** @param {string} url @param {object} user as person makes one @param {{authUrl?: string}} [options] */
export async function startBunker(url, user, { authUrl } = {}) {
  const secret = generateSecretKey()
  const pubkey = getPublicKey(secret)
  const asked = [] // {method, params, client}
  const socket = new WebSocket(url)
  await new Promise((resolve) => socket.on('open', resolve))
  socket.send(JSON.stringify(['REQ', 'bunker', { kinds: [24133], '#p': [pubkey] }]))
  const tell = (client, message) => {
    const content = nip44.encrypt(JSON.stringify(message), nip44.getConversationKey(secret, client))
    socket.send(JSON.stringify(['EVENT', finalizeEvent({ kind: 24133, created_at: now(), tags: [['p', client]], content }, secret)]))
  }
  const answers = {
    connect: () => 'ack',
    get_public_key: () => user.pubkey,
    sign_event: async ([event]) => JSON.stringify(await user.provider.signEvent(JSON.parse(event))),
    nip44_encrypt: ([peer, text]) => user.provider.nip44.encrypt(peer, text),
    nip44_decrypt: ([peer, payload]) => user.provider.nip44.decrypt(peer, payload),
  }
  socket.on('message', async (data) => {
    const [verb, , event] = JSON.parse(data)
    if (verb !== 'EVENT') return
    const { id, method, params } = JSON.parse(nip44.decrypt(event.content, nip44.getConversationKey(secret, event.pubkey)))
    asked.push({ method, params, client: event.pubkey })
    if (method === 'connect' && authUrl) tell(event.pubkey, { id, result: 'auth_url', error: authUrl })
    if (answers[method]) tell(event.pubkey, { id, result: await answers[method](params) })
    else tell(event.pubkey, { id, result: '', error: 'not here' })
  })
  // accept answers a nostrconnect:// address.
  const accept = (uri) => {
    const { host, searchParams } = new URL(uri)
    tell(host || uri.slice(15, 79), { id: 'x', result: searchParams.get('secret') })
  }
  return { pubkey, asked, accept, address: `bunker://${pubkey}?relay=${encodeURIComponent(url)}&secret=once`, stop: () => socket.terminate() }
}
