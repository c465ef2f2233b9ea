// What the viewer may do about an order: buttons open forms, and a form becomes a message
// that the viewer's own signer signs. Which there are is the server's word (allowedActions).

import { announce } from './app.js'
import { orderNow, say, signatures, signerFor } from './acting.js'
import { formDialog } from './dialog.js'
import { t } from './words.js'

const memo = 'waybill.said' // what the next page announces

/** @param {HTMLElement} root of the partial "actions" */
export default function (root) {
  const { order: id, role, inbox, admins } = root.dataset
  const where = { inboxRelays: inbox.split(' ').filter(Boolean), admins: admins.split(' ').filter(Boolean) }
  const opened = {}
  const done = (dialog, said, path) => finish(root, dialog, said, path)

  root.querySelector('[data-buttons]').hidden = false
  recall(root)
  for (const dialog of root.querySelectorAll('dialog[data-verb]')) {
    if (dialog.dataset.verb === 'intent') {
      import('./reorder.js').then(({ default: reorder }) => (opened[dialog.id] = reorder(dialog, id, where, done)))
      continue
    }
    opened[dialog.id] = formDialog(dialog, async (values, tell) => {
      const signer = await signerFor(dialog.querySelector('[data-signing]'))
      done(dialog, await say(signer, await orderNow(id), dialog.dataset.verb, fieldsOf(values), where, tell))
    })
  }
  root.addEventListener('click', ({ target }) => {
    const opener = target.closest('[data-opens]')
    if (!opener) return
    const menu = opener.closest('details')
    if (menu) {
      menu.open = false
      menu.querySelector('summary').focus() // where the focus comes back to
    }
    opened[opener.dataset.opens]?.open(signatures(role))
  })
}

// fieldsOf is what compose takes of what a form holds.
function fieldsOf({ sure, self, ...fields }) {
  // A preimage says by itself how it was paid.
  if (/^[0-9a-f]{64}$/i.test(fields.proof ?? '')) fields.medium = 'lightning'
  return self ? { ...fields, self: true } : fields
}

// finish shows the order as it is then. A page that keeps itself up to date may do that
// itself: it cancels the event.
function finish(root, dialog, said, path = location.href) {
  const text = [said.id ? dialog.dataset.done : t('sign.slow'), said.missed ? t('sign.missed') : ''].join(' ').trim()
  const stays = !root.dispatchEvent(new CustomEvent('waybill:said', { bubbles: true, cancelable: true, detail: { text, path } }))
  if (stays) {
    dialog.close()
    announce(text)
    return
  }
  try {
    sessionStorage.setItem(memo, text)
  } catch {
    // Then it is not announced.
  }
  if (said.id && path !== location.href) location.assign(path)
  else location.reload()
}

// recall says what the page before has done.
function recall(root) {
  try {
    const text = sessionStorage.getItem(memo)
    sessionStorage.removeItem(memo)
    if (!text) return
    const note = document.createElement('p')
    note.className = 'note note--good'
    note.textContent = text
    root.querySelector('[data-said]').append(note)
  } catch {
    // There is nothing to recall.
  }
}
