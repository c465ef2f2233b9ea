// Without JavaScript, and with a session's cookie: everything can be read, and the pages
// say in words what takes a signer.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { leave, picture, visit } from './fixture.mjs';
import { begin, enter } from './session.mjs';

const plain = (name) => enter(name, { javaScriptEnabled: false });
const rows = (page) => page.locator('[data-rows] > tr');
const idsOf = (page) => rows(page).evaluateAll((all) => all.map((row) => row.dataset.order));

async function leafThrough(page) {
  await picture(page, 'noscript-list');
  const before = await idsOf(page);
  await page.locator('[rel="next"]').click();
  await page.waitForURL((url) => url.searchParams.has('cursor') || url.searchParams.has('page'));
  const after = await idsOf(page);
  assert.ok(after.length > 0 && !after.some((id) => before.includes(id)), 'the next page is another');
}

test('a list is filtered and leafed through', async () => {
  const buyer = await plain('buyer');
  await buyer.page.goto('/orders?queue=all');
  await leafThrough(buyer.page);
  await leave(buyer);
  const shop = await plain('shop');
  const { page } = shop;

  await page.goto('/my-shop/orders?queue=all');
  await page.locator('.filters > summary').click();
  await page.locator('[name="status"]').selectOption('delivered');
  await page.locator('.filters__fields button').click();
  await page.waitForURL(/status=delivered/);
  assert.deepEqual(await idsOf(page), ['BULK-DELIVERED']);
  await page.locator('[name="q"]').fill('PLAIN-07');
  await page.locator('[name="status"]').selectOption('');
  await page.locator('.search__box').press('Enter');
  await page.waitForURL(/q=PLAIN-07/);
  assert.deepEqual(await idsOf(page), ['PLAIN-07']);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
  const csv = await readFile(await download.path(), 'utf8');
  assert.match(csv, /PLAIN-07/);
  assert.doesNotMatch(csv, /PLAIN-08/, 'the export is what the filter shows');
  await leave(shop);
});

test('an order is read, and what takes a signer is said', async () => {
  const buyer = await plain('buyer');
  const { page } = buyer;
  await page.goto('/orders?q=SEEN-SHIPPED&queue=all');
  await rows(page).first().locator('a').first().click();
  await page.waitForURL(/\/orders\/SEEN-SHIPPED/);
  await page.locator('[data-region="parcels"]').getByText('RF418824105PT').waitFor();
  await page.getByText(/scripts, and your signer/).waitFor();
  assert.ok(await page.locator('[data-buttons]').isHidden(), 'no button that does nothing');
  assert.match(await page.locator('[data-field="shippingAddress"]').first().innerText(), /sealed|locked|signer/i);
  await picture(page, 'noscript-order');
  await page.goto('/orders/SEEN-DELIVERED/receipt');
  await page.locator('.paper').getByText('SEEN-DELIVERED').first().waitFor();
  assert.ok(await page.locator('[data-print]').isHidden());
  await leave(buyer);
});

test('figures, keys and notices', async () => {
  const seller = await plain('seller');
  const { page } = seller;
  await page.goto('/stats?as=seller');
  await page.locator('svg.columns').waitFor();
  await page.locator('.twin > summary').click();
  await page.locator('.twin table').waitFor();
  await picture(page, 'noscript-stats');
  await page.goto('/keys');
  const instead = page.locator('.ways noscript .note');
  assert.ok(await instead.isVisible());
  assert.match(await instead.innerText(), /enrol bunker:/);
  assert.ok(await page.locator('[data-form="bunker"]').isHidden());
  await page.goto('/keys/notices');
  await page.locator('form[action="/keys/notices"]').first().waitFor();
  await leave(seller);
});

test('language and light are chosen, and one signs out', async () => {
  // A session of its own: it ends.
  const visitor = await visit(null, { javaScriptEnabled: false, storageState: await begin('newcomer') });
  const { page } = visitor;
  await page.goto('/orders');
  await page.locator('.bar .menu > summary').click();
  await page.locator('[name="language"]').selectOption('de');
  await page.locator('[name="theme"]').selectOption('dark');
  await page.locator('.menu__panel form[action="/preferences"] button').click();
  await page.waitForURL(/\/orders/);
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.locator('.bar .menu > summary').click();
  await page.locator('form[action="/sign-out"] button').click();
  await page.waitForURL((url) => url.pathname === '/');
  await page.goto('/orders');
  assert.match(page.url(), /\/sign-in\?next=%2Forders/);
  await page.locator('.sign-in .note--warning').waitFor(); // signing in takes a signer
  await leave(visitor);
});

test('the sign-in page says what it takes', async () => {
  const visitor = await visit(null, { javaScriptEnabled: false });
  await visitor.page.goto('/sign-in');
  await visitor.page.locator('.sign-in .note--warning').waitFor();
  assert.ok(await visitor.page.locator('[data-ways]').isHidden());
  await leave(visitor);
});
