// One thing at a time: signers ask their user, and two questions at once confuse both.

import { Problem } from './problem.js'

/**
 * A function that runs what it is given, one after another, in the order of the calls.
 * What fails does not hold up the next.
 * @returns {<T>(job: () => Promise<T>) => Promise<T>}
 */
export function turns() {
  let last = Promise.resolve()
  return (job) => {
    const mine = last.then(job)
    last = mine.then(() => {}, () => {})
    return mine
  }
}

/**
 * The promise, or a Problem with the code once ms have passed. What was begun is not
 * stopped.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} code
 * @returns {Promise<T>}
 */
export function within(promise, ms, code) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problem(code)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
