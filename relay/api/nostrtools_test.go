//go:build e2e

package api

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders/client"
)

// program is one as its author would write it with nostr-tools.
const program = `
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
	cmd := exec.Command("node", "--input-type=module", "-e", program, h.url)
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

// browser is a page that begins an order: it seals what is private before its user's
// signer signs.
const browser = `
import { generateSecretKey, getPublicKey, finalizeEvent } from 'nostr-tools/pure'
import { getToken } from 'nostr-tools/nip98'
import * as nip44 from 'nostr-tools/nip44'

const [base, seller] = process.argv.slice(1)
const secret = generateSecretKey()
const me = getPublicKey(secret)
const sealed = reader => ['sealed', reader, nip44.encrypt(
  JSON.stringify({ shippingAddress: '1 Main St, Porto', note: 'naïve ☕' }), nip44.getConversationKey(secret, reader))]
const event = finalizeEvent({
  kind: 16, created_at: Math.floor(Date.now() / 1000), content: '',
  tags: [
    ['p', seller], ['subject', 'order-info'], ['type', '1'], ['order', 'W-1'], ['amount', '5000'],
    ['item', '30402:' + seller + ':mug', '1', '', 'Blue mug', '5000'],
    ['private', 'shippingAddress', 'note'], sealed(me), sealed(seller),
  ],
}, secret)
const token = await getToken(base + '/api/v1/session', 'post', e => finalizeEvent(e, secret), true)
const login = await fetch(base + '/api/v1/session', { method: 'POST', headers: { Authorization: token } })
const answer = await fetch(base + '/api/v1/orders', {
  method: 'POST', body: JSON.stringify(event),
  headers: { 'Content-Type': 'application/json', Cookie: login.headers.get('set-cookie').split(';')[0] },
})
const order = await answer.json()
const box = order.boxes[order.shippingAddress.fact]
console.log(JSON.stringify({
  status: [login.status, answer.status, order.status],
  opened: JSON.parse(nip44.decrypt(box.for[me], nip44.getConversationKey(secret, box.sealedBy))),
}))
`

// TestNostrToolsPost: what nostr-tools seals and signs is taken, and both parties open it.
func TestNostrToolsPost(t *testing.T) {
	m := newMarket(t)
	cmd := exec.Command("node", "--input-type=module", "-e", browser, m.url, m.seller.PublicKey())
	cmd.Dir = "../../cmd/waybill/e2e/nostrtools"
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"status":[201,201,"intent-sent"],"opened":{"shippingAddress":"1 Main St, Porto","note":"naïve ☕"}}`
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	o, err := m.store.Order(m.ctx, "W-1")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := client.OpenBox(m.ctx, m.seller, o.Boxes[o.ShippingAddress.Fact]); err != nil || p.ShippingAddress != "1 Main St, Porto" || o.Products[0].Title != "Blue mug" {
		t.Errorf("the seller: got %+v, %v", p, err)
	}
}
