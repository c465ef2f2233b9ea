// What is large is loaded by the first who needs it: a page that only reads never does.

/** nostr-tools, as far as it is used. @returns {Promise<typeof import('../vendor/nostr.js')>} */
export const nostr = () => import('../vendor/nostr.js')

/** The QR codes. @returns {Promise<typeof import('../vendor/qr.js')>} */
export const qrcodes = () => import('../vendor/qr.js')
