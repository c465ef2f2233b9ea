// Signing out forgets the signer, and what its queue still held, before the session ends.

import { forgetQueue } from './queue.js'
import { forget } from './signer.js'

/** @param {HTMLFormElement} form */
export default function (form) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    forget()
    await forgetQueue().catch(() => {}) // a browser that keeps nothing has nothing to forget
    form.submit()
  })
}
