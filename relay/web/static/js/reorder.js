// The same order again: a new purchase intent with the old lines.

import { say, signerFor } from './acting.js'
import { orderNow } from './api.js'
import { formDialog } from './dialog.js'
import { reorder } from './messages.js'
import { Opener } from './open.js'
import { fail } from './problem.js'
import { nostr } from './vendor.js'

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} id of the old order
 * @param {{inboxRelays: string[], admins: string[]}} where
 * @param {(said: {id?: string, missed: boolean}, path?: string) => void} done gets the new order's page
 */
export default function (dialog, id, where, done) {
  const { elements } = dialog.querySelector('form')
  const signer = (stop) => signerFor(dialog.querySelector('[data-signing]'), stop)
  let orderId = '' // of the new order: tried again, it is the same one
  const form = formDialog(dialog, async ({ quantity = {}, ...written }, tell, stop) => {
    const mine = await signer(stop)
    const again = reorder(await orderNow(id), written)
    const products = again.products
      .map((line, i) => ({ ...line, quantity: Number(quantity[i] ?? 0) }))
      .filter((line) => line.quantity > 0)
    if (products.length === 0) fail('product-missing')
    const { nip19 } = await nostr()
    orderId ||= `pi_${nip19.npubEncode(mine.pubkey)}_${Date.now()}`
    const said = await say(mine, null, 'intent', { ...again, products, orderId, note: written.note }, where, tell)
    orderId = ''
    done(said, said.id && `/orders/${encodeURIComponent(said.id)}`)
  })

  dialog.querySelector('[data-fill]')?.addEventListener('click', async (event) => {
    const button = event.currentTarget
    button.disabled = true
    try {
      const { fields, failed } = await new Opener(await signer()).open(await orderNow(id), ['shippingAddress', 'contact'])
      const { shippingAddress, contact = {} } = fields
      const [problem] = Object.values(failed)
      if (problem) throw problem
      if (shippingAddress) elements.shippingAddress.value = shippingAddress
      for (const name of ['email', 'phone']) if (contact[name]) elements[`contact.${name}`].value = contact[name]
    } catch (problem) {
      form.fail(problem)
    } finally {
      button.disabled = false
    }
  })
  return form
}
