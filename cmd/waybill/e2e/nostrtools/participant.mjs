// One key, or nobody, on one socket: what a person's client does, done with
// nostr-tools alone.
import * as nip04 from 'nostr-tools/nip04'
import * as nip17 from 'nostr-tools/nip17'
import * as nip44 from 'nostr-tools/nip44'
import * as nip59 from 'nostr-tools/nip59'
import * as nip98 from 'nostr-tools/nip98'
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure'
import { Relay } from 'nostr-tools/relay'
import { hexToBytes } from 'nostr-tools/utils'
import * as culturebridge from './culturebridge.mjs'

const patience = 15_000 // ms; more than the relay should ever need

export class Participant {
  received = new Map() // wrap id -> {wrap, rumor, live, error}
  waiting = new Map() // wrap id -> resolve
  listening = new Map() // name -> {events, closed, eosed}

  static async connect(url, secret) {
    const p = new Participant()
    p.relay = new Relay(url)
    p.relay.publishTimeout = patience
    p.relay.onnotice = () => {}
    const challenged = new Promise((resolve) => {
      p.relay.onauth = secret
        ? async (template) => {
            resolve()
            return p.sign(template)
          }
        : undefined
    })
    if (secret) {
      p.secret = hexToBytes(secret)
      p.pubkey = getPublicKey(p.secret)
    }
    await p.relay.connect({ timeout: patience })
    if (secret) {
      await within(challenged, 'no AUTH challenge came')
      await p.relay.auth(p.relay.onauth)
      await p.readWraps()
    }
    return p
  }

  close() {
    this.relay.close()
  }

  sign(template) {
    return finalizeEvent(template, this.secret)
  }

  // readWraps keeps one live subscription to what is sent to this key.
  readWraps() {
    const started = new Promise((resolve, reject) => {
      this.relay.subscribe([{ kinds: [1059], '#p': [this.pubkey] }], {
        eoseTimeout: patience,
        onevent: (wrap) => this.receive(wrap),
        oneose: () => {
          this.live = true
          resolve()
        },
        onclose: (reason) => reject(new Error(reason)),
      })
    })
    return within(started, 'the subscription to the gift wraps did not begin')
  }

  receive(wrap) {
    const got = { wrap: wrap.id, live: this.live === true }
    try {
      got.rumor = culturebridge.isOne(wrap, this.secret) ? culturebridge.unwrap(wrap, this.secret) : nip17.unwrapEvent(wrap, this.secret)
    } catch (err) {
      got.error = String(err?.message ?? err)
    }
    this.received.set(wrap.id, got)
    this.waiting.get(wrap.id)?.(got)
  }

  // wait answers with what was in the wrap, once the subscription brought it.
  wait({ wrap }) {
    const came = this.received.get(wrap) ?? new Promise((resolve) => this.waiting.set(wrap, resolve))
    return within(Promise.resolve(came), 'the gift wrap did not come')
  }

  inbox() {
    return [...this.received.values()]
  }

  // announce says that this key reads its messages here (NIP-17, kind 10050).
  announce() {
    return this.post({ kind: 10050, content: '', tags: [['relay', this.relay.url]] })
  }

  async post({ kind, content, tags, created_at = Math.floor(Date.now() / 1000) }) {
    const event = this.sign({ kind, content, tags, created_at })
    return { event, ...(await this.publish({ event })) }
  }

  async publish({ event }) {
    try {
      return { ok: true, reason: await this.relay.publish(event) }
    } catch (err) {
      return { ok: false, reason: err.message }
    }
  }

  // pace publishes the events one after another, round and round, until halt; it
  // answers with how long each OK took (ms), and with what was taken.
  async pace({ events }) {
    const took = []
    const kept = []
    for (this.pacing = true; this.pacing; ) {
      const event = events[took.length % events.length]
      const begun = performance.now()
      const { ok, reason } = await this.publish({ event })
      if (!ok) return { refused: reason, took, kept }
      took.push(performance.now() - begun)
      kept.push(event.id)
    }
    return { took, kept }
  }

  halt() {
    this.pacing = false
  }

  // wrap makes the copies of one rumor for the keys in to, and publishes nothing.
  wrap({ rumor, to }) {
    const whole = nip59.createRumor(rumor, this.secret)
    return { rumor: whole, wraps: to.map((key) => nip59.createWrap(nip59.createSeal(whole, this.secret, key), key)) }
  }

  send(message) {
    const { rumor, wraps } = this.wrap(message)
    return this.deliver(wraps, rumor.id)
  }

  // masked is send by a throw-away key (hex), as Shopstr's client does it: the key is
  // the rumor's author and the seal's. There is no copy for the sender.
  masked({ rumor, to, key }) {
    const secret = hexToBytes(key)
    const whole = nip59.createRumor(rumor, secret)
    return this.deliver([nip59.createWrap(nip59.createSeal(whole, secret, to), to)], whole.id)
  }

  // direct writes a message of the old kind (NIP-04): one event for both sides.
  direct({ to, text, created_at }) {
    return this.post({ kind: 4, content: nip04.encrypt(this.secret, to, text), tags: [['p', to]], created_at })
  }

  // chat writes to somebody as nip17 does it: a rumor of its own for each
  // reader, which names that reader alone.
  chat({ to, text, subject }) {
    return this.deliver(nip17.wrapManyEvents(this.secret, to.map((publicKey) => ({ publicKey })), text, subject))
  }

  culturebridge({ to, text }) {
    return this.deliver(culturebridge.wrapBoth(text, this.secret, to))
  }

  async deliver(wraps, rumor) {
    const copies = []
    for (const event of wraps) {
      copies.push({ id: event.id, to: event.tags[0][1], ...(await this.publish({ event })) })
    }
    return { rumor, copies }
  }

  // seal encrypts a text to a key, by this one or by another (hex).
  seal({ to, text, by }) {
    return nip44.encrypt(text, nip44.getConversationKey(by ? hexToBytes(by) : this.secret, to))
  }

  // http asks the relay's API, signed in by NIP-98. With again the same token is used
  // twice, and the second answer is given.
  async http({ url, method, body, again }) {
    const token = await nip98.getToken(url, method, (e) => this.sign(e), true, body)
    const ask = () =>
      fetch(url, {
        method,
        headers: { Authorization: token, ...(body && { 'Content-Type': 'application/json' }) },
        body: body && JSON.stringify(body),
      })
    const answer = again ? await ask().then(ask) : await ask()
    return { status: answer.status, body: await answer.text() }
  }

  // open reads a box: ciphertext to this key from the key by.
  open({ by, box }) {
    return nip44.decrypt(box, nip44.getConversationKey(this.secret, by))
  }

  // req asks once and answers with what is stored.
  async req({ filters }) {
    const heard = await this.listen({ name: 'req', filters })
    this.listening.get('req').sub.close()
    return heard
  }

  // listen keeps a subscription open under a name; heard tells what it brought.
  listen({ name, filters }) {
    const l = { events: [], closed: null }
    this.listening.set(name, l)
    const settled = new Promise((resolve) => {
      l.sub = this.relay.subscribe(filters, {
        eoseTimeout: patience,
        onevent: (event) => l.events.push(event),
        oneose: resolve,
        onclose: (reason) => {
          l.closed = reason
          resolve()
        },
      })
    })
    return within(settled, 'neither EOSE nor CLOSED came').then(() => this.heard({ name }))
  }

  heard({ name }) {
    const { events, closed } = this.listening.get(name)
    return { events, closed }
  }

  async count({ filters }) {
    try {
      return { count: await within(this.relay.count(filters, {}), 'no COUNT came') }
    } catch (err) {
      return { refused: err.message }
    }
  }
}

function within(promise, complaint) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), patience)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
