// Keys for who has many orders. They can be switched off: some people's software types
// for them.

const place = 'waybill.keys'
const chord = 1500 // ms between the two keys of one
const typed = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]'

/** @param {HTMLDialogElement} dialog the partial "shortcuts" */
export default function (dialog) {
  const on = dialog.querySelector('[data-keys-on]')
  on.checked = kept() !== 'off'
  on.addEventListener('change', () => keep(on.checked ? 'on' : 'off'))
  document.querySelector('[data-keys]')?.addEventListener('click', () => dialog.showModal())

  let led = 0 // when g was pressed
  const after = { o: () => location.assign('/orders'), s: () => location.assign('/my-shop/orders') }
  const keys = {
    '?': () => dialog.showModal(),
    '/': () => document.querySelector('input[type="search"]')?.select(),
    g: () => (led = performance.now()),
    j: () => move(1),
    k: () => move(-1),
    x: () => rowOf(document.activeElement)?.querySelector('.pick input')?.click(),
  }
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !on.checked) return
    if (event.target.closest?.(typed) || document.querySelector('dialog[open]')) return
    const second = performance.now() - led < chord
    const act = second && Object.hasOwn(after, event.key) ? after[event.key] : Object.hasOwn(keys, event.key) ? keys[event.key] : null
    if (led && event.key !== 'g') led = 0
    if (!act) return
    event.preventDefault()
    act()
  })
}

const rowOf = (element) => element?.closest('[data-rows] > *')

// move takes the focus to the next row, or to the first.
function move(by) {
  const rows = [...document.querySelectorAll('[data-rows] > *')]
  const at = rows.indexOf(rowOf(document.activeElement))
  const row = at < 0 ? rows[0] : rows[at + by]
  row?.querySelector('a')?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}

function kept() {
  try {
    return localStorage.getItem(place)
  } catch {
    return null
  }
}

function keep(value) {
  try {
    localStorage.setItem(place, value)
  } catch {
    // It holds for this page.
  }
}
