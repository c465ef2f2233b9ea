// Asking the relay's API, with the session's cookie.

import { fail, Problem } from './problem.js'

/**
 * One request. What is refused is a Problem with the code of the API, and with status,
 * allowedActions, reason, field, retryAfter (seconds) where the answer has them.
 * @param {string} method
 * @param {string} url absolute
 * @param {{body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} [options] body: becomes JSON
 * @returns {Promise<{status: number, headers: Headers, body: any}>} body: null for none
 */
export async function request(method, url, { body, headers, signal } = {}) {
  const init = { method, headers: { Accept: 'application/json', ...headers }, credentials: 'same-origin', redirect: 'error', signal }
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json'
    init.body = typeof body === 'string' ? body : JSON.stringify(body)
  }
  let answer, text
  try {
    answer = await fetch(url, init)
    text = await answer.text()
  } catch (cause) {
    fail('network', 'the relay does not answer', { cause })
  }
  let read = null
  try {
    read = text === '' ? null : JSON.parse(text)
  } catch (cause) {
    if (answer.ok) fail('unexpected-answer', 'the answer is not JSON', { status: answer.status, cause })
  }
  if (!answer.ok) throw problemOf(answer, read)
  return { status: answer.status, headers: answer.headers, body: read }
}

/** An order of the viewer's as it stands now. @param {string} id its intentId @returns {Promise<object>} */
export const orderNow = async (id) => (await request('GET', `${location.origin}/api/v1/orders/${encodeURIComponent(id)}`)).body

function problemOf(answer, read) {
  const retryAfter = Number(answer.headers.get('Retry-After')) || undefined
  if (!read?.code) return new Problem('unexpected-answer', `status ${answer.status}`, { status: answer.status, retryAfter })
  return apiProblem(read, { retryAfter, date: answer.headers.get('Date') })
}

/**
 * A problem of the API (RFC 9457), also one in the answer to many messages.
 * @param {Record<string, any>} read
 * @param {object} [more]
 * @returns {Problem}
 */
export function apiProblem(read, more = {}) {
  const { code, detail, status, reason, field, from, version, kept, allowed_actions: allowedActions } = read
  return new Problem(code, detail, { status, reason, field, from, version, kept, allowedActions, ...more })
}
