// Keys and notices in a real browser: what the script adds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, leave } from './fixture.mjs';
import { enter } from './session.mjs';

test('a secret key that is pasted goes nowhere', async () => {
  const visitor = await enter('buyer');
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
  const visitor = await enter('buyer');
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
