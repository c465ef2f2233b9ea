// What every page does: local times, copying ids, menus that close. Pages that need
// more name their module in data-module of an element in main, and it is loaded with
// the element: export default function (element).

const language = document.documentElement.lang

const forms = {
  date: new Intl.DateTimeFormat(language, { dateStyle: 'medium' }),
  time: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
}

/** Shows the times beneath root on the reader's own clock. @param {ParentNode} root */
export function localise(root) {
  for (const time of root.querySelectorAll('time[datetime]:not([data-local])')) {
    time.title = time.textContent
    time.textContent = forms[time.dataset.form ?? 'time'].format(new Date(time.dateTime))
    time.dataset.local = ''
  }
}

/** Says something to who does not see the page. @param {string} text */
export function announce(text) {
  document.getElementById('announce').textContent = text
}

/** Loads the modules that elements beneath root name. @param {ParentNode} root */
export function enliven(root) {
  localise(root)
  for (const element of root.querySelectorAll('[data-module]:not([data-alive])')) {
    element.dataset.alive = ''
    for (const name of element.dataset.module.split(' ')) {
      import(`./${name}.js`).then((module) => module.default(element), (error) => console.error(error))
    }
  }
}

document.addEventListener('click', async (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false
  }
  const copied = event.target.closest?.('[data-copy]')
  if (copied && navigator.clipboard) {
    await navigator.clipboard.writeText(copied.dataset.copy)
    const { t } = await import('./words.js')
    announce(t('copied'))
    copied.classList.add('copied')
    setTimeout(() => copied.classList.remove('copied'), 1200)
  }
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false
    menu.querySelector('summary').focus()
  }
})

enliven(document)
