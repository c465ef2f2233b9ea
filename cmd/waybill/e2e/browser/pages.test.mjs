// Every page as it looks: in light, dark, on a phone and in German, for everybody's eyes
// and for those who do not see it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, goTo, leave, picture, visit, world } from './fixture.mjs';
import { enter } from './session.mjs';

const desk = { width: 1280, height: 860 };
const phone = { width: 360, height: 740 };
// Where the bar is at its fullest: just before it leaves out a name, and before it wraps.
const full = { width: 1201, height: 860 };
const narrow = { width: 1025, height: 800 };
const tablet = { width: 768, height: 1024 };

// Whose pages: name -> path, or [path, what is done there before one looks].
const pages = {
  nobody: { home: '/', 'sign-in': '/sign-in', 'error-404': '/no-such-page' },
  newcomer: {
    'orders-none': '/orders', 'my-shop-none': '/my-shop/orders', 'stats-none': '/stats', 'keys-none': '/keys', 'order-foreign': '/orders/SEEN-PAID',
  },
  buyer: {
    orders: ['/orders', inRows], 'orders-all': ['/orders?queue=all', inRows], 'orders-nothing': '/orders?q=no-such-order', 'orders-fault': '/orders?since=yesterday',
    'buyer-intent': '/orders/SEEN-INTENT', 'buyer-asked': ['/orders/SEEN-ASKED', reveal], 'buyer-paid': '/orders/SEEN-PAID',
    'buyer-shipped': '/orders/SEEN-SHIPPED', 'buyer-delivered': '/orders/SEEN-DELIVERED', 'buyer-cancelled': '/orders/SEEN-CANCELLED',
    'buyer-disputed': '/orders/SEEN-DISPUTED', 'buyer-form': ['/orders/SEEN-ASKED', openForm],
    receipt: '/orders/SEEN-DELIVERED/receipt', 'stats-buyer': '/stats?as=buyer', 'keys-buyer': '/keys', notices: '/keys/notices',
  },
  seller: {
    'my-shop': ['/my-shop/orders', inRows], 'seller-intent': '/orders/SEEN-INTENT', 'seller-paid': ['/orders/SEEN-PAID', reveal],
    'seller-processing': '/orders/SEEN-PROCESSING', 'seller-disputed': '/orders/SEEN-DISPUTED', 'seller-form': ['/orders/SEEN-INTENT', openForm],
    invoice: '/orders/SEEN-SHIPPED/invoice', 'packing-slip': '/orders/SEEN-SHIPPED/packing-slip', 'packing-slip-bare': '/orders/SEEN-SHIPPED/packing-slip?prices=0',
    label: '/orders/SEEN-SHIPPED/label', 'stats-seller': ['/stats?as=seller', drawn], 'keys-seller': '/keys', 'keys-revoke': `/keys/${world.people.seller.pubkey}/revoke`,
  },
  shop: { 'my-shop-picked': ['/my-shop/orders?queue=all', pickAll], 'my-shop-many': ['/my-shop/orders?q=PLAIN-0&queue=all', askForMany] },
  arbiter: { disputes: '/disputes', 'disputes-closed': '/disputes?show=resolved', 'admin-disputed': ['/orders/SEEN-DISPUTED', reveal] },
};

async function inRows(page) {
  const heights = await page.locator('[data-rows] > *').evaluateAll((rows) => rows.map((row) => row.offsetHeight));
  assert.ok(heights.length > 0 && Math.max(...heights) < 120, `rows are as high as ${Math.max(...heights)} px`);
}
async function reveal(page) {
  await page.locator('[data-reveal-all]').click();
  await page.locator('[data-reveal][data-done]').waitFor();
}
async function openForm(page) {
  await page.locator('.acts .button--primary').first().click();
  await page.locator('dialog[open]').waitFor();
}
async function drawn(page) {
  await page.locator('[data-zoom] canvas').waitFor();
}
async function pickAll(page) {
  await page.locator('[data-rows] .pick input').first().check();
  await page.locator('[data-bulk]').waitFor();
}
async function askForMany(page) {
  for (const box of await page.locator('[data-rows] .pick input').all()) await box.check();
  await page.locator('[data-verb="shipped"]').click();
  await page.locator('dialog[open]').waitFor();
}

// leadTo goes to one of pages.
async function leadTo(page, to) {
  const [path, act] = [to].flat();
  await goTo(page, path);
  await act?.(page);
}

const look = (page, name) => async (how, { colorScheme = 'light', size = desk, contrast = true } = {}) => {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(size);
  await fits(page, `${name}, ${how}`);
  await accessible(page, `${name}, ${how}`, { contrast });
  await picture(page, `${name}-${how}`);
};

// Without motion: what is on its way from one colour to another has neither.
const arrive = (who, options) => (who === 'nobody' ? visit(null, { reducedMotion: 'reduce', ...options }) : enter(who, { reducedMotion: 'reduce', ...options }));
const missing = (fault) => /status of (400|404)/.test(fault); // the pages of what is not there

for (const [who, places] of Object.entries(pages)) {
  test(`${who} sees`, async (t) => {
    const visitor = await arrive(who);
    const german = await arrive(who, { locale: 'de-DE' });
    for (const [name, to] of Object.entries(places)) {
      await t.test(name, async () => {
        await visitor.page.setViewportSize(desk);
        await leadTo(visitor.page, to);
        const see = look(visitor.page, name);
        await see('light');
        await see('dark', { colorScheme: 'dark', contrast: 'alone' }); // the rest is as in light
        await see('phone', { size: phone });
        await leadTo(german.page, to);
        assert.equal(await german.page.evaluate(() => document.documentElement.lang), 'de');
        for (const size of [full, narrow, tablet, phone]) {
          await german.page.setViewportSize(size);
          await fits(german.page, `${name}, German, ${size.width}`);
        }
        await look(german.page, name)('german', { size: narrow, contrast: false }); // as in English
        await german.page.setViewportSize(desk);
      });
    }
    await leave(german, { but: missing });
    await leave(visitor, { but: missing });
  });
}
