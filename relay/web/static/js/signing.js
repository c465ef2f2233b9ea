// How far the signing of many messages is: shown above the list, also on the next page,
// where it goes on.

import { announce } from './app.js'
import { element } from './element.js'
import { short } from './many.js'
import { Problem } from './problem.js'
import { drop, load } from './queuestore.js'
import { explain } from './refusal.js'
import { t } from './words.js'

export class Signing {
  #queue = null // once there is a signer

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel
    panel.addEventListener('click', ({ target }) => {
      const what = target.closest('[data-do]')?.dataset.do
      if (what) this.#do(what).catch((problem) => this.fault(problem))
    })
  }

  /** Shows what was left by an earlier page. The signer is not asked. */
  async find() {
    const items = await load(document.body.dataset.viewer)
    if (items.length === 0) return
    const count = (...states) => items.filter((item) => states.includes(item.state)).length
    const state = count('waiting', 'signed') > 0 ? 'paused' : 'finished'
    this.#show({ state, total: items.length, done: count('done'), failed: count('failed'), signed: count('signed', 'done', 'failed'), current: null, problem: null }, items)
  }

  /** Adds messages, and begins to sign; see SigningQueue.add. It does not wait for the end. */
  async add(verb, orders, fields) {
    const queue = await this.ready()
    if (queue.state === 'finished') await queue.cancel() // done with, and a new one begins
    await queue.add(verb, orders, fields)
    this.#end(queue.resume()).catch((problem) => this.fault(problem))
  }

  /** Says what went wrong. @param {Problem} problem */
  fault(problem) {
    if (!(problem instanceof Problem)) console.error(problem)
    if (this.#queue && this.#queue.state !== 'idle') {
      this.#show(this.#queue.progress(), this.#queue.items)
    } else if (this.panel.hidden) { // else it shows what is left, which stays
      this.panel.querySelector('[data-signing-title]').textContent = t('bulk.state.idle')
      this.#buttons('dismiss')
    }
    this.panel.hidden = false
    const note = this.panel.querySelector('[data-signing-problem]')
    note.hidden = false
    note.textContent = explain(problem)
  }

  /**
   * The queue, with the viewer's signer. What it takes to sign is loaded by who does.
   * @returns {Promise<import('./queue.js').SigningQueue>}
   */
  async ready() {
    if (this.#queue) return this.#queue
    const [{ SigningQueue }, { authLink, mySigner }] = await Promise.all([import('./queue.js'), import('./mysigner.js')])
    const place = this.panel.querySelector('[data-signing-auth]')
    const onauth = (url) => {
      place.replaceChildren(authLink(url))
      this.panel.hidden = false
    }
    const signer = await mySigner({ onauth })
    const queue = new SigningQueue(signer)
    await queue.load()
    queue.addEventListener('progress', ({ detail }) => {
      place.replaceChildren() // it has answered since
      this.#show(detail, queue.items)
    })
    return (this.#queue = queue)
  }

  async #do(what) {
    if (what === 'cancel' || what === 'dismiss') {
      // That takes no signer: it may be the one that is missing.
      await (this.#queue ? this.#queue.cancel() : drop(await load(document.body.dataset.viewer)))
      this.panel.hidden = true
      return
    }
    const queue = await this.ready()
    if (what === 'pause') queue.pause()
    if (what === 'resume') await this.#end(queue.resume())
    if (what === 'retry') await this.#end(queue.retry())
  }

  async #end(run) {
    const { state, done, failed } = await run
    if (state === 'finished') announce(t(failed > 0 ? 'bulk.finished.failed' : 'bulk.finished', done, failed))
  }

  #show({ state, total, done, failed, signed, current, problem }, items) {
    const at = (name) => this.panel.querySelector(`[data-signing-${name}]`)
    this.panel.hidden = state === 'idle'
    at('title').textContent = t(`bulk.state.${state}`)
    const bar = this.panel.querySelector('progress')
    bar.max = Math.max(total, 1)
    bar.value = state === 'finished' ? total : signed
    at('text').textContent = state === 'finished' ? t(failed > 0 ? 'bulk.finished.failed' : 'bulk.finished', done, failed)
      : current ? t('bulk.current', signed + 1, total, short(current.order.intentId)) : t('bulk.signed', signed, total)
    at('problem').hidden = !problem
    at('problem').textContent = problem ? explain(problem) : ''
    at('failed').replaceChildren(...items.filter((item) => item.state === 'failed').map(failure))
    this.#buttons(...(state === 'running' ? ['pause'] : state === 'paused' ? ['resume', 'cancel'] : failed > 0 ? ['retry', 'dismiss'] : ['dismiss']))
  }

  // buttons shows those. Where the one with the focus goes, its successor has it.
  #buttons(...shown) {
    const focused = this.panel.contains(document.activeElement)
    for (const button of this.panel.querySelectorAll('[data-do]')) button.hidden = !shown.includes(button.dataset.do)
    if (focused && document.activeElement?.hidden !== false) this.panel.querySelector('[data-do]:not([hidden])')?.focus()
  }
}

const failure = ({ order, problem }) => element('li', {},
  element('a', { href: '/orders/' + encodeURIComponent(order.intentId) }, element('code', { class: 'id' }, short(order.intentId))), ' ', explain(problem))
