// An order that moves on while its form is being written: nothing is signed that was read
// otherwise, and nothing that was written is lost, or left in the browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act, fill, goToOrder, neverReloaded, openAct, orderOf, stands } from './acting.mjs';
import { accessible, leave } from './fixture.mjs';
import { enter } from './session.mjs';

const wallet = 'from my blue wallet';
const second = 'the second half will follow';

/** Sends a form of an order that has moved on, and answers with what it is told. */
async function refused(dialog) {
  await dialog.locator('[data-send]').click();
  const fault = dialog.locator('[data-fault]');
  await fault.locator('a.button').waitFor();
  return fault;
}

test('an order moves on while a form is written', async (t) => {
  const [buyer, seller] = [await enter('buyer'), await enter('seller')];
  for (const { page } of [buyer, seller]) await goToOrder(page, 'MOVED-ON');
  const { page } = buyer;

  await t.test('what was written stays in the form, what was proposed does not', async () => {
    const dialog = await openAct(page, 'paid');
    await fill(dialog, { reference: wallet, note: second });
    const proposed = await dialog.locator('[name="amount"]').inputValue();
    await act(seller.page, 'request', { paymentLink: 'azul@pay.example', shippingQuote: '2500' });
    await stands(page, 'payment-requested');
    const signed = buyer.asked.length;
    const fault = await refused(dialog);
    assert.match(await fault.innerText(), /has changed.*You can do now: .*stays in the form/s);
    await accessible(page, 'a form that is out of date');
    assert.equal(buyer.asked.filter((method) => method === 'signEvent').length, 0, `signed: ${buyer.asked.slice(signed)}`);
    await fault.locator('a.button').click();
    await dialog.waitFor({ state: 'hidden' });
    await page.locator('[data-region="actions"] .acts[data-grand="22500"]').waitFor();
    const again = await openAct(page, 'paid');
    assert.equal(await again.locator('[name="reference"]').inputValue(), wallet);
    assert.equal(await again.locator('[name="note"]').inputValue(), second);
    assert.notEqual(await again.locator('[name="amount"]').inputValue(), proposed);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]));
    assert.ok(!kept.includes(wallet) && !kept.includes(second), kept);
  });
  await t.test('and in a form that was closed', async () => {
    await page.keyboard.press('Escape');
    await page.evaluate(() => document.querySelector('.acts').setAttribute('data-old', ''));
    await act(seller.page, 'note', { note: 'Take your time.' });
    await page.locator('.acts:not([data-old])').waitFor();
    const dialog = await openAct(page, 'paid');
    assert.equal(await dialog.locator('[name="note"]').inputValue(), second);
    await dialog.locator('[data-send]').click();
    await dialog.waitFor({ state: 'hidden' });
    await stands(page, 'paid');
    const { timeline } = await orderOf(buyer, 'MOVED-ON');
    assert.equal(timeline.findLast((e) => e.verb === 'paid').amount, 22500);
    const next = await openAct(page, 'paid');
    assert.equal(await next.locator('[name="note"]').inputValue(), '', 'what was sent is not to be sent again');
    await page.keyboard.press('Escape');
  });
  await t.test('who cannot say it any more is told so before it is gone', async () => {
    const dialog = await openAct(page, 'cancel');
    await fill(dialog, { reason: second });
    await act(seller.page, 'shipped', { carrier: 'CTT', trackingNumber: 'RF418824105PT' });
    await stands(page, 'shipped');
    const fault = await refused(dialog);
    assert.match(await fault.innerText(), /has changed.*gone then/s);
    assert.equal(await dialog.locator('[name="reason"]').inputValue(), second);
    await fault.locator('a.button').click();
    await dialog.waitFor({ state: 'detached' });
  });
  await neverReloaded(page, 'the buyer');
  await leave(buyer);
  await leave(seller);
});
