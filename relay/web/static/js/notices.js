// A page with a secret that is shown once: loading it again asks for the page without
// it, and does not send the form another time.

/** @param {HTMLElement} secret the section that shows it */
export default function (secret) {
  history.replaceState(null, '', '/keys/notices')
  secret.tabIndex = -1
  secret.focus()
}
