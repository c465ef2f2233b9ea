// Disputes to their end: by an admin who hears both sides, by who raised it, by the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act, goToOrder, neverReloaded, opened, openSealed, orderOf, stands } from './acting.mjs';
import { accessible, goTo, leave } from './fixture.mjs';
import { enter } from './session.mjs';

const complaint = 'two of the mugs are chipped';
const reply = 'they left the workshop whole, see the picture';
const ruling = 'The parcel was badly packed: the money goes back.';

test('an admin rules', async () => {
  const [buyer, seller, admin] = await Promise.all(['buyer', 'seller', 'arbiter'].map((name) => enter(name)));
  await goToOrder(buyer.page, 'CASE-RULED');
  await goToOrder(seller.page, 'CASE-RULED');
  await act(buyer.page, 'dispute', { reason: complaint });
  await stands(seller.page, 'disputed');
  await act(seller.page, 'answer', { reason: reply });

  const { page } = admin;
  await goTo(page, '/disputes');
  const row = page.getByRole('row').filter({ hasText: 'CASE-RULED' });
  await row.getByRole('button', { name: /take/i }).click();
  await row.getByText('Yours').or(row.locator('.tag--mine')).first().waitFor();
  await accessible(page, 'disputes, one taken');
  await row.getByRole('link').first().click();
  await page.waitForURL(/\/orders\/CASE-RULED/);
  await goToOrder(page, 'CASE-RULED');
  await openSealed(page);
  const heard = await page.locator('[data-region="dispute"] .sealed__text').allInnerTexts();
  for (const words of [complaint, reply]) assert.ok(heard.some((text) => text.includes(words)), `the admin does not read: ${words}`);
  await act(page, 'rule', { outcome: 'cancelled', resolution: ruling });
  await stands(page, 'cancelled');

  for (const [name, visitor] of Object.entries({ buyer, seller })) {
    await stands(visitor.page, 'cancelled');
    await openSealed(visitor.page);
    assert.ok((await visitor.page.locator('[data-region="dispute"] .sealed__text').allInnerTexts()).some((text) => text.includes(ruling)), `${name} does not read the ruling`);
    await neverReloaded(visitor.page, name);
  }
  await neverReloaded(page, 'admin');
  const order = await orderOf(buyer, 'CASE-RULED');
  assert.equal(order.disputeOutcome, 'cancelled');
  assert.equal(order.payment, 'refund-due');
  await act(seller.page, 'refunded');
  await buyer.page.locator('[data-region="payment"]').getByText(/refunded/i).first().waitFor();
  for (const visitor of [buyer, seller, admin]) await leave(visitor);
});

test('who raised it takes it back', async () => {
  const [buyer, seller] = await Promise.all(['buyer', 'seller'].map((name) => enter(name)));
  for (const { page } of [buyer, seller]) await goToOrder(page, 'CASE-WITHDRAWN');
  await act(buyer.page, 'withdraw', { resolution: 'It was under the paper.' });
  for (const { page } of [buyer, seller]) await stands(page, 'shipped');
  await openSealed(seller.page);
  assert.ok((await opened(seller.page, 'dispute', 'resolution').or(seller.page.locator('[data-region="dispute"] .sealed__text')).allInnerTexts()).some((text) => text.includes('under the paper')));
  for (const visitor of [buyer, seller]) await leave(visitor);
});

test('the other side gives in', async () => {
  const [buyer, seller] = await Promise.all(['buyer', 'seller'].map((name) => enter(name)));
  for (const { page } of [buyer, seller]) await goToOrder(page, 'CASE-CONCEDED');
  await act(seller.page, 'concede-seller', { resolution: 'You are right, sorry.' });
  for (const { page } of [buyer, seller]) await stands(page, 'cancelled');
  assert.equal((await orderOf(buyer, 'CASE-CONCEDED')).payment, 'refund-due');
  for (const visitor of [buyer, seller]) await leave(visitor);
});
