// An order that keeps itself up to date: what has changed is rendered by the server and
// put in the place of what was there; what was opened stays open, and what was written stays
// in its form.

import { announce, enliven } from './app.js'
import { fetchPage } from './fragment.js'
import { follow } from './live.js'
import { dress } from './sealed.js'
import { t } from './words.js'
import { carry, says } from './written.js'

/** @param {HTMLElement} root with data-intent, and regions (data-region) */
export default function (root) {
  const { intent } = root.dataset
  let drawing = false
  let again = false
  let behind = false // a region is older than the page, for its user was busy with it
  let said = '' // what the viewer has done, to be announced with what came of it

  async function redraw() {
    if (drawing) return void (again = true)
    drawing = true
    try {
      do {
        again = false
        const fresh = (await fetchPage(location.href)).querySelector('article.order')
        if (!fresh) break
        const changed = fresh.dataset.version !== root.dataset.version
        behind = !put(root, fresh)
        if (said || changed) announce(said || t('live.changed', root.querySelector('#says').textContent))
        said = ''
      } while (again)
    } catch (problem) {
      if (problem.status === 404) gone(root)
      else if (problem.code !== 'network' && !(problem.status >= 500)) location.reload() // signed out, or another version of the relay
    } finally {
      drawing = false
    }
  }

  follow(({ name, change }) => {
    if (name === 'gone' && change?.intentId === intent) gone(root)
    else if (name === 'reset' || (name === 'order' && change?.intentId === intent && String(change.version) !== root.dataset.version)) redraw()
  })
  // The viewer has said something here (js/actions.js): the page stays.
  root.addEventListener('waybill:said', (event) => {
    const { text, path } = event.detail ?? {}
    if (path && new URL(path, location.href).pathname !== location.pathname) return
    event.preventDefault()
    said = text ?? ''
    redraw()
  })
  // A form was refused because it is older than the order (js/dialog.js), and closes.
  root.addEventListener('waybill:outdated', (event) => {
    event.preventDefault()
    behind = true
  })
  root.addEventListener('close', () => behind && redraw(), true) // of a dialog
  const left = Number(root.dataset.expires) - Date.now()
  if (left > 0 && left < 2 ** 31 - 1000) setTimeout(redraw, left + 1000)
}

function gone(root) {
  root.querySelector('#says').textContent = t('live.gone')
  root.querySelector('[data-region="actions"]')?.remove()
  announce(t('live.gone'))
}

// put takes the regions of fresh into root, and tells whether it took all: where the user
// is busy with one, the old one stays until he is done.
function put(root, fresh) {
  const focus = placeOf(document.activeElement)
  const names = new Set([...regions(root).keys(), ...regions(fresh).keys()])
  const [old, next] = [regions(root), regions(fresh)]
  let skipped = false
  for (const name of names) {
    const [was, is] = [old.get(name), next.get(name)]
    if (was && is) {
      if (was.querySelector('dialog[open], form :focus')) {
        skipped = true
        continue
      }
      keepOpen(was, is)
      keepWritten(was, is)
      was.replaceWith(document.adoptNode(is))
    } else if (was) was.remove()
    else insert(root, fresh, is)
  }
  if (!skipped) root.dataset.version = fresh.dataset.version
  if (fresh.dataset.expires) root.dataset.expires = fresh.dataset.expires
  enliven(root)
  dress(root)
  refocus(root, focus)
  return !skipped
}

const regions = (root) => new Map([...root.querySelectorAll('[data-region]')].map((r) => [r.dataset.region, r]))

// insert puts a region that is new behind the one that stands before it in fresh.
function insert(root, fresh, region) {
  let before = region.previousElementSibling
  while (before && !before.dataset.region) before = before.previousElementSibling
  const there = before && root.querySelector(`[data-region="${before.dataset.region}"]`)
  const made = document.adoptNode(region)
  if (there) there.after(made)
  else root.querySelector(fresh.querySelector('.order__side')?.contains(region) ? '.order__side' : '.order__main')?.prepend(made)
}

// keepOpen opens in the new region what is open in the old one.
function keepOpen(was, is) {
  const open = new Set([was, ...was.querySelectorAll('details')].filter((d) => d.open).map((d) => d.dataset.keep))
  for (const details of [is, ...is.querySelectorAll('details')]) {
    if (details.dataset.keep && open.has(details.dataset.keep)) details.open = true
  }
}

// keepWritten puts what is written in the old region's forms into the same ones in the new.
function keepWritten(was, is) {
  const next = new Map([...is.querySelectorAll('dialog')].map((dialog) => [says(dialog), dialog]))
  for (const dialog of was.querySelectorAll('dialog')) {
    const same = next.get(says(dialog))
    if (same) carry(dialog.querySelector('form'), same.querySelector('form'))
  }
}

// placeOf remembers where the focus is, so that it can be found in what is rendered anew.
function placeOf(focused) {
  const region = focused?.closest?.('[data-region]')
  if (!region) return null
  const alike = [...region.querySelectorAll(focused.tagName)]
  return { focused, region: region.dataset.region, tag: focused.tagName, at: alike.indexOf(focused), text: focused.textContent }
}

function refocus(root, place) {
  if (!place || place.focused.isConnected) return
  const region = root.querySelector(`[data-region="${place.region}"]`)
  const alike = [...(region?.querySelectorAll(place.tag) ?? [])].map((e) => (e.checkVisibility() ? e : null)) // else in a closed menu
  const found = alike[place.at]?.textContent === place.text ? alike[place.at] : alike.find((e) => e?.textContent === place.text)
  const heading = [...(region?.querySelectorAll('h1, h2') ?? [])].find((h) => h.checkVisibility()) ?? root.querySelector('h1')
  const target = found ?? heading
  if (/^H\d$/.test(target.tagName)) target.tabIndex = -1
  target.focus({ preventScroll: true })
}
