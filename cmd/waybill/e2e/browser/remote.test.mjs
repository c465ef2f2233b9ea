// Signers elsewhere (NIP-46): one signs its user in and says something of an order; one
// is handed over to the relay, and taken back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import * as nip44 from 'nostr-tools/nip44';
import { hexToBytes } from 'nostr-tools/utils';
import { act, arrives, goToOrder, neverReloaded } from './acting.mjs';
import { accessible, eventually, goTo, leave, picture, visit, world } from './fixture.mjs';
import { enter } from './session.mjs';

const key = (secret, peer) => nip44.getConversationKey(secret, peer);

// A remote signer, and the relay at which it is found: sockets to it end here.
class RemoteSigner {
  asked = [];
  #secret = generateSecretKey(); // of the signer itself
  #sockets = new Set();

  constructor(user) {
    this.user = hexToBytes(user.secret);
  }

  /** Whether somebody listens for it. */
  get heard() {
    return [...this.#sockets].some(({ id }) => id);
  }

  get address() {
    return `bunker://${getPublicKey(this.#secret)}?relay=${encodeURIComponent('wss://bunker.example')}&secret=only-once`;
  }

  serve(socket) {
    const reader = { socket, id: null };
    this.#sockets.add(reader);
    socket.onMessage((text) => {
      const [verb, first] = JSON.parse(text);
      if (verb === 'REQ') {
        reader.id = first;
        socket.send(JSON.stringify(['EOSE', first]));
      } else if (verb === 'EVENT') {
        socket.send(JSON.stringify(['OK', first.id, true, '']));
        this.#answer(first);
      }
    });
    socket.onClose(() => this.#sockets.delete(reader));
  }

  /** Reads a nostrconnect:// address, as from a screen. */
  accept(uri) {
    const { host, searchParams } = new URL(uri);
    this.#tell(host, { id: 'hello', result: searchParams.get('secret') });
  }

  #answer({ pubkey, content }) {
    const { id, method, params } = JSON.parse(nip44.decrypt(content, key(this.#secret, pubkey)));
    this.asked.push(method);
    const result = this.#do(method, params);
    this.#tell(pubkey, result === undefined ? { id, result: '', error: 'no' } : { id, result });
  }

  #tell(page, message) {
    const content = nip44.encrypt(JSON.stringify(message), key(this.#secret, page));
    const event = finalizeEvent({ kind: 24133, created_at: Math.floor(Date.now() / 1000), tags: [['p', page]], content }, this.#secret);
    for (const { id, socket } of this.#sockets) if (id) socket.send(JSON.stringify(['EVENT', id, event]));
  }

  #do(method, [first, second]) {
    switch (method) {
      case 'connect': return second === 'only-once' ? 'ack' : undefined;
      case 'get_public_key': return getPublicKey(this.user);
      case 'sign_event': return JSON.stringify(finalizeEvent(JSON.parse(first), this.user));
      case 'nip44_encrypt': return nip44.encrypt(second, key(this.user, first));
      case 'nip44_decrypt': return nip44.decrypt(second, key(this.user, first));
      case 'ping': return 'pong';
    }
  }
}

// entered waits until the signer has signed its user in; else it says what the page does.
async function entered({ page, faults }, signer, path) {
  const told = page.locator('.sign-in__told [data-fault] .note');
  const fault = told.waitFor().then(async () => assert.fail(`${await told.innerText()}\n${faults.join('\n')}\nasked: ${signer.asked}`));
  await Promise.race([arrives(page, (url) => url.pathname === path), fault.catch((err) => (err instanceof assert.AssertionError ? Promise.reject(err) : new Promise(() => {})))]);
}

test('signed in from a phone', async () => {
  const visitor = await visit(null);
  const { page } = visitor;
  const signer = new RemoteSigner(world.people.seller);
  await page.routeWebSocket('wss://bunker.example/', (socket) => signer.serve(socket));
  await goTo(page, '/sign-in?next=/orders/SEEN-PROCESSING');
  await page.locator('#bunker').fill(signer.address);
  await page.locator('[data-bunker] button').click();
  await entered(visitor, signer, '/orders/SEEN-PROCESSING');
  assert.deepEqual(signer.asked, ['connect', 'get_public_key', 'sign_event']);
  await goToOrder(page, 'SEEN-PROCESSING');
  await act(page, 'note', { note: 'It is in the kiln.' });
  await page.locator('[data-said] .note, .timeline .entry').first().waitFor();
  await neverReloaded(page, 'seller');
  assert.ok(signer.asked.filter((method) => method === 'sign_event').length > 1);
  assert.equal(signer.asked.filter((method) => method === 'connect').length, 1);
  await leave(visitor);
});

test('signed in by a code that a phone reads', async () => {
  const visitor = await visit(null);
  const { page } = visitor;
  const signer = new RemoteSigner(world.people.seller);
  await page.routeWebSocket('wss://bunker.example/', (socket) => signer.serve(socket));
  await goTo(page, '/sign-in');
  await page.locator('.sign-in__code > summary').click();
  await page.locator('#meeting').fill('wss://bunker.example');
  await page.locator('[data-invite] button').click();
  await page.locator('[data-qr] svg').waitFor();
  await accessible(page, 'the code');
  await eventually('the page listens', () => signer.heard);
  signer.accept(await page.locator('[data-uri]').innerText());
  await entered(visitor, signer, '/orders');
  await leave(visitor);
});

test('a signer is handed over to the relay, and taken back', async () => {
  const artisan = await enter('artisan');
  const { page } = artisan;
  await goTo(page, '/keys');
  await page.locator('[name="bunker"]').fill(world.bunkers.artisan);
  await page.locator('[data-form="bunker"] button').click();
  await arrives(page, /\/keys\?done=added/);
  const revoke = page.locator(`a[href="/keys/${world.people.artisan.pubkey}/revoke"]`);
  await revoke.waitFor();
  await accessible(page, 'a signer that was handed over');
  await picture(page, 'keys-signer');
  await revoke.click();
  await page.locator('form[action$="/revoke"] button').click();
  await arrives(page, /\/keys(\?|$)/);
  assert.equal(await revoke.count(), 0);
  await leave(artisan);
});
