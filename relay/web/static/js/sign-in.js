// Signing in: by the browser's extension (NIP-07), or by a signer elsewhere (NIP-46) whose
// address is pasted here, or which reads this page's.

import { element } from './element.js'
import { authLink } from './mysigner.js'
import { explain } from './refusal.js'
import { findExtension, inviteSigner, useBunker, useExtension } from './signer.js'
import { signIn } from './signin.js'
import { nostr } from './vendor.js'
import { t } from './words.js'

/** @param {HTMLElement} root */
export default function (root) {
  const find = (name) => root.querySelector(`[data-${name}]`)
  const [ways, progress, fault] = ['ways', 'progress', 'fault'].map(find)
  let invitation = null

  const tell = (text) => (progress.textContent = text)
  const onauth = (url) => progress.replaceChildren(authLink(url))
  const lock = (busy) => {
    for (const button of ways.querySelectorAll('button')) {
      if (!('cancel' in button.dataset) && !('copyUri' in button.dataset)) button.disabled = busy
    }
    if (!busy) find('use-extension').disabled = find('extension').dataset.extension !== 'found'
  }

  // enter signs in by a signer that is to be connected first.
  async function enter(connect, words) {
    fault.replaceChildren()
    lock(true)
    tell(t(words))
    try {
      const signer = await connect()
      const { nip19 } = await nostr()
      const npub = nip19.npubEncode(signer.pubkey)
      tell(t('sign-in.signing', `${npub.slice(0, 12)}…${npub.slice(-6)}`))
      await signIn(signer, location.origin)
      tell(t('sign-in.done'))
      location.assign(root.dataset.next)
    } catch (err) {
      console.debug(err)
      tell('')
      lock(false)
      if (err.cancelled) return
      fault.append(element('p', { class: 'note note--bad' }, explain(err)))
    }
  }

  // wrong says beside a field what is wrong with it; '' for nothing.
  function wrong(field, text) {
    field.ariaInvalid = String(text !== '')
    document.getElementById(`${field.id}-fault`).textContent = text
    if (text) field.focus()
    return text !== ''
  }

  find('use-extension').addEventListener('click', () => enter(useExtension, 'sign-in.asking'))

  find('bunker').addEventListener('submit', (event) => {
    event.preventDefault()
    const field = event.target.elements.bunker
    const address = field.value.trim()
    if (/nsec1|ncryptsec1/i.test(address)) {
      field.value = '' // it is not to stay on a screen
      return wrong(field, t('sign-in.secret'))
    }
    if (wrong(field, address.startsWith('bunker://') ? '' : t('problem.bunker-invalid'))) return
    enter(() => useBunker(address, { onauth }), 'sign-in.waiting')
  })

  find('invite').addEventListener('submit', async (event) => {
    event.preventDefault()
    const field = event.target.elements.relay
    if (wrong(field, /^wss:\/\/\S+$/i.test(field.value.trim()) ? '' : t('sign-in.relay'))) return
    invitation = await inviteSigner([field.value.trim()], { onauth, url: location.origin })
    const { uri, connected } = invitation
    find('uri').textContent = uri
    find('copy-uri').dataset.copy = uri
    const { qrCode } = await import('./qr.js')
    find('qr').replaceChildren(await qrCode(uri, t('sign-in.qr')))
    find('invited').hidden = false
    find('invite').hidden = true
    const mine = invitation
    enter(() => connected.catch((err) => Promise.reject(Object.assign(err, { cancelled: mine.cancelled }))), 'sign-in.waiting').finally(conceal)
  })

  function conceal() {
    invitation = null
    find('invited').hidden = true
    find('invite').hidden = false
  }

  find('cancel').addEventListener('click', () => {
    if (!invitation) return
    invitation.cancelled = true
    invitation.cancel()
  })

  ways.hidden = false
  findExtension().then((provider) => {
    find('extension').dataset.extension = provider ? 'found' : 'missing'
    find('use-extension').disabled = !provider
    find('use-extension').hidden = !provider
  })
}
