// What happens at the relay, as it happens: one stream for the whole page, and none
// while nobody looks at it.

/**
 * @typedef {object} News
 * @property {'order' | 'gone' | 'reset'} name reset: something may have been missed
 * @property {{intentId: string, status?: string, version?: number, changed?: string[]} | null} change
 */

const names = ['order', 'gone', 'reset']
const shortest = 15_000 // ms, before a stream that was refused is asked for again
const longest = 600_000

/** @type {Set<(news: News) => void>} */
const followers = new Set()
let stream = null
let missed = false // there was a time without a stream
let wait = shortest
let retry

function open() {
  clearTimeout(retry)
  if (stream || document.hidden || followers.size === 0) return
  stream = new EventSource('/api/v1/events')
  stream.onopen = () => {
    wait = shortest
    if (missed) tell({ name: 'reset', change: null })
    missed = false
  }
  for (const name of names) stream.addEventListener(name, ({ data }) => tell({ name, change: read(data) }))
  stream.onerror = () => {
    if (stream?.readyState !== EventSource.CLOSED) return // it comes back by itself, where it was
    close()
    retry = setTimeout(open, wait)
    wait = Math.min(2 * wait, longest)
  }
}

function close() {
  clearTimeout(retry)
  stream?.close()
  stream = null
  missed = true
}

function read(data) {
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}

function tell(news) {
  for (const follower of followers) follower(news)
}

document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))

/**
 * Calls back with all news of the viewer's orders, from now on.
 * @param {(news: News) => void} callback
 * @returns {() => void} ends it
 */
export function follow(callback) {
  followers.add(callback)
  open()
  return () => {
    followers.delete(callback)
    if (followers.size === 0) close()
  }
}
