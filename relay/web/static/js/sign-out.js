// Signing out forgets the signer, and what its queue still held, before the session ends.

/** @param {HTMLFormElement} form */
export default function (form) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    try {
      const [{ forget }, { clear }] = await Promise.all([import('./signer.js'), import('./queuestore.js')])
      forget()
      await clear()
    } catch (err) {
      console.error(err) // a browser that keeps nothing has nothing to forget
    }
    form.submit()
  })
}
