// Being signed in without the page that does it: for tests of other pages. Each person
// signs in once, since an address may do so every now and then only; what a browser keeps
// of that is given to every later visit, of other files too.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { finalizeEvent } from 'nostr-tools/pure';
import { hexToBytes } from 'nostr-tools/utils';
import { visit, world } from './fixture.mjs';

/** A visit (see visit) of somebody who has signed in. */
export async function enter(name, options) {
  const file = path.join(world.sessions, `${name}.json`);
  kept.set(name, kept.get(name) ?? readFile(file, 'utf8').then(JSON.parse, () => begin(name)));
  const storageState = await kept.get(name);
  await writeFile(file, JSON.stringify(storageState));
  return visit(name, { storageState, ...options });
}

const kept = new Map(); // name -> Promise of the storage of a browser

/** What a browser keeps of a session that is begun anew. */
export async function begin(person) {
  const { secret, pubkey } = world.people[person];
  const url = `${world.url}/api/v1/session`;
  const event = finalizeEvent({ kind: 27235, created_at: Math.floor(Date.now() / 1000), content: '', tags: [['u', url], ['method', 'POST'], ['nonce', randomUUID()]] }, hexToBytes(secret));
  const answer = await fetch(url, { method: 'POST', headers: { Authorization: 'Nostr ' + Buffer.from(JSON.stringify(event)).toString('base64') } });
  assert.equal(answer.status, 201, await answer.text());
  const [name, value] = answer.headers.getSetCookie()[0].split(';')[0].split('=');
  const { hostname, origin } = new URL(url);
  return {
    cookies: [{ name, value, domain: hostname, path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Lax' }],
    origins: [{ origin, localStorage: [{ name: 'waybill.signer', value: JSON.stringify({ how: 'nip07', pubkey }) }] }],
  };
}
