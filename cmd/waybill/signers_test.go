package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// askers are signers on a relay of the test's, and one participant's bunker there.
type askers struct {
	*signers
	relay  *bunkertest.Relay
	bunker *bunkertest.Bunker
	owner  string
	log    *lockedBuffer
	ends   chan error // of invitations
}

func newAskers(t *testing.T) *askers {
	t.Helper()
	master, err := nip17.LoadMaster(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := defaults()
	cfg.DataDir, cfg.Participants.PrivateSigners = t.TempDir(), true
	user := nip17test.Signer(t)
	a := &askers{relay: bunkertest.NewRelay(t), owner: user.PublicKey(), log: new(lockedBuffer), ends: make(chan error, 2*mostInvited)}
	cfg.Keys.SignerRelays = []string{a.relay.URL()}
	a.bunker = bunkertest.Start(t, user, a.relay.URL())
	a.signers = newSigners(cfg, master, new(nip17.Keyring), zerolog.New(a.log))
	a.ended = func(err error) { a.logEnd(err); a.ends <- err }
	t.Cleanup(a.close)
	return a
}

// counts are the invitations and proofs that are noted.
func (a *askers) counts() (invited, proofs, begun int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.invited), len(a.proofs), len(a.begun)
}

func (a *askers) await(t *testing.T, owner string, proven func([]byte) error) (uri string) {
	t.Helper()
	uri, err := a.Await(owner, proven, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

func never(t *testing.T) func([]byte) error {
	return func([]byte) error { t.Error("a key came of it"); return nil }
}

// Invitations that nobody comes by make room; the end of one that another has taken
// the place of leaves that one alone.
func TestInvitationsEnd(t *testing.T) {
	a := newAskers(t)
	a.await(t, a.owner, never(t))
	uri := a.await(t, a.owner, func([]byte) error { return nil })
	if err := <-a.ends; !errors.Is(err, errNobodyCame) {
		t.Errorf("the first ended with %v", err)
	}
	if invited, proofs, _ := a.counts(); invited != 1 || proofs != 1 {
		t.Fatalf("%d invitations and %d proofs, want the second one alone", invited, proofs)
	}
	client := uri[len("nostrconnect://"):][:64]
	a.relay.Subscribed(client)
	a.bunker.Accept(uri)
	if err := <-a.ends; err != nil {
		t.Errorf("the second ended with %v", err)
	}

	var owners []string
	for range mostInvited {
		owners = append(owners, nip17test.Signer(t).PublicKey())
		a.await(t, owners[len(owners)-1], never(t))
	}
	if _, err := a.Await(a.owner, never(t), func(error) {}); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("one too many: got %v", err)
	}
	a.mu.Lock()
	for _, p := range a.invited {
		p.end() // as its time does
	}
	a.mu.Unlock()
	for range owners {
		<-a.ends
	}
	if invited, proofs, _ := a.counts(); invited != 0 || proofs != 0 {
		t.Errorf("%d invitations and %d proofs are left", invited, proofs)
	}
	a.await(t, a.owner, never(t))
	a.forget(a.owner, time.Now())
	if said := a.log.String(); said != "" {
		t.Errorf("the log says %s", said)
	}
}

// Who is forgotten, or takes everything back, gets no key of what was asked before; an
// old request ends nothing that was begun since.
func TestForgetPending(t *testing.T) {
	a := newAskers(t)
	uri := a.await(t, a.owner, never(t))
	asked, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	a.bunker.Handle(func(r *bunkertest.Request) {
		once.Do(func() { close(asked) })
		<-goOn
		r.Pass()
	})
	proven := make(chan error, 1)
	go func() {
		_, err := a.Prove(t.Context(), a.bunker.URL(), a.owner, false)
		proven <- err
	}()
	<-asked
	a.forget(a.owner, time.Now().Add(-time.Minute))
	a.forget(nip17test.Signer(t).PublicKey(), time.Now())
	if invited, proofs, begun := a.counts(); invited != 1 || proofs != 2 || begun != 1 {
		t.Fatalf("%d invitations, %d proofs, %d begun; want them all", invited, proofs, begun)
	}
	a.forget(a.owner, time.Now())
	if err := <-proven; orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("the proof ended with %v", err)
	}
	close(goOn)
	a.bunker.Handle(nil)
	a.bunker.Accept(uri)
	if err := <-a.ends; !errors.Is(err, errNobodyCame) {
		t.Errorf("the invitation ended with %v", err)
	}
	if invited, proofs, begun := a.counts(); invited != 0 || proofs != 0 || begun != 0 {
		t.Errorf("%d invitations, %d proofs, %d begun are left", invited, proofs, begun)
	}
}

// A signer that sends its user to a page first: the caller is told of the page, at once
// and nobody else, and goes on with the client that was approved there.
func TestApproval(t *testing.T) {
	a := newAskers(t)
	const page = "https://signer.example/approve?id=7"
	var mu sync.Mutex
	approved := map[string]bool{}
	var clients []string
	a.bunker.Handle(func(r *bunkertest.Request) {
		mu.Lock()
		if !slices.Contains(clients, r.Client) {
			clients = append(clients, r.Client)
		}
		ok := approved[r.Client]
		mu.Unlock()
		if !ok {
			r.AskApproval(page)
			return
		}
		r.Pass()
	})
	begun := time.Now()
	_, err := a.Prove(t.Context(), a.bunker.URL(), a.owner, false)
	if orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), " "+page+" ") || errors.Unwrap(err) != nil {
		t.Fatalf("got %v, want the page and nothing behind it", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	other := nip17test.Signer(t).PublicKey()
	if _, err := a.Prove(t.Context(), a.bunker.URL(), other, false); !strings.Contains(err.Error(), page) {
		t.Errorf("for another: got %v", err)
	}
	mu.Lock()
	if len(clients) != 2 {
		t.Errorf("%d clients, want one for each owner", len(clients))
	}
	approved[clients[0]] = true
	mu.Unlock()
	stored, err := a.Prove(t.Context(), " "+a.bunker.URL()+"\n", a.owner, false)
	if err != nil {
		t.Fatalf("after the approval: %v", err)
	}
	conn, trusted, err := unpack(stored)
	if err != nil || trusted || conn.Client.PublicKey() != clients[0] || conn.Token != "" {
		t.Errorf("stored for %s with token %q, %v; want the client that was approved", conn.Client.PublicKey(), conn.Token, err)
	}
	if _, _, begun := a.counts(); begun != 1 {
		t.Errorf("%d are still begun, want the other's", begun)
	}
	if said := a.log.String(); said != "" {
		t.Errorf("the log says %s", said)
	}
}

// The operator at the shell is shown the page, and waits; so does who came by an
// invitation.
func TestApprovalShown(t *testing.T) {
	for _, name := range []string{"shell", "invitation"} {
		t.Run(name, func(t *testing.T) {
			a := newAskers(t)
			const page = "https://signer.example/approve?id=8"
			click := make(chan struct{})
			var once sync.Once
			a.bunker.Handle(func(r *bunkertest.Request) {
				once.Do(func() {
					r.AskApproval(page)
					<-click
				})
				r.Pass()
			})
			a.asks = func(owner, url string) {
				if owner != a.owner || url != page {
					t.Errorf("shown %s %s", owner, url)
				}
				close(click)
			}
			if name == "shell" {
				if _, err := a.Prove(t.Context(), a.bunker.URL(), a.owner, true); err != nil {
					t.Error(err)
				}
				return
			}
			uri := a.await(t, a.owner, func([]byte) error { return nil })
			a.relay.Subscribed(uri[len("nostrconnect://"):][:64])
			a.bunker.Accept(uri)
			if err := <-a.ends; err != nil {
				t.Error(err)
			}
			if strings.Contains(a.log.String(), page) {
				t.Errorf("the log says %s", a.log.String())
			}
		})
	}
}

// The end of the signers is the end of every proof.
func TestSignersStop(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and is silent
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := newAskers(t)
	proven := make(chan error, 1)
	url := "bunker://" + a.bunker.PublicKey() + "?relay=ws://" + l.Addr().String()
	go func() {
		_, err := a.Prove(context.WithoutCancel(t.Context()), url, a.owner, false)
		proven <- err
	}()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begun := time.Now()
	a.close()
	if err := <-proven; orders.ErrorCode(err) != orders.EUNAVAILABLE || time.Since(begun) > 2*time.Second {
		t.Errorf("it ended after %v with %v", time.Since(begun), err)
	}
}

// `keys connect` says that a signer came and was refused, with its exit code.
func TestConnectRefused(t *testing.T) {
	relay := bunkertest.NewRelay(t)
	b := bunkertest.Start(t, nip17test.Signer(t), relay.URL()) // of somebody else
	t.Setenv(envPrefix+"DATA_DIR", t.TempDir())
	out, in := io.Pipe()
	cmd := root()
	cmd.SetOut(in)
	cmd.SetErr(in)
	cmd.SetArgs([]string{"keys", "connect", "--owner", orders.Npub(nip17test.Signer(t).PublicKey()), "--relay", relay.URL()})
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(t.Context()) }()
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	uri := strings.TrimSpace(string(line[:n]))
	relay.Subscribed(uri[len("nostrconnect://"):][:64])
	b.Accept(uri)
	if err := <-done; orders.ErrorCode(err) != orders.EFORBIDDEN || exitCode(err) != 4 {
		t.Errorf("got %v, exit code %d; want it refused, 4", err, exitCode(err))
	}
}

// What a caller is told about a page is in the answer to him, by every door, and in no
// log.
func TestApprovalThroughTheDaemon(t *testing.T) {
	const page = "https://signer.example/approve?id=9"
	relay := bunkertest.NewRelay(t)
	user := nip17test.Signer(t)
	b := bunkertest.Start(t, user, relay.URL())
	b.Handle(func(r *bunkertest.Request) { r.AskApproval(page) })
	log := new(lockedBuffer)
	d := startDaemonLogging(t, zerolog.New(log), func(c *config) { c.Participants.PrivateSigners, c.Redis.Embedded = true, "memory" })

	text := d.answer(t.Context(), enrol.Caller{Pubkey: user.PublicKey(), Door: enrol.DoorMessage},
		enrol.Command{Verb: enrol.VerbEnrol, Offer: enrol.Offer{Bunker: b.URL()}})
	if !strings.HasPrefix(text, "Not done: ") || !strings.Contains(text, " "+page+" ") {
		t.Errorf("a message is answered %q", text)
	}
	sealed, err := user.Encrypt(t.Context(), d.identity.PublicKey(), b.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.keyTransfer(t.Context(), &nostr.Event{PubKey: user.PublicKey(), Content: sealed}); err == nil || !strings.Contains(err.Error(), page) {
		t.Errorf("a key transfer is answered %v", err)
	}
	status, answer := postKey(t, d, user, `{"bunker":"`+b.URL()+`"}`)
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, page) {
		t.Errorf("a request is answered %d %s", status, answer)
	}

	if records, err := d.desk.Audit.Read(); err != nil || len(records) != 6 || strings.Contains(fmt.Sprint(records), "signer.example") {
		t.Errorf("the audit log says %+v, %v", records, err)
	}
	if said := log.String(); strings.Contains(said, "signer.example") {
		t.Errorf("the log says %s", said)
	}
}

// postKey is POST /api/v1/keys as who (NIP-98).
func postKey(t *testing.T, d *daemon, who *nip17.SecretSigner, body string) (status int, answer string) {
	t.Helper()
	url := strings.Replace(d.cfg.Relay.PublicURLs[0], "ws", "http", 1) + "/api/v1/keys"
	token := nostr.Event{Kind: 27235, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"u", url}, {"method", "POST"}, {"payload", fmt.Sprintf("%x", sha256.Sum256([]byte(body)))}}}
	if err := who.Sign(t.Context(), &token); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Nostr "+base64.StdEncoding.EncodeToString([]byte(token.String())))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
