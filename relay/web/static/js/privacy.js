// The switch that blurs amounts, at once and without another page.

/** @param {HTMLFormElement} form the partial "privacy" */
export default function (form) {
  const button = form.querySelector('button')
  const next = form.elements.namedItem('amounts')
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const body = new URLSearchParams(new FormData(form))
    const hides = document.documentElement.classList.toggle('hides', next.value === 'hidden')
    button.setAttribute('aria-pressed', String(hides))
    next.value = hides ? 'shown' : 'hidden'
    // Where it cannot be kept, it holds for this page.
    fetch(form.action, { method: 'POST', body, redirect: 'manual' }).catch(() => {})
  })
}
