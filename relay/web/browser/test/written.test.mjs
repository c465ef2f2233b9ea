import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carry, says, written } from '../../static/js/written.js'

// A form, as far as the module touches it: name -> [type, what the server put in, what is in it now].
const formOf = (fields) => ({
  elements: [...Object.entries(fields).map(([key, [type, put, now = put, more]]) => {
    const name = key.split('=')[0]
    if (type !== 'checkbox' && type !== 'radio') return { name, type, defaultValue: put, value: now, ...more }
    return { name, type, value: key.split('=')[1] ?? 'yes', defaultChecked: put, checked: now, ...more }
  }), { name: '', type: 'fieldset' }, { name: '', type: 'submit', value: '', defaultValue: 'x' }],
})
const held = ({ elements }) => Object.fromEntries(elements.filter((f) => f.name).map((f) => [f.name + (f.type === 'radio' ? `=${f.value}` : ''), f.checked ?? f.value]))

test('what was written moves on, and nothing else', () => {
  const old = formOf({
    amount: ['text', '21500'], reference: ['text', '', 'ana@wallet.example'], note: ['textarea', 'Thank you', ''], eta: ['date', '', '2026-03-14'],
    sure: ['checkbox', false, true, { required: true }], self: ['checkbox', false, true], 'way=post': ['radio', true, false], 'way=self': ['radio', false, true],
    outcome: ['hidden', 'resume', 'resume'], carrier: ['text', '', 'CTT'],
  })
  assert.deepEqual(written(old).map((f) => f.name), ['reference', 'note', 'eta', 'self', 'way', 'way', 'carrier'])
  const fresh = formOf({
    amount: ['text', '30000'], reference: ['text', ''], note: ['textarea', 'Thank you'], eta: ['date', ''], sure: ['checkbox', false, false, { required: true }],
    self: ['checkbox', false], 'way=post': ['radio', true], 'way=self': ['radio', false], outcome: ['hidden', 'delivered'],
  })
  carry(old, fresh)
  assert.deepEqual(held(fresh), {
    amount: '30000', reference: 'ana@wallet.example', note: '', eta: '2026-03-14', sure: false, self: true, 'way=post': false, 'way=self': true, outcome: 'delivered',
  })
  assert.deepEqual(written(fresh).map((f) => f.name), ['reference', 'note', 'eta', 'self', 'way', 'way']) // it is still its user's
})

test('a form that nobody has touched is left as it is', () => {
  const fresh = formOf({ amount: ['text', '30000'] })
  carry(formOf({ amount: ['text', '21500'] }), fresh)
  assert.deepEqual(held(fresh), { amount: '30000' })
})

test('the same form has the same verb, and the same that is fixed in it', () => {
  const dialog = (verb, ...fixed) => ({ dataset: { verb }, querySelectorAll: () => fixed.map((value) => ({ value })) })
  assert.equal(says(dialog('dispute')), says(dialog('dispute'))) // be it the first, or an answer to the other side's
  assert.notEqual(says(dialog('resolved', 'resume')), says(dialog('resolved', 'cancelled')))
  assert.notEqual(says(dialog('note')), says(dialog('cancel')))
})
