// People at one relay, each with an extension, a session and these modules. A page has
// one of them; here the cookie is theirs who is at work.
import assert from 'node:assert/strict'
import { now, person, signerFor } from '../test/setup.mjs'
import { Opener } from '../../static/js/open.js'
import { publish } from '../../static/js/publish.js'
import { send, socketOf } from '../../static/js/post.js'
import { signIn } from '../../static/js/signin.js'

const fetchPlainly = globalThis.fetch
let cookie = ''
globalThis.fetch = async (url, init) => {
  const answer = await fetchPlainly(url, { ...init, headers: { ...init?.headers, ...(cookie && { Cookie: cookie }) } })
  const set = answer.headers.get('set-cookie')
  if (set) cookie = set.split(';')[0]
  return answer
}

export class Person {
  #cookie = ''

  constructor(relay, secret, options) {
    this.relay = relay // {base, self, admins}
    this.who = person({ secret, ...options })
    this.pubkey = this.who.pubkey
  }

  async signIn() {
    this.signer = await signerFor(this.who)
    this.opener = new Opener(this.signer)
    const session = await this.as(() => signIn(this.signer, this.relay.base))
    assert.equal(session.pubkey, this.pubkey)
    return this
  }

  /** Says that this person reads messages here (kind 10050), and so takes part. */
  async announce() {
    const url = socketOf(this.relay.base)
    const list = await this.who.provider.signEvent({ kind: 10050, created_at: now(), tags: [['relay', url]], content: '' })
    const [{ ok, reason }] = await publish(url, [list])
    assert.ok(ok, reason)
  }

  /** Runs one request after another with this person's cookie. */
  async as(work) {
    cookie = this.#cookie
    try {
      return await work()
    } finally {
      this.#cookie = cookie
      cookie = ''
    }
  }

  async order(id) {
    const answer = await this.as(() => fetch(`${this.relay.base}/api/v1/orders/${id}`))
    return answer.status === 200 ? answer.json() : null
  }

  /** Says something of the order, which then must stand like that. */
  async says(how, id, verb, fields, status, payment) {
    const order = verb === 'intent' ? null : await this.order(id)
    const { base, self: relaySelf, admins } = this.relay
    const said = await this.as(() => send(this.signer, order, verb, verb === 'intent' ? { orderId: id, ...fields } : fields, { base, relaySelf, admins, how }))
    assert.equal(said.how, how)
    if (said.order) assert.deepEqual([said.order.status, said.order.payment], [status, payment])
    return this.sees(id, status, payment, verb)
  }

  async sees(id, status, payment, verb) {
    const until = Date.now() + 10_000
    for (;;) {
      const order = await this.order(id)
      const last = order?.timeline?.findLast((entry) => entry.verb === verb)
      if (last?.ok && order.status === status && order.payment === payment) return order
      if (Date.now() > until) assert.deepEqual([order?.status, order?.payment, last], [status, payment, verb])
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async opens(id) {
    const { fields, failed } = await this.opener.open(await this.order(id))
    return { ...fields, ...(Object.keys(failed).length > 0 && { failed: Object.keys(failed) }) }
  }
}
