// What a first visit to a page costs: markup, styles and scripts as they come over the
// wire, with nothing in the cache, and before anybody does anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atWork, leave } from './fixture.mjs';
import { enter } from './session.mjs';

const most = 60 * 1024; // bytes

const pages = {
  'orders, 50 of them': ['buyer', '/orders?queue=all'],
  'orders of a shop': ['shop', '/my-shop/orders?queue=all'],
  'an order': ['seller', '/orders/SEEN-SHIPPED'],
  'an order, for who pays': ['buyer', '/orders/SEEN-ASKED'],
  figures: ['seller', '/stats?as=seller'],
};

for (const [name, [who, path]] of Object.entries(pages)) {
  test(name, async (t) => {
    const visitor = await enter(who);
    const { page } = visitor;
    const cdp = await visitor.context.newCDPSession(page);
    await cdp.send('Network.enable');
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
    const files = new Map();
    cdp.on('Network.requestWillBeSent', ({ requestId, request }) => files.set(requestId, { path: new URL(request.url).pathname, bytes: 0 }));
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const file = files.get(requestId);
      if (file) file.bytes = encodedDataLength;
    });
    await page.goto(path);
    await atWork(page);
    await page.waitForFunction(() => document.readyState === 'complete');
    const loaded = [...files.values()].filter(({ bytes }) => bytes > 0);
    const sum = (matches) => loaded.filter(({ path }) => matches(path)).reduce((all, { bytes }) => all + bytes, 0);
    const [styles, scripts, all] = [sum((p) => p.endsWith('.css')), sum((p) => p.endsWith('.js')), sum((p) => !/\.(svg|png)$/.test(p))];
    t.diagnostic(`${name}: ${all} bytes: markup ${sum((p) => !p.includes('/static/'))}, styles ${styles}, scripts ${scripts}, in ${loaded.length} files`);
    assert.ok(loaded.every(({ path }) => !/vendor\/nostr|purify/.test(path)), 'the signer is loaded before anybody acts');
    const largest = loaded.sort((a, b) => b.bytes - a.bytes).slice(0, 12).map(({ path, bytes }) => `${bytes} ${path}`);
    assert.ok(all <= most, `${name}: ${all} bytes, of at most ${most}\n${largest.join('\n')}`);
    await leave(visitor);
  });
}
