// A list that keeps up with what happens: after news it asks for its own page again, and
// takes over what differs, under the hands of who works in it.

import { announce, enliven, localise } from './app.js'
import { fetchPage } from './fragment.js'
import { follow } from './live.js'
import { t } from './words.js'

const calm = 500 // ms: many at once are one reload

/**
 * Emits `rows` on the section once its rows were exchanged.
 * @param {HTMLElement} section
 */
export default function (section) {
  section.querySelector('form.search').addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
    if (formData.get('sort') === '-created') formData.delete('sort')
  })
  section.querySelector('.queues [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  let due = false
  let running = Promise.resolve()
  follow(() => {
    if (due) return
    due = true
    setTimeout(() => {
      running = running.then(() => {
        due = false // what happens from here on is not on the page yet
        return refresh(section)
      }).catch((problem) => {
        if (problem.code === 'other-session') location.reload()
        else console.warn(problem)
      })
    }, calm)
  })
}

async function refresh(section) {
  const fresh = (await fetchPage(location.href)).querySelector('.list')
  if (!fresh) return
  localise(fresh)
  Object.assign(section.dataset, { asked: fresh.dataset.asked, total: fresh.dataset.total })
  takeOver(section, fresh, '[data-live="tabs"]')
  const [mine, theirs] = [section, fresh].map((s) => s.querySelector('[data-rows]'))
  let changed = 0
  if (mine && theirs) {
    changed = exchange(mine, theirs)
    takeOver(section, fresh, '.results__head')
    takeOver(section, fresh, '.pages')
  } else if (takeOver(section, fresh, '[data-live="results"]')) {
    changed = theirs?.children.length ?? 0
    enliven(section)
  }
  section.dispatchEvent(new CustomEvent('rows'))
  if (changed > 0) announce(t('list.updated', changed))
}

// takeOver exchanges one part where it differs. The focus goes to its twin.
function takeOver(section, fresh, selector) {
  const [old, now] = [section, fresh].map((s) => s.querySelector(selector))
  if (!old && now) section.querySelector('.results').append(now)
  else if (old && !now) old.remove()
  else if (old && !old.isEqualNode(now)) swap(old, now)
  else return false
  return true
}

// exchange makes the rows those of another table, and tells how many orders came, went
// or changed: to have grown older is no change.
function exchange(mine, theirs) {
  const had = new Map([...mine.children].map((row) => [row.dataset.order, row]))
  const rows = [...theirs.children]
  const stay = new Set(rows.map((row) => row.dataset.order))
  let changed = 0
  for (const [id, row] of had) {
    if (stay.has(id)) continue
    remove(row)
    changed++
  }
  let at = mine.firstElementChild
  for (let row of rows) {
    const old = had.get(row.dataset.order)
    const news = old?.dataset.version !== row.dataset.version
    if (old?.isEqualNode(row)) {
      row = old
    } else if (old) {
      if (at === old) at = row
      swap(old, row)
    }
    if (row === at) at = at.nextElementSibling
    else keepingFocus(row, () => mine.insertBefore(row, at))
    if (news) {
      changed++
      flash(row)
    }
  }
  return changed
}

const touchable = (root) => [...root.querySelectorAll('a, button, input')]

function swap(old, now) {
  const place = touchable(old).indexOf(document.activeElement)
  const scrolled = old.scrollLeft
  old.replaceWith(now)
  now.scrollLeft = scrolled
  if (place >= 0) (touchable(now)[place] ?? touchable(now)[0])?.focus({ preventScroll: true })
}

function remove(row) {
  const next = row.contains(document.activeElement) && (row.nextElementSibling ?? row.previousElementSibling)
  row.remove()
  if (next) next.querySelector('a').focus({ preventScroll: true })
}

function keepingFocus(row, move) {
  const focused = row.contains(document.activeElement) && document.activeElement
  move()
  if (focused) focused.focus({ preventScroll: true })
}

function flash(row) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  row.animate([{ backgroundColor: 'var(--accent-wash)' }, { backgroundColor: 'transparent' }], { duration: 2500, easing: 'ease-out' })
}
