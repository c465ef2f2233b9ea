// People in browsers: each has a browser context of their own, whose window.nostr
// (NIP-07) is a nostr-tools key on this side of the wall, as an extension would be.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import * as nip44 from 'nostr-tools/nip44';
import { hexToBytes } from 'nostr-tools/utils';

/** What the Go side has made: url, self, people {name: {secret, pubkey, npub}}, shots. */
export const world = JSON.parse(process.env.WAYBILL_WORLD);

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
const open = new Set();

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'], // root in a container has no sandbox
  });
});
after(async () => {
  await browser.close();
});

/** How long anything may take that a person waits for, in milliseconds. */
export const patience = 20_000;

/**
 * A person at a browser of their own. options: nip44 (false: a signer that cannot
 * encrypt), and those of a browser context.
 */
export async function visit(name, { nip44: encrypts = true, ...options } = {}) {
  const context = await browser.newContext({ baseURL: world.url, locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(patience);
  const visitor = { context, faults: [], asked: [] };
  if (name) await giveSigner(context, world.people[name], encrypts, visitor.asked);
  visitor.page = await newPage(visitor);
  open.add(visitor);
  return visitor;
}

/** A page that notes what goes wrong in it. */
export async function newPage(visitor) {
  const page = await visitor.context.newPage();
  page.on('pageerror', (error) => visitor.faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') visitor.faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(world.url).host) visitor.faults.push(`left the relay: ${request.url()}`);
  });
  return page;
}

async function giveSigner(context, person, encrypts, asked) {
  const secret = hexToBytes(person.secret);
  const talk = (peer) => nip44.getConversationKey(secret, peer);
  await context.exposeFunction('signerOfTests', (method, ...args) => {
    asked.push(method);
    switch (method) {
      case 'getPublicKey': return getPublicKey(secret);
      case 'signEvent': return finalizeEvent(args[0], secret);
      case 'encrypt': return nip44.encrypt(args[1], talk(args[0]));
      case 'decrypt': return nip44.decrypt(args[1], talk(args[0]));
    }
    throw new Error(`no ${method}`);
  });
  await context.addInitScript((encrypts) => {
    const ask = (method) => (...args) => window.signerOfTests(method, ...args);
    window.nostr = { getPublicKey: ask('getPublicKey'), signEvent: ask('signEvent') };
    if (encrypts) window.nostr.nip44 = { encrypt: ask('encrypt'), decrypt: ask('decrypt') };
  }, encrypts);
}

/** Ends a visit: nothing may have gone wrong in it, and no policy was broken. */
export async function leave(visitor, { but = () => false } = {}) {
  open.delete(visitor);
  await visitor.context.close();
  assert.deepEqual(visitor.faults.filter((fault) => !but(fault)), []);
}

/** Signs in by the page, as a person does, and waits for where it leads. */
export async function signIn(visitor, next = '/orders') {
  const { page } = visitor;
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByRole('button', { name: /extension/i }).click();
  await page.waitForURL((url) => url.pathname === next.split('?')[0]);
}

/** What axe-core finds wrong with the page as it is now: nothing. */
export async function accessible(page, where) {
  await page.evaluate(axe); // as a debugger does: the page's own policy stands
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map((v) => `${where}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), []);
}

/** Keeps a picture of the page, for people to look at. */
export async function picture(page, name) {
  await page.screenshot({ path: path.join(world.shots, `${name}.png`), fullPage: true, animations: 'disabled' });
}

/** Polls until check holds. */
export async function eventually(what, check) {
  for (const end = Date.now() + patience; ; ) {
    const got = await check();
    if (got) return got;
    assert.ok(Date.now() < end, `${what}: not within ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
