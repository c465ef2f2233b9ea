//go:build e2e

package notify

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// verifier is a receiver as its author would write it with standardwebhooks.
const verifier = `
import { Webhook } from 'standardwebhooks'

for (const { secret, body, headers } of JSON.parse(process.argv[1])) {
  try {
    console.log(JSON.stringify({ ok: new Webhook(secret).verify(body, headers) }))
  } catch (e) {
    console.log(JSON.stringify({ error: e.message }))
  }
}
`

// TestStandardWebhooks has real posts verified by somebody else's library: with the
// secret, with the former one, and not otherwise.
func TestStandardWebhooks(t *testing.T) {
	rec := newReceiver(t, status(500))
	h, buyer, seller, hook := hooked(t, rec.URL)
	former := hook.Secret
	hook, err := h.notifier.RotateWebhook(t.Context(), seller.PublicKey(), hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.say(buyer, seller, intent("A-1"))
	h.told()
	posts := rec.got()
	if len(posts) != 2 {
		t.Fatalf("%d posts, want 2", len(posts))
	}
	type try struct {
		Secret  string            `json:"secret"`
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	}
	var tries []try
	for _, p := range posts {
		headers := map[string]string{}
		for name := range p.header {
			headers[name] = p.header.Get(name)
		}
		for _, secret := range []string{hook.Secret, former, NewSecret()} {
			tries = append(tries, try{secret, string(p.body), headers})
		}
		tries = append(tries, try{hook.Secret, string(p.body) + " ", headers})
	}
	given, err := json.Marshal(tries)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--input-type=module", "-e", verifier, string(given))
	cmd.Dir, cmd.Stderr = "../../cmd/waybill/e2e/nostrtools", os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(out)
	for i := range tries {
		var got struct {
			OK *struct {
				Type      string
				Timestamp time.Time
				Data      struct {
					OrderID string `json:"order_id"`
				}
			}
			Error string
		}
		if err := answers.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if good := i%4 < 2; good != (got.OK != nil) || good && (got.OK.Type != "order.created" || got.OK.Data.OrderID != "A-1") {
			t.Errorf("try %d: got %+v", i, got)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
