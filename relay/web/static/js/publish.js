// Publishing to one relay over a socket of its own.

import { fail, Problem } from './problem.js'
import { within } from './turns.js'

/** How long a relay may take to be reached, and for each answer (ms). */
const patience = 10_000

/**
 * Gives the events to a relay, one after another, and waits for each OK. It signs in
 * (NIP-42) where the relay asks for that first.
 * @param {string} url ws:// or wss://
 * @param {object[]} events signed
 * @param {{sign?: (template: object) => Promise<object>, most?: number}} [options] sign: for
 *   NIP-42; most: patience (ms)
 * @returns {Promise<{id: string, ok: boolean, reason: string}[]>} in the order of the events;
 *   `relay-unreachable` where the relay does not answer
 */
export async function publish(url, events, { sign, most = patience } = {}) {
  const line = new Line(url, most)
  try {
    await line.opened()
    const results = []
    for (const event of events) results.push({ id: event.id, ...(await line.publish(event, sign)) })
    return results
  } finally {
    line.close()
  }
}

class Line {
  #asked = new Map() // id -> {resolve, reject}
  #challenge = ''
  #authed = false

  constructor(url, most) {
    this.url = url
    this.most = most
    try {
      this.socket = new WebSocket(url)
    } catch (cause) {
      fail('relay-unreachable', 'this is no address of a relay', { cause })
    }
    const lost = () => {
      const gone = new Problem('relay-unreachable', 'the connection to the relay is lost')
      this.#open.reject(gone)
      for (const { reject } of this.#asked.values()) reject(gone)
    }
    this.socket.onopen = () => this.#open.resolve()
    this.socket.onclose = this.socket.onerror = lost
    this.socket.onmessage = ({ data }) => this.#hear(data)
  }

  #open = promised()

  opened() {
    return within(this.#open.promise, this.most, 'relay-unreachable')
  }

  close() {
    this.socket.onclose = this.socket.onerror = this.socket.onmessage = null
    this.socket.close()
  }

  async publish(event, sign) {
    const answer = await this.#ask('EVENT', event)
    const asksWho = !answer.ok && answer.reason.startsWith('auth-required:')
    if (!asksWho || !sign || !this.#challenge || this.#authed) return answer
    const who = await sign({
      kind: 22242, created_at: Math.floor(Date.now() / 1000), content: '',
      tags: [['relay', this.url], ['challenge', this.#challenge]],
    })
    const welcome = await this.#ask('AUTH', who)
    if (!welcome.ok) return welcome
    this.#authed = true
    return this.#ask('EVENT', event)
  }

  #ask(verb, event) {
    const answer = promised()
    this.#asked.set(event.id, answer)
    this.socket.send(JSON.stringify([verb, event]))
    return within(answer.promise, this.most, 'relay-unreachable').finally(() => this.#asked.delete(event.id))
  }

  #hear(data) {
    let message
    try {
      message = JSON.parse(data)
    } catch {
      return // not for us
    }
    if (!Array.isArray(message)) return
    const [verb, first, ok, reason] = message
    if (verb === 'AUTH') this.#challenge = String(first)
    if (verb === 'OK') this.#asked.get(first)?.resolve({ ok: ok === true, reason: String(reason ?? '') })
  }
}

function promised() {
  const p = {}
  p.promise = new Promise((resolve, reject) => Object.assign(p, { resolve, reject }))
  p.promise.catch(() => {}) // it may be lost while nobody waits
  return p
}
