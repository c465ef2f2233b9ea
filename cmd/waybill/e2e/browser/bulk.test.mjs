// Twenty parcels at once, from the list of a seller: with a pause, and with pages that
// are left in the middle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderOf } from './acting.mjs';
import { accessible, atWork, eventually, goTo, leave, picture } from './fixture.mjs';
import { enter } from './session.mjs';

const ids = Array.from({ length: 20 }, (_, n) => `BULK-${String(n + 1).padStart(2, '0')}`);

// A signer's user, who thinks about the signatures from some on until told.
function thinker(visitor) {
  let given = 0;
  let tell;
  let wait = null;
  visitor.beforeSigning = async () => {
    if (wait && given >= wait.from) {
      wait.asked();
      await wait.told;
    }
    given++;
  };
  return {
    given: () => given,
    // From the signature after so many; the promise is for when it is asked for.
    hesitate(from) {
      let asked;
      const reached = new Promise((resolve) => (asked = resolve));
      wait = { from, asked, told: new Promise((resolve) => (tell = resolve)) };
      return reached;
    },
    agree() {
      wait = null;
      tell();
    },
  };
}

test('twenty are shipped at once', async (t) => {
  const shop = await enter('shop');
  const { page } = shop;
  const user = thinker(shop);
  const panel = page.locator('[data-signing]');
  const says = (text) => panel.getByText(text).first().waitFor();

  await t.test('how many can, and why not the others', async () => {
    await goTo(page, '/my-shop/orders?q=BULK-&queue=all');
    await page.locator('[data-pick-all]').check();
    await page.locator('[data-bulk-count]').getByText('22').waitFor();
    await page.locator('[data-verb="shipped"]').click();
    const dialog = page.locator('[data-many]');
    await dialog.and(page.locator('[open]')).waitFor();
    const sentence = await dialog.locator('[data-many-sentence]').innerText();
    assert.match(sentence, /\b20\b[\s\S]*\b2\b[\s\S]*cancelled/i, sentence);
    assert.equal(await dialog.locator('[data-many-orders] input').count(), 20);
    await accessible(page, 'how many can be shipped');
    await dialog.locator('[name="carrier"]').fill('DHL');
    for (const id of ids) await dialog.locator(`[name="${id}"]`).fill(`TRACK-${id}`);
    const reached = user.hesitate(5);
    await dialog.locator('[data-many-sign]').click();
    await reached;
  });
  await t.test('a pause', async () => {
    await says('6 of 20');
    await accessible(page, 'the signing');
    await picture(page, 'signing-running');
    await panel.locator('[data-do="pause"]').click();
    await panel.locator('[data-do="resume"]').waitFor();
    user.agree(); // to what was asked for: nothing is asked for after it
    await says('6 of 20');
    assert.equal(user.given(), 6);
  });
  await t.test('the page is loaded again, and it goes on', async () => {
    await page.reload();
    await atWork(page);
    await panel.locator('[data-do="resume"]').waitFor();
    assert.equal(user.given(), 6, 'nothing is signed before somebody says so');
    const reached = user.hesitate(12);
    await panel.locator('[data-do="resume"]').click();
    await reached;
  });
  await t.test('the page is left while the signer is asked', async () => {
    await page.reload();
    user.agree(); // nobody hears it any more
    await atWork(page);
    await panel.locator('[data-do="resume"]').click();
    await panel.locator('[data-do="dismiss"]').waitFor();
    await picture(page, 'signing-finished');
    await accessible(page, 'the signing, at its end');
  });
  await t.test('each is shipped, by one event', async () => {
    for (const id of ids) {
      const order = await orderOf(shop, id);
      assert.equal(order.status, 'shipped', id);
      const shipped = order.timeline.filter((entry) => entry.verb === 'shipped');
      assert.equal(shipped.length, 1, `${id}: its events`);
      assert.equal(order.parcels?.[0]?.trackingNumber ?? order.trackingNumber, `TRACK-${id}`);
    }
    await eventually('the rows say so', async () => (await page.locator('[data-rows] .status--shipped').count()) === 20);
    assert.equal(user.given(), 21, 'twenty, and the one that nobody heard');
    await panel.locator('[data-do="dismiss"]').click();
    await panel.waitFor({ state: 'hidden' });
  });
  await leave(shop);
});
