// Handing over a remote signer (NIP-46): a bunker:// URL, or a nostrconnect:// URL for
// the signer to come by. Both go to the API, which is the one door for it. The page has
// no field for a secret key, and sends none.

import { announce } from './app.js'
import { request } from './api.js'
import { element } from './element.js'
import { qrCode } from './qr.js'
import { has, t } from './words.js'

const askEvery = 3_000
const askFor = 15 * 60_000

/** @param {HTMLElement} root what has the two forms */
export default function (root) {
  const [bunker, connect] = ['bunker', 'connect'].map((name) => root.querySelector(`[data-form="${name}"]`))
  const out = root.querySelector('[data-out]')
  const url = bunker.elements.bunker
  let round = 0 // of asking whether a signer has come: only the last one counts
  root.hidden = false

  url.addEventListener('input', () => {
    if (!secretLike(url.value)) return
    url.value = '' // it goes nowhere, and does not stay either
    say('bad', t('keys.secret'))
  })

  submits(bunker, async () => {
    say('', t('keys.asking'))
    await request('POST', address('/api/v1/keys'), { body: { bunker: url.value.trim(), ...options() } })
    url.value = ''
    location.assign('/keys?done=added')
  })

  if (connect) submits(connect, async () => {
    const before = stamp(await keys())
    const { body } = await request('POST', address('/api/v1/keys/connect'), { body: options() })
    out.replaceChildren(await invitation(body.uri))
    announce(t('keys.waiting'))
    arrival(before, ++round) // as long as the page is here; another code may be asked for meanwhile
  })

  function submits(form, work) {
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      const button = form.querySelector('button')
      button.disabled = true
      try {
        await work()
      } catch (problem) {
        refused(problem)
      } finally {
        button.disabled = false
      }
    })
  }

  function options() {
    const { since, invite } = bunker.elements
    const given = {}
    if (since.value) given.since = since.value
    if (invite?.value.trim()) given.invite = invite.value.trim()
    return given
  }

  // The relay's own sentence says more than the code does, in English.
  function refused(problem) {
    const key = `keys.fault.${problem.code}`
    const note = say('bad', t(has(key) ? key : 'keys.fault.other'))
    if (!problem.detail || problem.status === undefined) return
    const detail = element('p', { lang: 'en' }, ...linked(problem.detail))
    note.querySelector('div').append(detail)
  }

  function say(tone, text) {
    const note = element('div', { class: 'note' + (tone && ` note--${tone}`) }, element('div', {}, element('p', {}, text)))
    if (tone === 'bad') note.setAttribute('role', 'alert')
    out.replaceChildren(note)
    return note
  }

  async function arrival(before, mine) {
    for (const end = Date.now() + askFor; mine === round && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, askEvery))
      if (document.hidden) continue
      const now = stamp(await keys().catch(() => []))
      if (now && now !== before) location.assign('/keys?done=added')
    }
  }
}

/** Whether somebody is about to hand over a secret key. @param {string} text */
export function secretLike(text) {
  return /^\s*(nsec1|ncryptsec1)/i.test(text) || /^\s*[0-9a-f]{64}\s*$/i.test(text)
}

/** A text with its https:// addresses as links. @param {string} text @returns {(string|HTMLAnchorElement)[]} */
export function linked(text) {
  return text.split(/(https:\/\/\S+[^\s.,:;)])/).map((part, i) => i % 2 ? element('a', { href: part, rel: 'noreferrer', target: '_blank' }, part) : part)
}

async function keys() {
  return (await request('GET', address('/api/v1/keys'))).body.data
}

// The signer is the one key of its kind: what tells a new one is when it came.
const stamp = (list) => list.filter((key) => key.way === 'remote-signer').map((key) => key.addedAt).join()

async function invitation(uri) {
  const copy = element('button', { type: 'button', class: 'button', 'data-copy': uri }, t('keys.copy'))
  return element('div', { class: 'invitation' },
    element('p', {}, t('keys.waiting')),
    await qrCode(uri, t('keys.qr')),
    element('div', { class: 'copyable' }, element('code', {}, uri), copy),
    element('a', { class: 'button', href: uri }, t('keys.open')))
}

const address = (path) => location.origin + path
