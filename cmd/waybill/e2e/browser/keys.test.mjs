// Keys and notices in a real browser: as they look, and what the script adds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginSession } from './session.mjs';
import { accessible, leave, picture, visit, world } from './fixture.mjs';

const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  german: { colorScheme: 'light', locale: 'de-DE' },
};

async function enter(name, options) {
  const visitor = await visit(name, options);
  await beginSession(visitor, world.people[name]);
  return visitor;
}

for (const [look, options] of Object.entries(looks)) {
  test(`keys and notices, ${look}`, async () => {
    const visitor = await enter(Object.keys(world.people)[0], options);
    for (const [name, at] of Object.entries({ keys: '/keys', notices: '/keys/notices' })) {
      await visitor.page.goto(at);
      await accessible(visitor.page, `${name}, ${look}`);
      assert.ok(await visitor.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the window`);
      await picture(visitor.page, `${name}-${look}`);
    }
    await leave(visitor);
  });
}

test('a secret key that is pasted goes nowhere', async () => {
  const visitor = await enter(Object.keys(world.people)[0]);
  const { page } = visitor;
  const sent = [];
  await page.goto('/keys');
  page.on('request', (request) => sent.push(request.url()));
  const field = page.locator('[name=bunker]');
  for (const secret of ['nsec1' + 'q'.repeat(58), 'ncryptsec1' + 'q'.repeat(100), 'a1'.repeat(32)]) {
    await field.fill(secret);
    await page.getByRole('alert').waitFor();
    assert.equal(await field.inputValue(), '');
  }
  await accessible(page, 'the warning');
  assert.deepEqual(sent.filter((url) => !url.includes('/static/')), []);
  await leave(visitor);
});

test('a webhook secret is shown once', async () => {
  const visitor = await enter(Object.keys(world.people)[0]);
  const { page } = visitor;
  await page.goto('/keys/notices');
  await page.getByText('Add a webhook').first().click();
  await page.locator('[name=url]').fill('https://hooks.example/waybill');
  await page.locator('form[action$="/webhooks"] button').click();
  await page.getByText(/^whsec_/).waitFor();
  await accessible(page, 'the secret');
  await page.waitForFunction(() => location.pathname === '/keys/notices');
  await page.reload();
  assert.equal(await page.getByText(/^whsec_/).count(), 0);
  assert.equal(await page.locator('.hook').count(), 1);
  await leave(visitor);
});
