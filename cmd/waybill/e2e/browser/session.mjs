// Signing in without the page that does it: for tests of other pages.

import assert from 'node:assert/strict';
import { finalizeEvent } from 'nostr-tools/pure';
import { hexToBytes } from 'nostr-tools/utils';
import { world } from './fixture.mjs';

/** Begins a session of person's (of world.people) in the visitor's browser. */
export async function beginSession(visitor, person) {
  const url = `${world.url}/api/v1/session`;
  const event = finalizeEvent({ kind: 27235, created_at: Math.floor(Date.now() / 1000), content: '', tags: [['u', url], ['method', 'POST']] }, hexToBytes(person.secret));
  const answer = await visitor.context.request.post(url, { headers: { Authorization: 'Nostr ' + Buffer.from(JSON.stringify(event)).toString('base64') } });
  assert.equal(answer.status(), 201, await answer.text());
}
