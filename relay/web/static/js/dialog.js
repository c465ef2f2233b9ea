// A form in a <dialog>: what is wrong stands next to its field, it is sent once, and what
// was written stays there until that has worked.

import { element } from './element.js'
import { explain } from './refusal.js'
import { t } from './words.js'
import { written } from './written.js'

/**
 * Brings a dialog with a form to life.
 * @param {HTMLDialogElement} dialog
 * @param {(values: Record<string, any>, tell: (text: string, final?: boolean) => void, stop: AbortSignal) => Promise<void>} send
 *   gets what the form holds, without what is empty; `contact.email` is in `contact`. tell
 *   shows how far it is; once it is final, it cannot be stopped any more. The dialog stays
 *   shut to a second try until this ends; what it throws is shown.
 * @returns {{open: (hint?: string) => void, tell: (text: string) => void, fail: (err: any) => void}}
 */
export function formDialog(dialog, send) {
  const form = dialog.querySelector('form')
  const parts = form.querySelectorAll('fieldset, [data-send]')
  const ways = form.querySelectorAll('[data-close]') // out of it
  const signing = form.querySelector('[data-signing]')
  const fault = form.querySelector('[data-fault]')
  let stopping = new AbortController()
  const setClosable = (closable) => ways.forEach((way) => (way.disabled = !closable))
  const tell = (text, final = false) => {
    signing.textContent = text
    if (final) setClosable(false)
  }
  const fail = (err) => {
    console.debug(err)
    fault.replaceChildren(...refusal(err, dialog))
    if (!dialog.open) dialog.showModal()
    fault.scrollIntoView({ block: 'nearest' })
  }
  const setBusy = (busy) => {
    form.ariaBusy = String(busy)
    for (const part of parts) part.disabled = busy
    setClosable(true)
    stopping = new AbortController()
  }
  const busy = () => form.ariaBusy === 'true'

  for (const date of form.querySelectorAll('[data-kind=date]')) date.min = today()
  // leave stops what goes on, and only then closes.
  const leave = () => {
    if (!busy()) dialog.close()
    else if (!ways[0].disabled) stopping.abort()
  }
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault()
    leave()
  })
  form.addEventListener('click', ({ target }) => target.closest('[data-close]') && leave())
  form.addEventListener('change', ({ target }) => target.ariaInvalid === 'true' && judge(target))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (busy()) return
    fault.replaceChildren()
    const wrong = [...form.elements].filter((field) => field.name && !judge(field))
    if (wrong.length > 0) return wrong[0].focus()
    const values = valuesOf(form)
    setBusy(true)
    try {
      await send(values, tell, stopping.signal)
      if (dialog.open) return // another page comes
      form.reset()
      setBusy(false)
    } catch (err) {
      tell('')
      setBusy(false)
      fail(err)
    }
  })
  const open = (hint = '') => {
    if (!busy()) {
      fault.replaceChildren()
      tell(hint)
    }
    dialog.showModal()
    form.querySelector('fieldset :is(input:not([type=hidden]), textarea)')?.focus()
  }
  return { open, tell, fail }
}

// judge says beside the field what is wrong with it.
function judge(field) {
  const place = document.getElementById(field.getAttribute('aria-describedby')?.split(' ').pop())
  const { validity: v } = field
  const key = v.valid ? '' : v.valueMissing ? 'missing' : v.typeMismatch ? 'email' : field.dataset.kind ?? 'number'
  field.ariaInvalid = String(!v.valid)
  if (place && (field.type !== 'radio' || field.required)) place.textContent = key && t(`form.${key}`)
  return v.valid
}

function valuesOf(form) {
  const values = {}
  for (const [name, written] of new FormData(form)) {
    const value = written.trim()
    if (value === '') continue
    const [group, part] = name.split('.')
    // A day without a time is meant to be that day everywhere.
    if (form.elements[name].dataset?.kind === 'date') values[name] = `${value}T12:00Z`
    else if (part) (values[group] ??= {})[part] = value
    else values[name] = value
  }
  return values
}

// refusal is what went wrong, with what one can do about it.
function refusal(err, dialog) {
  const note = element('p', { class: 'note note--bad' }, explain(err))
  const again = /^(signer-(missing|other-session|changed-account)|unauthenticated)$/.test(err.code)
  if (!again && !err.allowedActions && err.code !== 'stale') return [note]
  const href = again ? `/sign-in?again=1&next=${encodeURIComponent(location.pathname + location.search)}` : location.href
  const link = element('a', { class: 'button', href }, t(again ? 'refusal.sign-in' : 'refusal.reload'))
  if (again) return [note, link]
  if (err.allowedActions && written(dialog.querySelector('form')).length > 0) {
    note.append(' ', t(err.allowedActions.includes(dialog.dataset.verb) ? 'refusal.kept' : 'refusal.lost'))
  }
  link.addEventListener('click', (event) => {
    // A page that keeps itself up to date does that once the dialog has closed.
    if (dialog.dispatchEvent(new CustomEvent('waybill:outdated', { bubbles: true, cancelable: true }))) return
    event.preventDefault()
    dialog.close()
  })
  return [note, link]
}

function today() {
  const now = new Date()
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}
