// With nothing but the keyboard. The focus is always seen, and never lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrives, goToOrder, neverReloaded, stands } from './acting.mjs';
import { goTo, leave } from './fixture.mjs';
import { enter } from './session.mjs';

// focused tells where the focus is, and that it is seen there.
async function focused(page, when) {
  const at = await page.evaluate(() => {
    const e = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    return {
      lost: e === document.body || e === document.documentElement, tag: e.tagName, text: (e.ariaLabel ?? e.textContent).trim().replace(/\s+/g, ' ').slice(0, 60),
      ringed: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, seen: e.checkVisibility() && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
      row: e.closest('[data-rows] > *')?.dataset.order, name: e.getAttribute('name'), href: e.getAttribute('href'), opens: e.dataset.opens,
    };
  });
  assert.ok(!at.lost, `${when}: the focus is lost`);
  assert.ok(at.seen && at.ringed, `${when}: the focus is not seen, at ${at.tag} "${at.text}"`);
  return at;
}

async function tabTo(page, what, matches) {
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press('Tab');
    const at = await focused(page, `on the way to ${what}`);
    if (matches(at)) return at;
  }
  assert.fail(`${what} is not reached by Tab`);
}

test('a list', async () => {
  const shop = await enter('shop');
  const { page } = shop;
  await goTo(page, '/my-shop/orders?queue=all');
  await page.keyboard.press('Tab');
  assert.equal((await focused(page, 'first')).href, '#main');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  await page.keyboard.press('j');
  const first = (await focused(page, 'j')).row;
  await page.keyboard.press('j');
  const second = (await focused(page, 'j again')).row;
  assert.ok(first && second && first !== second);
  await page.keyboard.press('k');
  assert.equal((await focused(page, 'k')).row, first);
  await page.keyboard.press('x');
  await page.locator('[data-bulk]').waitFor();
  assert.equal((await focused(page, 'x')).row, first);
  assert.ok(await page.locator(`[data-order="${first}"] .pick input`).isChecked());
  await page.keyboard.press('x');
  await page.locator('[data-bulk]').waitFor({ state: 'hidden' });

  await page.keyboard.press('?');
  await page.locator('#keys').and(page.locator('[open]')).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#keys').waitFor({ state: 'hidden' });
  assert.equal((await focused(page, 'after the help')).row, first);

  await page.keyboard.press('/');
  assert.equal((await focused(page, '/')).name, 'q');
  await page.keyboard.type('PLAIN-03');
  await page.keyboard.press('Enter');
  await arrives(page, /q=PLAIN-03/);
  await page.keyboard.press('j');
  assert.equal((await focused(page, 'j in what was found')).row, 'PLAIN-03');
  await page.keyboard.press('Enter');
  await arrives(page, /\/orders\/PLAIN-03$/);
  await page.goBack();
  await arrives(page, /q=PLAIN-03/);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await arrives(page, (url) => url.pathname === '/orders');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await arrives(page, (url) => url.pathname === '/my-shop/orders');
  await leave(shop);
});

test('many orders at once', async () => {
  const shop = await enter('shop');
  const { page } = shop;
  await goTo(page, '/my-shop/orders?q=PLAIN-0&queue=all');
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.locator('[data-bulk]').getByText('2').first().waitFor();
  const verb = await tabTo(page, 'the bar', (at) => /Mark as shipped|Ship/i.test(at.text) && at.tag === 'BUTTON');
  await page.keyboard.press('Enter');
  await page.locator('[data-many]').and(page.locator('[open]')).waitFor();
  await focused(page, 'in the dialog');
  await page.keyboard.press('Escape');
  await page.locator('[data-many]').waitFor({ state: 'hidden' });
  assert.equal((await focused(page, 'after the dialog')).text, verb.text);
  await leave(shop);
});

test('a step of an order', async () => {
  const seller = await enter('seller');
  const { page } = seller;
  await goToOrder(page, 'BY-KEYBOARD');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // to the content
  await tabTo(page, 'the menu', (at) => at.tag === 'SUMMARY' && /More/.test(at.text));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  assert.match((await focused(page, 'after the menu')).text, /More/);
  await page.keyboard.press('Enter');
  await tabTo(page, 'the note', (at) => at.opens === 'act-note');
  await page.keyboard.press('Enter');
  const dialog = page.locator('#act-note');
  await dialog.and(page.locator('[open]')).waitFor();
  assert.equal((await focused(page, 'in the form')).name, 'note');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.match((await focused(page, 'after Escape')).text, /More/);

  await page.keyboard.press('Shift+Tab');
  assert.equal((await focused(page, 'back')).opens, 'act-request');
  await page.keyboard.press('Enter');
  const form = page.locator('#act-request');
  await form.and(page.locator('[open]')).waitFor();
  assert.equal((await focused(page, 'in the form')).name, 'paymentLink');
  await page.keyboard.press('Enter'); // it is wanted: the form says so, and stays
  await form.locator('.fault:not(:empty)').waitFor();
  assert.equal((await focused(page, 'at the fault')).name, 'paymentLink');
  await page.keyboard.type('azul@pay.example');
  await page.keyboard.press('Enter');
  await form.waitFor({ state: 'hidden' });
  await stands(page, 'payment-requested');
  await focused(page, 'after the step');
  await neverReloaded(page, 'seller');

  await tabTo(page, 'what opens everything', (at) => /Open everything|Show/i.test(at.text) && at.tag === 'BUTTON');
  await page.keyboard.press('Enter');
  await page.locator('.sealed__text').first().waitFor();
  await focused(page, 'after it is opened');
  await leave(seller);
});
