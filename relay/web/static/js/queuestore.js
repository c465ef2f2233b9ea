// Where the queue lasts over a reload: IndexedDB. It holds what is public only.

const database = 'waybill'
const table = 'queue'

/**
 * @typedef {object} Item
 * @property {number} [id]
 * @property {string} by whose signer (hex)
 * @property {string} verb
 * @property {{intentId: string, orderId: string, buyerPubkey: string, sellerPubkey: string}} order
 * @property {Record<string, string | number>} fields public ones
 * @property {'waiting' | 'signed' | 'done' | 'failed'} state
 * @property {object} [event] signed, and not answered for yet: the same again does nothing twice
 * @property {{code: string, detail: string, allowedActions?: string[]}} [problem] why it failed
 */

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(database, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(table, { keyPath: 'id', autoIncrement: true })
  return result(request)
}

const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

async function inTable(mode, work) {
  const db = await open()
  try {
    const tx = db.transaction(table, mode)
    const done = new Promise((resolve, reject) => {
      tx.oncomplete = resolve
      tx.onerror = tx.onabort = () => reject(tx.error)
    })
    const [value] = await Promise.all([work(tx.objectStore(table)), done])
    return value
  } finally {
    db.close()
  }
}

/** Every item of one user's, in their order. @param {string} by @returns {Promise<Item[]>} */
export async function load(by) {
  const all = await inTable('readonly', (store) => result(store.getAll()))
  return all.filter((item) => item.by === by)
}

/** Keeps items, and gives new ones their id. @param {Item[]} items */
export function save(items) {
  return inTable('readwrite', (store) => Promise.all(items.map(async (item) => {
    item.id = await result(store.put(structuredClone(item)))
  })))
}

/** Drops items. @param {Item[]} items */
export function drop(items) {
  return inTable('readwrite', (store) => Promise.all(items.map((item) => result(store.delete(item.id)))))
}

/** Drops everybody's: at sign-out. @returns {Promise<void>} */
export function clear() {
  return inTable('readwrite', (store) => result(store.clear()))
}
