// What people do on the page of an order, as they do it.

import assert from 'node:assert/strict';
import { atWork, goTo } from './fixture.mjs';

/** Goes to an order, and marks the page: it must not be loaded again. */
export async function goToOrder(page, id) {
  await goTo(page, `/orders/${id}`);
  await page.evaluate(() => (window.neverReloaded = true));
}

/** That everything since goToOrder has happened on one and the same page. */
export async function neverReloaded(page, who) {
  assert.ok(await page.evaluate(() => window.neverReloaded), `${who}'s page was loaded again`);
}

/** Waits until the order stands so, as the page says. */
export async function stands(page, status) {
  await page.locator(`[data-region="head"] .status--${status}`).waitFor();
}

/** Opens the form of an act (see Act in relay/web/acts.go), by its button or in the menu. */
export async function openAct(page, name) {
  const button = page.locator(`[data-opens="act-${name}"]`);
  await button.waitFor({ state: 'attached' });
  await page.locator('[data-buttons]').waitFor();
  if (!(await button.isVisible())) await page.locator('.acts__more > summary').click();
  await button.click();
  const dialog = page.locator(`#act-${name}`);
  await dialog.and(page.locator('[open]')).waitFor();
  return dialog;
}

/** Fills a form: name -> value, true for a box to tick. */
export async function fill(dialog, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = dialog.locator(`[name="${name}"]`);
    const type = await field.first().getAttribute('type');
    if (type === 'radio') await dialog.locator(`[name="${name}"][value="${value}"]`).check();
    else if (value === true) await field.check();
    else await field.fill(value);
  }
}

/** Does it, to the end. */
export async function act(page, name, fields = {}) {
  const dialog = await openAct(page, name);
  await fill(dialog, fields);
  await dialog.locator('[data-send]').click();
  const fault = dialog.locator('[data-fault] .note');
  await Promise.race([dialog.waitFor({ state: 'hidden' }), fault.waitFor().then(async () => assert.fail(`${name}: ${await fault.innerText()}`), () => {})]);
}

/** Has the viewer's signer open everything that is sealed. */
export async function openSealed(page) {
  await page.locator('[data-reveal-all]').click();
  await page.locator('[data-reveal][data-done]').waitFor();
}

/** The text that was opened in a place of the page. */
export const opened = (page, region, field) => page.locator(`[data-region="${region}"] [data-field="${field}"] .sealed__text`);

/** The order as its viewer reads it at the API. */
export async function orderOf(visitor, id) {
  const answer = await visitor.page.request.get(`/api/v1/orders/${id}`);
  assert.equal(answer.status(), 200);
  return answer.json();
}

/** A page that goes to another by itself is at work there. */
export async function arrives(page, pattern) {
  await page.waitForURL(pattern);
  await atWork(page);
}
