// What the viewer may do about an order: buttons open forms, and a form becomes a message
// that the viewer's own signer signs. Which there are is the server's word (allowedActions).
// What it takes to act is loaded by who does.

import { element } from './element.js'

const memo = 'waybill.said' // what is said once the order is shown anew
const shown = 10_000 // for so long at least (ms), as often as that is

/** @param {HTMLElement} root of the partial "actions" */
export default function (root) {
  const said = root.querySelector('[data-said]')
  const made = {} // by the dialog's id: a promise of its form

  root.querySelector('[data-buttons]').hidden = false
  recall(root, said)
  root.addEventListener('pointerover', () => import('./acting.js').catch(() => {}), { once: true })
  root.addEventListener('click', async ({ target }) => {
    const opener = target.closest('[data-opens]')
    if (!opener) return
    const menu = opener.closest('details')
    if (menu) {
      menu.open = false
      menu.querySelector('summary').focus() // where the focus comes back to
    }
    said.replaceChildren() // that was about the act before
    forget()
    const name = opener.dataset.opens
    made[name] ??= make(root, document.getElementById(name))
    try {
      const open = await made[name]
      open()
    } catch (err) {
      delete made[name]
      console.error(err)
      said.replaceChildren(note('bad', root.dataset.failed))
    }
  })
}

// make loads what a form needs, and answers with what opens it.
async function make(root, dialog) {
  const { order: id, role, inbox, admins, status, total, grand, refunded } = root.dataset
  const shown = { status, totalSats: Number(total), grandTotal: Number(grand), refundedSats: Number(refunded) }
  const where = { inboxRelays: inbox.split(' ').filter(Boolean), admins: admins.split(' ').filter(Boolean) }
  const again = dialog.dataset.verb === 'intent'
  const [{ formDialog }, { orderAsShown, say, signatures, signerFor }, { t }, reorder] = await Promise.all([
    import('./dialog.js'), import('./acting.js'), import('./words.js'), again && import('./reorder.js'),
  ])
  const done = (answer, path) => finish(root, dialog, t, answer, path)
  const form = again ? reorder.default(dialog, id, where, done) : formDialog(dialog, async (values, tell, stop) => {
    const signer = await signerFor(dialog.querySelector('[data-signing]'), stop)
    done(await say(signer, await orderAsShown(id, shown), dialog.dataset.verb, fieldsOf(values), where, tell))
  })
  return () => form.open(signatures(role))
}

// fieldsOf is what compose takes of what a form holds.
function fieldsOf({ sure, self, ...fields }) {
  // A preimage says by itself how it was paid.
  if (/^[0-9a-f]{64}$/i.test(fields.proof ?? '')) fields.medium = 'lightning'
  return self ? { ...fields, self: true } : fields
}

// finish shows the order as it is then. A page that keeps itself up to date may do that
// itself: it cancels the event.
function finish(root, dialog, t, { id, missed }, path = location.href) {
  const text = [id ? dialog.dataset.done : t('sign.slow'), missed ? t('sign.missed') : ''].join(' ').trim()
  try {
    sessionStorage.setItem(memo, JSON.stringify({ id: id ?? root.dataset.order, text, until: Date.now() + shown }))
  } catch {
    // Then it is not said.
  }
  const stays = !root.dispatchEvent(new CustomEvent('waybill:said', { bubbles: true, cancelable: true, detail: { text, path } }))
  if (stays) dialog.close()
  else if (id && path !== location.href) location.assign(path)
  else location.reload()
}

// recall says what was done with this order before it was shown anew.
function recall(root, place) {
  try {
    const { id, text, until } = JSON.parse(sessionStorage.getItem(memo)) ?? {}
    if (id === root.dataset.order && Date.now() < until) place.append(note('good', text))
  } catch {
    // There is nothing to recall.
  }
}

function forget() {
  try {
    sessionStorage.removeItem(memo)
  } catch {
    // There was nothing.
  }
}

const note = (kind, text) => element('p', { class: `note note--${kind}` }, text)
