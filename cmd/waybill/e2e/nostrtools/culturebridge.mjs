// What CultureBridge (psam21/cb) does differently from NIP-59, as its
// NostrEventService does it: the seal has kind 1059, the rumor no id, and the two
// copies are built one after the other, so that their times differ.
import * as nip19 from 'nostr-tools/nip19'
import * as nip44 from 'nostr-tools/nip44'
import { finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from 'nostr-tools/pure'

const now = () => Math.floor(Date.now() / 1000)
const encrypt = (data, from, to) => nip44.encrypt(JSON.stringify(data), nip44.getConversationKey(from, to))
const decrypt = (event, secret) => JSON.parse(nip44.decrypt(event.content, nip44.getConversationKey(secret, event.pubkey)))

// wrapBoth makes the recipient's copy and, a second later, the sender's own.
export function wrapBoth(content, secret, to) {
  const from = getPublicKey(secret)
  return [to, from].map((reader, second) => {
    const rumor = { kind: 14, pubkey: from, content, tags: [['p', to]], created_at: now() + second }
    const seal = finalizeEvent({ kind: 1059, content: encrypt(rumor, secret, reader), tags: [], created_at: now() }, secret)
    const once = generateSecretKey()
    const backdated = now() - Math.floor(Math.random() * 2 * 24 * 60 * 60)
    return finalizeEvent({ kind: 1059, content: encrypt(seal, once, reader), tags: [['p', reader]], created_at: backdated }, once)
  })
}

export function isOne(wrap, secret) {
  return decrypt(wrap, secret).kind === 1059
}

export function unwrap(wrap, secret) {
  const seal = decrypt(wrap, secret)
  if (!verifyEvent(seal)) throw new Error('seal signature is invalid')
  const rumor = decrypt(seal, secret)
  if (rumor.pubkey !== seal.pubkey) throw new Error('impersonation')
  return rumor
}

// purchaseRequest is the newest text of its preparePurchaseIntent.
export function purchaseRequest(pubkey, products) {
  const npub = nip19.npubEncode(pubkey)
  const id = `pi_${npub}_${Date.now()}`
  const date = new Date().toLocaleString('en-US', { month: 'short', day: 'numeric', year: 'numeric', hour: 'numeric', minute: '2-digit' })
  const n = (value) => value.toLocaleString('en-US')
  let text = `🛒✨ NEW PURCHASE REQUEST\n\n📋 ORDER DETAILS\n🆔 Order ID: ${id}\n📅 Date: ${date}\n👤 From: ${npub}\n\n📦 ITEMS REQUESTED\n\n`
  products.forEach((p, i) => {
    text += `${i + 1}️⃣ ${p.title}\n   🔖 Product ID: ${p.id}\n   🔢 Quantity: ${p.quantity}\n`
    text += `   💵 Unit Price: ${n(p.price)} SATS\n   💸 Subtotal: ${n(p.price * p.quantity)} SATS\n\n`
  })
  const total = products.reduce((sum, p) => sum + p.price * p.quantity, 0)
  text += `💰✨ TOTAL: ${n(total)} sats\n\n📝 NEXT STEPS\nPlease reply with:\n⚡ Payment link (Lightning, Bitcoin, etc.)\n📮 Shipping quote (if applicable)\n`
  text += `⏱️ Estimated delivery time\n\n⚠️ IMPORTANT\nThis is a purchase intent, not a confirmed order.\nNo items have been reserved or charged yet.\n\n`
  return { id, text: text + '🌉 Powered by CultureBridge • Nostr-Native Commerce 🟣' }
}
