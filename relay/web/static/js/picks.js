// Which orders of a list are picked: rows of the page, or all that the filter means.

/** Emits `change`. */
export class Picks extends EventTarget {
  /** All that the filter means, also on other pages. */
  everything = false
  #ids = new Set()
  #last = null // the row that was picked last, for a range

  /** @param {HTMLElement} section the list */
  constructor(section) {
    super()
    this.section = section
    section.addEventListener('click', (event) => this.#clicked(event))
    section.addEventListener('rows', () => this.#show())
    this.#show()
  }

  /** The orders that are picked on this page, as far as a message needs them. @returns {object[]} */
  orders() {
    return this.#rows().filter((row) => this.#ids.has(row.dataset.order)).map(orderOf)
  }

  /** How many; of everything, how many the filter means. */
  get count() {
    return this.everything ? this.total : this.#ids.size
  }

  /** How many the filter means; -1 where that is not known. */
  get total() {
    return Number(this.section.dataset.total)
  }

  /** Whether every row of the page is picked, and there are more. */
  get couldBeMore() {
    return this.#ids.size > 0 && this.#ids.size === this.#rows().length && (this.total < 0 || this.total > this.#ids.size)
  }

  pickEverything() {
    this.everything = true
    this.dispatchEvent(new Event('change'))
  }

  clear() {
    this.#ids.clear()
    this.#show()
  }

  #rows() {
    return [...this.section.querySelectorAll('[data-rows] > *')]
  }

  #clicked({ target, shiftKey }) {
    if (target.matches('[data-pick-all]')) {
      for (const row of this.#rows()) this.#set(row, target.checked)
    } else if (target.matches('.listed .pick input')) {
      const row = target.closest('.listed')
      const rows = this.#rows()
      const [from, to] = [rows.indexOf(shiftKey && this.#last ? this.#last : row), rows.indexOf(row)].sort((a, b) => a - b)
      for (const each of rows.slice(Math.max(from, 0), to + 1)) this.#set(each, target.checked)
      this.#last = row
    } else {
      return
    }
    this.#show()
  }

  #set(row, picked) {
    if (picked) this.#ids.add(row.dataset.order)
    else this.#ids.delete(row.dataset.order)
    this.everything = false
  }

  // show makes the boxes say what is picked, after a reload of the page too, where the
  // browser fills them in again.
  #show() {
    const rows = this.#rows()
    const here = new Set(rows.map((row) => row.dataset.order))
    for (const id of this.#ids) if (!here.has(id)) this.#ids.delete(id)
    if (this.#ids.size === 0) this.everything = false
    for (const row of rows) row.querySelector('.pick input').checked = this.#ids.has(row.dataset.order)
    const all = this.section.querySelector('[data-pick-all]')
    if (all) {
      all.checked = rows.length > 0 && this.#ids.size === rows.length
      all.indeterminate = this.#ids.size > 0 && !all.checked
    }
    this.dispatchEvent(new Event('change'))
  }
}

const orderOf = ({ dataset: d }) => ({
  intentId: d.order, orderId: d.id, buyerPubkey: d.buyer, sellerPubkey: d.seller, totalSats: Number(d.total), grandTotal: Number(d.grand),
})
