// All that the dashboards take from nostr-tools and what it rests on.
export { finalizeEvent, generateSecretKey, getEventHash, getPublicKey, verifyEvent } from 'nostr-tools/pure'
export * as nip19 from 'nostr-tools/nip19'
export * as nip44 from 'nostr-tools/nip44'
export { BunkerSigner, createNostrConnectURI, parseBunkerInput } from 'nostr-tools/nip46'
export { sha256 } from '@noble/hashes/sha2.js'
export { bech32, bech32m, createBase58check } from '@scure/base'
