// A whole purchase between two browsers, each with its own signer. It begins with the
// intent that an ordinary client has sent (TestBrowser), and each side sees the other's
// step without loading the page again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { act, arrives, fill, goToOrder, neverReloaded, openAct, opened, openSealed, orderOf, stands } from './acting.mjs';
import { accessible, goTo, leave, signIn, visit } from './fixture.mjs';
import { enter } from './session.mjs';

const street = 'Rua das Flores 14';
const invoice = 'azul@pay.example';

function inTwoDays() {
  return new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
}

async function bothAt(id, buyer, seller) {
  for (const { page } of [buyer, seller]) await goToOrder(page, id);
  return [buyer, seller];
}

test('a purchase, by private messages', async (t) => {
  const visitor = await visit('buyer');
  await signIn(visitor, '/orders/BUY-WRAPPED');
  const [buyer, seller] = await bothAt('BUY-WRAPPED', visitor, await enter('seller'));
  await t.test('the seller asks for the money, and the buyer sees it come', async () => {
    await act(seller.page, 'request', { paymentLink: invoice, shippingQuote: '1500', eta: inTwoDays(), note: 'Thank you, Nora.' });
    await stands(seller.page, 'payment-requested');
    await stands(buyer.page, 'payment-requested');
    assert.match(await buyer.page.locator('[data-region="goods"]').innerText(), /1,500/);
    await buyer.page.locator('.entry--future').waitFor();
  });
  await t.test('the buyer opens the link: text, QR code, wallet', async () => {
    await openSealed(buyer.page);
    assert.equal((await opened(buyer.page, 'payment', 'paymentLink').first().innerText()).trim(), invoice);
    const pay = buyer.page.locator('.pay');
    await pay.locator('svg.pay__qr').waitFor();
    assert.equal(await pay.locator('a.button--primary').getAttribute('href'), `lightning:${invoice}`);
    assert.equal(await pay.locator('[data-copy]').getAttribute('data-copy'), invoice);
    await accessible(buyer.page, 'the opened link');
  });
  await t.test('paid, and confirmed', async () => {
    await act(buyer.page, 'paid', { reference: 'paid from my phone' });
    await stands(seller.page, 'paid');
    await act(seller.page, 'confirm');
    await stands(buyer.page, 'processing');
  });
  await t.test('the seller opens the address, and the papers show it in print', async () => {
    await openSealed(seller.page);
    assert.match(await opened(seller.page, 'private', 'shippingAddress').innerText(), new RegExp(street));
    for (const paper of ['label', 'packing-slip', 'packing-slip?prices=0', 'invoice']) {
      const page = await seller.context.newPage();
      await goTo(page, `/orders/BUY-WRAPPED/${paper}`);
      await page.emulateMedia({ media: 'print' });
      if (paper !== 'invoice') await page.locator('.paper').getByText(street).waitFor();
      assert.ok(await page.locator('.bar').isHidden() && await page.locator('.paper-bar').isHidden(), `${paper}: the screen's own parts are printed`);
      const prices = /sats/.test(await page.locator('.paper').innerText());
      assert.equal(prices, ['packing-slip', 'invoice'].includes(paper), `${paper}: are there prices`);
      await page.close();
    }
  });
  await t.test('shipped with its tracking, and delivered', async () => {
    await act(seller.page, 'shipped', { carrier: 'CTT', trackingNumber: 'RF418824105PT' });
    await stands(buyer.page, 'shipped');
    const parcel = buyer.page.locator('[data-region="parcels"]');
    assert.match(await parcel.innerText(), /CTT[\s\S]*RF418824105PT/);
    assert.match(await parcel.locator('a.parcel__track').getAttribute('href'), /^https:\/\/.*RF418824105PT/);
    await act(buyer.page, 'delivered');
    await stands(seller.page, 'delivered');
  });
  await neverReloaded(buyer.page, 'buyer');
  await neverReloaded(seller.page, 'seller');
  assert.ok(!JSON.stringify(await orderOf(seller, 'BUY-WRAPPED')).includes(street), 'the relay itself tells nobody the address');
  await t.test('the same again', async () => {
    const { page } = buyer;
    const dialog = await openAct(page, 'again');
    await dialog.locator('[data-fill]').click();
    const address = dialog.locator('[name="shippingAddress"]');
    await page.waitForFunction((street) => document.querySelector('#act-again [name="shippingAddress"]').value.includes(street), street);
    assert.match(await address.inputValue(), new RegExp(street));
    await fill(dialog, { 'quantity.0': '3' });
    await dialog.locator('[data-send]').click();
    await arrives(page, (url) => /^\/orders\/(?!BUY-WRAPPED)/.test(url.pathname));
    await stands(page, 'intent-sent');
    assert.match(await page.locator('[data-said]').innerText(), /new order is sent/);
    const id = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1));
    const order = await orderOf(buyer, id);
    assert.equal(order.products[0].quantity, 3);
    assert.equal(order.sellerPubkey, (await orderOf(buyer, 'BUY-WRAPPED')).sellerPubkey);
  });
  await leave(buyer);
  await leave(seller);
});

test('a purchase with signers that cannot encrypt, by posted events', async () => {
  const [buyer, seller] = await bothAt('BUY-POSTED', await enter('buyer', { nip44: false }), await enter('seller', { nip44: false }));
  const dialog = await openAct(seller.page, 'request');
  await fill(dialog, { paymentLink: invoice });
  await dialog.locator('[data-send]').click();
  await dialog.locator('[data-fault] .note').waitFor(); // a link is private
  assert.equal(await dialog.locator('[name="paymentLink"]').inputValue(), invoice, 'what was written is kept');
  await seller.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await act(buyer.page, 'paid');
  await stands(seller.page, 'paid');
  await act(seller.page, 'confirm');
  await stands(buyer.page, 'processing');
  await act(seller.page, 'shipped', { carrier: 'DHL', trackingNumber: '00340434161094042557' });
  await stands(buyer.page, 'shipped');
  await act(buyer.page, 'delivered');
  await stands(seller.page, 'delivered');
  for (const [name, { page, asked }] of Object.entries({ buyer, seller })) {
    await neverReloaded(page, name);
    assert.ok(!asked.includes('encrypt'));
    assert.equal(asked.filter((method) => method === 'signEvent').length, 2, `${name}: one signature for each step`);
  }
  const { timeline } = await orderOf(buyer, 'BUY-POSTED');
  assert.deepEqual(timeline.filter((e) => e.ok).map((e) => e.verb), ['intent', 'paid', 'confirm', 'shipped', 'delivered']);
  await leave(buyer);
  await leave(seller);
});
