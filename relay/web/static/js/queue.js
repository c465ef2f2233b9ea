// One thing said of many orders: each is signed by itself, one after another, and posted
// to the API. While one batch is on its way the next is signed, so a quick signer posts
// many at once and a slow one each as it comes.

import { apiProblem, request } from './api.js'
import { needsPrivate } from './forms.js'
import { signPosted } from './post.js'
import { fail, Problem } from './problem.js'
import * as store from './queuestore.js'

/**
 * @typedef {object} Progress
 * @property {'idle' | 'running' | 'paused' | 'finished'} state
 * @property {number} total
 * @property {number} done
 * @property {number} failed
 * @property {number} signed of total, the signatures that were given
 * @property {import('./queuestore.js').Item | null} current what the signer is asked for now
 * @property {Problem | null} problem why it paused by itself
 */

const mostAtOnce = 50
const lockName = 'waybill-queue'

/** Drops what any user's queue holds here: at sign-out. */
export { clear as forgetQueue } from './queuestore.js'

/** Emits `progress` with a Progress as its detail. */
export class SigningQueue extends EventTarget {
  /** @type {import('./queuestore.js').Item[]} */
  items = []
  /** @type {Progress['state']} */
  state = 'idle'
  /** @type {Problem | null} */
  problem = null
  #current = null
  #signing = false
  #ready = null // resolves once there is another to post, or none will be

  /**
   * @param {import('./backend.js').Signer} signer
   * @param {{base?: string}} [options] base: location.origin
   */
  constructor(signer, { base = globalThis.location?.origin } = {}) {
    super()
    this.signer = signer
    this.base = base.replace(/\/+$/, '')
  }

  /**
   * Loads what was left by an earlier page. Nothing is signed before resume.
   * @returns {Promise<Progress>}
   */
  async load() {
    this.items = await store.load(this.signer.pubkey)
    this.state = this.#unfinished() ? 'paused' : this.items.length > 0 ? 'finished' : 'idle'
    return this.#tell()
  }

  /**
   * Adds the same to be said of several orders. `queue-private` where what is to be said
   * is not public: that is for send, one by one.
   * @param {string} verb
   * @param {object[]} orders as the API has them
   * @param {Record<string, string | number> | ((order: object) => Record<string, string | number>)} [fields] of all, or of each
   */
  async add(verb, orders, fields = {}) {
    const items = orders.map((order) => {
      const own = typeof fields === 'function' ? fields(order) : fields
      if (verb === 'intent' || needsPrivate(verb, own)) fail('queue-private', 'only what is public can be said of many orders at once')
      const { intentId, orderId, buyerPubkey, sellerPubkey, totalSats, grandTotal } = order
      const kept = { intentId, orderId, buyerPubkey, sellerPubkey, totalSats, grandTotal }
      return { by: this.signer.pubkey, verb, order: kept, fields: publicOf(own), state: 'waiting' }
    })
    await store.save(items)
    this.items.push(...items)
    this.#tell()
  }

  /**
   * Goes on until all is said, or pause. It pauses by itself where the signer refuses or
   * the relay does not answer; what the relay refuses of one order fails that item alone.
   * @returns {Promise<Progress>}
   */
  resume() {
    this.state = 'running'
    this.problem = null
    this.#tell()
    this.#run ??= this.#go().finally(() => (this.#run = null))
    return this.#run
  }

  #run = null // one at a time, also where it is paused and resumed while the signer thinks

  async #go() {
    try {
      await alone(async () => {
        this.items = await store.load(this.signer.pubkey)
        while (this.state === 'running' && this.#unfinished()) {
          this.#signing = true
          await Promise.all([this.#signAll(), this.#postAll()])
        }
      })
    } catch (err) {
      this.#stop(err)
    }
    if (!this.problem && !this.#unfinished()) this.state = this.items.length > 0 ? 'finished' : 'idle'
    return this.#tell()
  }

  /** Asks the signer nothing more after what it is asked now. What is signed is still posted. */
  pause() {
    if (this.state !== 'running') return
    this.state = 'paused'
    this.#wake()
    this.#tell()
  }

  /** Gives up what is not posted. What is done is done. */
  async cancel() {
    this.pause()
    await store.drop(this.items)
    this.items = []
    this.state = 'idle'
    this.problem = null
    this.#tell()
  }

  /** Has those that failed tried again, with new signatures. @returns {Promise<Progress>} */
  async retry() {
    const failed = this.items.filter((item) => item.state === 'failed')
    for (const item of failed) {
      item.state = 'waiting'
      delete item.event
      delete item.problem
    }
    await store.save(failed)
    return this.resume()
  }

  /** @returns {Progress} */
  progress() {
    const count = (...states) => this.items.filter((item) => states.includes(item.state)).length
    return {
      state: this.state, total: this.items.length, done: count('done'), failed: count('failed'),
      signed: count('signed', 'done', 'failed'), current: this.#current, problem: this.problem,
    }
  }

  async #signAll() {
    try {
      for (let item; this.state === 'running' && (item = this.items.find((i) => i.state === 'waiting')); ) {
        this.#current = item
        this.#tell()
        try {
          item.event = await signPosted(this.signer, item.order, item.verb, item.fields)
          item.state = 'signed'
        } catch (err) {
          if (ofSigner(err)) throw err
          failed(item, err) // this one cannot be said at all
        }
        if (this.items.includes(item)) await store.save([item])
        this.#wake()
      }
    } catch (err) {
      this.#stop(err)
    } finally {
      this.#current = null
      this.#signing = false
      this.#wake()
    }
  }

  async #postAll() {
    for (;;) {
      const batch = this.items.filter((i) => i.state === 'signed').slice(0, mostAtOnce)
      if (batch.length > 0) {
        try {
          await this.#post(batch)
        } catch (err) {
          return this.#stop(err)
        }
      } else if (this.#signing) {
        await new Promise((resolve) => (this.#ready = resolve))
      } else {
        return
      }
    }
  }

  async #post(batch) {
    const { body } = await request('POST', this.base + '/api/v1/orders/bulk', { body: batch.map((item) => item.event) })
    batch.forEach((item, i) => {
      const answer = body.data[i]
      if (answer.ok) item.state = 'done'
      else failed(item, apiProblem(answer.problem))
      delete item.event
    })
    await store.save(batch.filter((item) => this.items.includes(item)))
    this.#tell()
  }

  #stop(err) {
    this.state = 'paused'
    this.problem ??= err instanceof Problem ? err : new Problem('unexpected-answer', String(err), { cause: err })
    this.#wake()
    this.#tell()
  }

  #wake() {
    this.#ready?.()
    this.#ready = null
  }

  #unfinished() {
    return this.items.some((item) => item.state === 'waiting' || item.state === 'signed')
  }

  #tell() {
    const detail = this.progress()
    this.dispatchEvent(new CustomEvent('progress', { detail }))
    return detail
  }
}

// The fields that a queue may keep. What else a form has is not written down.
const publicFields = ['amount', 'shippingQuote', 'eta', 'expiry', 'trackingNumber', 'carrier', 'at']

const publicOf = (fields) => Object.fromEntries(publicFields.filter((f) => fields[f] != null).map((f) => [f, fields[f]]))

function failed(item, { code, detail, allowedActions }) {
  item.state = 'failed'
  item.problem = { code, detail, allowedActions }
}

const ofSigner = (err) => !(err instanceof Problem) || err.code.startsWith('signer-')

// alone runs it in one tab at a time: two would sign everything twice.
async function alone(work) {
  const locks = globalThis.navigator?.locks
  if (!locks) return work()
  return locks.request(lockName, { ifAvailable: true }, (lock) => {
    if (!lock) fail('queue-elsewhere', 'another tab is at this queue')
    return work()
  })
}
