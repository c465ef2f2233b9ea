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

/** What the Go side has made: url, self, people {name: {secret, pubkey, npub}}, bunkers {name: bunker://…}, and the folders shots and sessions. */
export const world = JSON.parse(process.env.WAYBILL_WORLD);

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;

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
export const patience = 30_000;

/**
 * A person at a browser of their own. options: nip44 (false: a signer that cannot
 * encrypt), and those of a browser context.
 */
export async function visit(name, { nip44: encrypts = true, ...options } = {}) {
  const context = await browser.newContext({ baseURL: world.url, locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(patience);
  const visitor = { context, faults: [], asked: [], beforeSigning: async () => {} };
  if (name && options.javaScriptEnabled !== false) await giveSigner(visitor, world.people[name], encrypts);
  visitor.page = await newPage(visitor);
  return visitor;
}

/** A page that notes what goes wrong in it. */
export async function newPage(visitor) {
  const page = await visitor.context.newPage();
  page.on('pageerror', (error) => {
    // The browser's own fade between two pages, where one comes too soon: no script asks for it.
    if (!/^Transition was (aborted|skipped)/.test(error.message)) visitor.faults.push(`error: ${error.message}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') visitor.faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(world.url).host) visitor.faults.push(`left the relay: ${request.url()}`);
  });
  return page;
}

// giveSigner has a visitor's window.nostr. What it is asked for is noted in asked, and
// beforeSigning is waited for, as for a user who thinks about it.
async function giveSigner(visitor, person, encrypts) {
  const secret = hexToBytes(person.secret);
  const talk = (peer) => nip44.getConversationKey(secret, peer);
  await visitor.context.exposeFunction('signerOfTests', async (method, ...args) => {
    visitor.asked.push(method);
    if (method === 'signEvent') await visitor.beforeSigning();
    switch (method) {
      case 'getPublicKey': return getPublicKey(secret);
      case 'signEvent': return finalizeEvent(args[0], secret);
      case 'encrypt': return nip44.encrypt(args[1], talk(args[0]));
      case 'decrypt': return nip44.decrypt(args[1], talk(args[0]));
    }
    throw new Error(`no ${method}`);
  });
  await visitor.context.addInitScript((encrypts) => {
    const ask = (method) => (...args) => window.signerOfTests(method, ...args);
    window.nostr = { getPublicKey: ask('getPublicKey'), signEvent: ask('signEvent') };
    if (encrypts) window.nostr.nip44 = { encrypt: ask('encrypt'), decrypt: ask('decrypt') };
  }, encrypts);
}

/** Ends a visit: nothing may have gone wrong in it, and no policy was broken. */
export async function leave(visitor, { but = () => false } = {}) {
  await visitor.context.close();
  const faults = visitor.faults.filter((fault) => !but(fault));
  assert.ok(faults.length === 0, `the browser found\n${faults.join('\n')}`);
}

/** Signs in by the page, as a person does, and waits for where it leads. */
export async function signIn(visitor, next = '/orders') {
  const { page } = visitor;
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByRole('button', { name: /extension/i }).click();
  await page.waitForURL((url) => url.pathname === next.split('?')[0]);
}

/**
 * What axe-core finds wrong with the page as it is now: nothing. contrast: whether it is
 * looked at, too (it takes the most time), or alone.
 */
export async function accessible(page, where, { contrast = true } = {}) {
  await page.evaluate(axe); // as a debugger does: the page's own policy stands
  const options = contrast === 'alone' ? { runOnly: ['color-contrast'] } : { rules: { 'color-contrast': { enabled: contrast } } };
  const { violations } = await page.evaluate((options) => window.axe.run(document, { resultTypes: ['violations'], ...options }), options);
  const said = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  assert.ok(said.length === 0, `${where}: axe-core finds\n${said.join('\n')}`);
}

/** Nothing of the page is wider than its window: who reads it scrolls one way only. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth <= innerWidth) return null;
    const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5);
    return `${scrollWidth} px in ${innerWidth}: ${out.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${e.className}`).join(', ')}`;
  });
  assert.equal(wide, null, `${where} is wider than its window`);
}

/** Goes to a page, and waits until its modules are at work. */
export async function goTo(page, path) {
  const answer = await page.goto(path);
  await atWork(page);
  return answer;
}

/** Waits until the modules that the page names are at work. */
export async function atWork(page) {
  await page.evaluate(async () => {
    const names = [...document.querySelectorAll('[data-module]')].flatMap((e) => e.dataset.module.split(' '));
    await Promise.all(names.map((name) => import(`${document.body.dataset.assets}js/${name}.js`)));
  });
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
