//go:build e2e

package api

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// client is a program as its author would write it with nostr-tools.
const client = `
import { generateSecretKey, getPublicKey, finalizeEvent } from 'nostr-tools/pure'
import { nsecEncode, npubEncode } from 'nostr-tools/nip19'
import { getToken } from 'nostr-tools/nip98'

const base = process.argv[1]
const secret = generateSecretKey()
const ask = async (method, path, body) => {
  const token = await getToken(base + path, method, e => finalizeEvent(e, secret), true, body)
  const request = { method, headers: { Authorization: token } }
  if (body) {
    request.headers['Content-Type'] = 'application/json'
    request.body = JSON.stringify(body)
  }
  const answer = await fetch(base + path, request)
  return [answer.status, answer.status === 204 ? null : await answer.json()]
}
const npub = npubEncode(getPublicKey(secret))
console.log(JSON.stringify({
  pubkey: getPublicKey(secret),
  add: await ask('POST', '/api/v1/keys', { secret: nsecEncode(secret), since: '2026-01-01' }),
  connect: await ask('POST', '/api/v1/keys/connect', { invite: 'naïve ☕' }),
  list: await ask('GET', '/api/v1/keys'),
  lower: await ask('get', '/api/v1/keys'),
  revoke: await ask('DELETE', '/api/v1/keys/' + npub),
}))
`

// TestNostrTools signs in as nostr-tools does.
func TestNostrTools(t *testing.T) {
	h := newHouse(t)
	cmd := exec.Command("node", "--input-type=module", "-e", client, h.url)
	cmd.Dir = "../../cmd/waybill/e2e/nostrtools"
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"add":     `[201,{"pubkey":` + string(got["pubkey"]) + `,"owner":` + string(got["pubkey"]) + `,"way":"identity-key","state":"open","since":"2026-01-01T00:00:00Z","waiting":0}]`,
		"connect": `[202,{"uri":"nostrconnect://` + string(got["pubkey"][1:]) + `}]`,
		"list":    `[200,{"data":[]}]`,
		"lower":   `[200,{"data":[]}]`,
		"revoke":  `[204,null]`,
	} {
		if string(got[name]) != want {
			t.Errorf("%s: got %s, want %s", name, got[name], want)
		}
	}
	if pubkey := `"` + h.desk.offer.Bunker + `"`; pubkey != string(got["pubkey"]) {
		t.Errorf("revoked %s, want %s", pubkey, got["pubkey"])
	}
}
