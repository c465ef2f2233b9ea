// What somebody has written in a form and not sent yet: it moves on to the same form where
// that is rendered anew. It stays in the page, for it may be private.

// A box that has to be ticked is a consent to what the form said then.
const consent = ({ type, required }) => type === 'checkbox' && required
const ticked = ({ type }) => type === 'checkbox' || type === 'radio'

/**
 * The fields that hold something of their user's.
 * @param {HTMLFormElement} form
 * @returns {HTMLInputElement[]}
 */
export const written = (form) => [...form.elements].filter((field) => field.name && field.type !== 'hidden' && !consent(field) &&
  (ticked(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue))

/**
 * Puts what was written in one form into another. What nobody has touched stays as the
 * other one has it: a sum that was proposed may be another one now.
 * @param {HTMLFormElement} from
 * @param {HTMLFormElement} to
 */
export function carry(from, to) {
  for (const { name, type, value, checked } of written(from)) {
    const field = [...to.elements].find((f) => f.name === name && f.type === type && (!ticked(f) || f.value === value))
    if (field) Object.assign(field, ticked(field) ? { checked } : { value })
  }
}

/**
 * What the form in a dialog says, by whatever name: its verb, and what is fixed in it.
 * @param {HTMLDialogElement} dialog
 * @returns {string}
 */
export const says = (dialog) => [dialog.dataset.verb, ...[...dialog.querySelectorAll('input[type=hidden]')].map((f) => f.value)].join(' ')
