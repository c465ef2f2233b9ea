package enrol

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// A person has an identity and may have announced an encryption key.
type person struct {
	secret nip17.Secret
	signer *nip17.SecretSigner
}

func newPerson(t *testing.T) person {
	t.Helper()
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := nip17.NewSecretSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return person{secret, signer}
}

func (p person) pub() string { return p.secret.PublicKey() }

func (p person) by(door Door) Caller { return Caller{Pubkey: p.pub(), Door: door} }

func (p person) announces(t *testing.T, key string, at int64) *nostr.Event {
	t.Helper()
	evt := nostr.Event{Kind: KindEncryptionKey, CreatedAt: nostr.Timestamp(at), Tags: nostr.Tags{{"n", key}}}
	if err := p.signer.Sign(t.Context(), &evt); err != nil {
		t.Fatal(err)
	}
	return &evt
}

// published stands for the ledger.
type published struct {
	mu     sync.Mutex
	newest map[string]*nostr.Event
}

func (p *published) Announced(_ context.Context, owner string) (*nostr.Event, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest[owner], nil
}

func (p *published) Announce(_ context.Context, evt *nostr.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newest[evt.PubKey] = evt
	return nil
}

func (p *published) Waiting(context.Context, []string) (int, error) { return 3, nil }

// bunkers prove whatever URL is "bunker://" and the owner.
type bunkers struct {
	trusted bool
	proven  func([]byte) error
	refused func(error)
}

func (b *bunkers) Prove(_ context.Context, url, owner string, trusted bool) ([]byte, error) {
	b.trusted = trusted
	if url != "bunker://"+owner {
		return nil, orders.Errorf(orders.EFORBIDDEN, "it holds another key")
	}
	return []byte("a connection"), nil
}

func (b *bunkers) Await(_ string, proven func([]byte) error, refused func(error)) (string, error) {
	b.proven, b.refused = proven, refused
	return "nostrconnect://", nil
}

type office struct {
	*Desk
	dir     string
	signers *bunkers
	ledger  *published
	changes int
}

func newOffice(t *testing.T, policy Policy) *office {
	t.Helper()
	dir := t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := nip17.OpenStore(filepath.Join(dir, "keys.json"), master)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{dir: dir, signers: &bunkers{}, ledger: &published{newest: map[string]*nostr.Event{}}}
	o.Desk = &Desk{
		Store: store, Audit: NewAudit(filepath.Join(dir, "keys.log")), Policy: policy, Self: newPerson(t).pub(),
		Keyring: new(nip17.Keyring), Ledger: o.ledger, Signers: o.signers, SignerState: func(string) string { return "online" },
		Changed: func() error { o.changes++; return nil },
	}
	return o
}

// last is the last line of the audit log.
func (o *office) last(t *testing.T) Record {
	t.Helper()
	log, err := o.Audit.Read()
	if err != nil || len(log) == 0 {
		t.Fatalf("the audit log: %d lines, %v", len(log), err)
	}
	return log[len(log)-1]
}

// A key is taken only from its owner, and only with proof that it is his.
func TestEnrol(t *testing.T) {
	alice, bob, enc := newPerson(t), newPerson(t), newPerson(t)
	forged := alice.announces(t, enc.pub(), 100)
	forged.Tags = nostr.Tags{{"n", bob.pub()}}
	for _, tt := range []struct {
		name  string
		who   Caller
		offer Offer
		given *nostr.Event // in the ledger
		want  orders.Code
		way   nip17.Way
	}{
		{"one's own identity", alice.by(DoorHTTP), Offer{Secret: alice.secret}, nil, "", nip17.WayIdentity},
		{"somebody else's identity", alice.by(DoorHTTP), Offer{Secret: bob.secret}, nil, orders.EFORBIDDEN, ""},
		{"a key that was never announced", alice.by(DoorSocket), Offer{Secret: enc.secret}, nil, orders.EFORBIDDEN, ""},
		{"an announced key", alice.by(DoorSocket), Offer{Secret: enc.secret}, alice.announces(t, enc.pub(), 100), "", nip17.WayEncryption},
		{"announced with the offer", alice.by(DoorMessage), Offer{Secret: enc.secret, Announcement: alice.announces(t, enc.pub(), 100)}, nil, "", nip17.WayEncryption},
		{"announced by somebody else", alice.by(DoorMessage), Offer{Secret: enc.secret, Announcement: bob.announces(t, enc.pub(), 100)}, nil, orders.EINVALID, ""},
		{"a forged announcement", alice.by(DoorMessage), Offer{Secret: enc.secret, Announcement: forged}, nil, orders.EINVALID, ""},
		{"another key is announced", alice.by(DoorHTTP), Offer{Secret: enc.secret}, alice.announces(t, bob.pub(), 100), orders.EFORBIDDEN, ""},
		{"an earlier one, and another since", alice.by(DoorHTTP), Offer{Secret: enc.secret, Announcement: alice.announces(t, enc.pub(), 50)}, alice.announces(t, bob.pub(), 100), "", nip17.WayEncryption},
		{"the operator vouches", alice.by(DoorShell), Offer{Secret: enc.secret}, nil, "", nip17.WayEncryption},
		{"a remote signer", alice.by(DoorHTTP), Offer{Bunker: "bunker://" + alice.pub()}, nil, "", nip17.WayBunker},
		{"somebody else's signer", alice.by(DoorHTTP), Offer{Bunker: "bunker://" + bob.pub()}, nil, orders.EFORBIDDEN, ""},
		{"nothing", alice.by(DoorHTTP), Offer{}, nil, orders.EINVALID, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, Policy{Mode: Open})
			if tt.given != nil {
				o.ledger.newest[alice.pub()] = tt.given
			}
			got, err := o.Enrol(t.Context(), tt.who, tt.offer)
			if orders.ErrorCode(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			last := o.last(t)
			if tt.want != "" {
				if entries, err := o.Store.List(); err != nil || len(entries) > 0 || o.changes > 0 {
					t.Errorf("%d keys are kept, %v", len(entries), err)
				}
				if last.Outcome != Refused || last.Reason != string(tt.want) {
					t.Errorf("the audit log ends with %+v", last)
				}
				return
			}
			if got.Way != tt.way || got.Owner != alice.pub() || got.Waiting != 3 || o.changes != 1 {
				t.Errorf("got %+v, %d changes", got, o.changes)
			}
			if last.Outcome != Done || last.Way != tt.way || last.Key != got.Pubkey || last.Caller != alice.pub() {
				t.Errorf("the audit log ends with %+v", last)
			}
			if retired := tt.name == "an earlier one, and another since"; retired != (got.RetiredAt.Unix() == 100) {
				entries, _ := o.Store.List()
				if retired != (entries[0].RetiredAt.Unix() == 100) {
					t.Errorf("got %+v", entries[0])
				}
			}
		})
	}
}

func TestEnrolConflicts(t *testing.T) {
	alice, bob, enc := newPerson(t), newPerson(t), newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	for _, p := range []person{alice, bob} {
		o.ledger.newest[p.pub()] = p.announces(t, enc.pub(), 100)
	}
	enrol := func(p person, offer Offer, want orders.Code) {
		t.Helper()
		if _, err := o.Enrol(t.Context(), p.by(DoorShell), offer); orders.ErrorCode(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	enrol(alice, Offer{Secret: enc.secret}, "")
	enrol(bob, Offer{Secret: enc.secret}, orders.ECONFLICT) // it reads for alice
	enrol(alice, Offer{Secret: enc.secret, Since: time.Unix(7, 0)}, "")

	configured, err := bob.signer.ReadingKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Keyring.Add(configured); err != nil {
		t.Fatal(err)
	}
	enrol(bob, Offer{Secret: bob.secret}, orders.ECONFLICT)
	if err := o.Revoke(t.Context(), bob.by(DoorHTTP), bob.pub()); orders.ErrorCode(err) != orders.EFORBIDDEN {
		t.Errorf("a key of the configuration: got %v", err)
	}
	if list, err := o.List(t.Context(), bob.by(DoorHTTP)); err != nil || len(list) != 1 || !list[0].AddedAt.IsZero() {
		t.Errorf("got %+v, %v", list, err)
	}
	for range maxKeys - 1 {
		enrol(alice, Offer{Secret: newPerson(t).secret}, "")
	}
	enrol(alice, Offer{Secret: newPerson(t).secret}, orders.ECONFLICT)
}

// Only the owner gives a key back, and to everybody else it does not exist.
func TestRevoke(t *testing.T) {
	alice, bob := newPerson(t), newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		who  Caller
		key  string
		want orders.Code
	}{
		{bob.by(DoorHTTP), alice.pub(), orders.ENOTFOUND},
		{alice.by(DoorHTTP), bob.pub(), orders.ENOTFOUND},
		{alice.by(DoorHTTP), alice.pub(), ""},
		{alice.by(DoorHTTP), alice.pub(), orders.ENOTFOUND},
	} {
		if err := o.Revoke(t.Context(), tt.who, tt.key); orders.ErrorCode(err) != tt.want {
			t.Errorf("got %v, want %q", err, tt.want)
		}
		if list, err := o.List(t.Context(), bob.by(DoorHTTP)); err != nil || len(list) > 0 {
			t.Errorf("somebody else sees %v, %v", list, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	alice, bob := newPerson(t), newPerson(t)
	codes := NewCodes([]byte("a key of the operator's"))
	now := time.Now()
	code := codes.New(now.Add(time.Hour))
	enrol := func(t *testing.T, o *office, p person, invite string, want orders.Code) {
		t.Helper()
		if _, err := o.Enrol(t.Context(), p.by(DoorHTTP), Offer{Secret: p.secret, Invite: invite}); orders.ErrorCode(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	t.Run("list", func(t *testing.T) {
		o := newOffice(t, Policy{Mode: Listed, List: []string{alice.pub()}})
		enrol(t, o, alice, "", "")
		enrol(t, o, bob, "", orders.EFORBIDDEN)
		// Who is not named, or no more, hands over nothing further, and takes back what is his.
		o.Policy.List = []string{bob.pub()}
		enrol(t, o, alice, "", orders.EFORBIDDEN)
		if err := o.Revoke(t.Context(), alice.by(DoorHTTP), alice.pub()); err != nil {
			t.Errorf("to revoke: got %v", err)
		}
	})
	t.Run("invite", func(t *testing.T) {
		o := newOffice(t, Policy{Mode: Invited, Codes: codes})
		enrol(t, o, alice, "", orders.EFORBIDDEN)
		enrol(t, o, alice, "x"+code[1:], orders.EFORBIDDEN)
		enrol(t, o, alice, NewCodes([]byte("another's")).New(now.Add(time.Hour)), orders.EFORBIDDEN)
		enrol(t, o, alice, codes.New(now.Add(-time.Hour)), orders.EFORBIDDEN)
		enrol(t, o, alice, strings.ToUpper(code), "")
		enrol(t, o, bob, code, orders.EFORBIDDEN) // it was used
		enrol(t, o, alice, "", "")                // who is here already needs none
		if text, err := os.ReadFile(filepath.Join(o.dir, "keys.log")); err != nil || strings.Contains(string(text), code[8:]) {
			t.Errorf("the code itself is in the log, or %v", err)
		}
	})
	t.Run("an unknown mode denies", func(t *testing.T) {
		enrol(t, newOffice(t, Policy{}), alice, "", orders.EFORBIDDEN)
	})
}

// What is not written down does not happen; and strangers cannot fill the log.
func TestAudit(t *testing.T) {
	alice := newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	if err := os.Mkdir(filepath.Join(o.dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	good := o.Audit
	o.Audit = NewAudit(filepath.Join(o.dir, "folder")) // cannot be written
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret}); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("got %v", err)
	}
	if entries, err := o.Store.List(); err != nil || len(entries) > 0 {
		t.Errorf("%d keys, %v", len(entries), err)
	}
	o.Audit = good
	refused := 0
	for range 50 {
		if err := o.Revoke(t.Context(), alice.by(DoorHTTP), alice.pub()); orders.ErrorCode(err) == orders.EUNAVAILABLE {
			refused++
		}
	}
	log, err := o.Audit.Read()
	if err != nil || len(log) > 2*visitsAtOnce || refused < 50-visitsAtOnce {
		t.Errorf("%d lines, %d refused, %v", len(log), refused, err)
	}
	// A crash in the middle of a line costs that line.
	path := filepath.Join(o.dir, "keys.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := good.write(Record{Action: "after"}); err != nil {
		t.Fatal(err)
	}
	after, err := good.Read()
	if err != nil || len(after) != len(log) || after[len(after)-1].Action != "after" {
		t.Errorf("%d lines, %v; want %d", len(after), err, len(log))
	}
}

func TestConnect(t *testing.T) {
	alice := newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	uri, err := o.Connect(t.Context(), alice.by(DoorMessage), Offer{})
	if err != nil || uri != "nostrconnect://" {
		t.Fatalf("got %q, %v", uri, err)
	}
	if entries, _ := o.Store.List(); len(entries) > 0 {
		t.Error("a key is kept before its signer came")
	}
	if err := o.signers.proven([]byte("a connection")); err != nil {
		t.Fatal(err)
	}
	list, err := o.List(t.Context(), alice.by(DoorMessage))
	if err != nil || len(list) != 1 || list[0].Way != nip17.WayBunker || list[0].State != "online" || o.changes != 1 {
		t.Errorf("got %+v, %v, %d changes", list, err, o.changes)
	}
}

// Who asks to be forgotten is not enrolled by what he began before; and a signer that
// came and was not taken is written down.
func TestConnectRefused(t *testing.T) {
	alice := newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	if _, err := o.Connect(t.Context(), alice.by(DoorMessage), Offer{}); err != nil {
		t.Fatal(err)
	}
	o.signers.refused(orders.Errorf(orders.EFORBIDDEN, "it holds another key"))
	if last := o.last(t); last.Action != "connect" || last.Outcome != Refused || last.Reason != string(orders.EFORBIDDEN) {
		t.Errorf("the audit log ends with %+v", last)
	}
	if err := o.Forget(alice.pub(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := o.signers.proven([]byte("a connection")); orders.ErrorCode(err) != orders.EFORBIDDEN {
		t.Errorf("got %v", err)
	}
	if entries, err := o.Store.List(); err != nil || len(entries) > 0 {
		t.Errorf("%d keys are stored, %v", len(entries), err)
	}
	if _, err := o.Enrol(t.Context(), alice.by(DoorMessage), Offer{Bunker: "bunker://" + alice.pub()}); err != nil {
		t.Errorf("what he begins afterwards: got %v", err)
	}
}

func TestParseCommand(t *testing.T) {
	alice := newPerson(t)
	npub := orders.Npub(alice.pub())
	for _, tt := range []struct {
		text string
		ok   bool
		verb Verb
		err  bool
	}{
		{"", false, "", false},
		{"hello", false, "", false},
		{"keysmith wanted", false, "", false},
		{"help", true, VerbHelp, false},
		{" KEYS\n", true, VerbKeys, false},
		{"enroll", true, VerbEnrol, true},
		{"enrol nsec1nonsense", true, VerbEnrol, true},
		{"enrol bunker://x since 2026-01-31 invite abc", true, VerbEnrol, false},
		{"enrol bunker://x since yesterday", true, VerbEnrol, true},
		{"enrol bunker://x please", true, VerbEnrol, true},
		{"bunker://x", true, VerbEnrol, false},
		{"nsec1nonsense", true, VerbEnrol, true},
		{"ncryptsec1nonsense", true, VerbEnrol, true},
		{"connect since 2026-01-31", true, VerbConnect, false},
		{"revoke", true, VerbRevoke, true},
		{"revoke all", true, VerbRevoke, false},
		{"revoke " + npub, true, VerbRevoke, false},
		{"revoke " + alice.pub(), true, VerbRevoke, false},
		{"revoke nsec1nonsense", true, VerbRevoke, true},
	} {
		c, ok := ParseCommand(tt.text)
		if ok != tt.ok || c.Verb != tt.verb || (c.Err != nil) != tt.err {
			t.Errorf("%q: got %v, %q, %v", tt.text, ok, c.Verb, c.Err)
		}
		if c.Err != nil && strings.Contains(c.Err.Error(), "nonsense") {
			t.Errorf("%q: the error quotes it: %v", tt.text, c.Err)
		}
	}
	if c, _ := ParseCommand("revoke " + npub); c.Pubkey != alice.pub() {
		t.Errorf("got %q", c.Pubkey)
	}
	// What the relay answers is no command, to no relay.
	for line := range strings.Lines(Usage) {
		if _, ok := ParseCommand(line); ok {
			t.Errorf("a line of the usage is a command: %q", line)
		}
	}
}

// The words say every way there is, the safest first.
func TestWays(t *testing.T) {
	var ways []nip17.Way
	for _, w := range Ways() {
		ways = append(ways, w.Way)
		if w.Title == "" || w.Do == "" || w.Costs == "" {
			t.Errorf("%s: a word is missing", w.Way)
		}
	}
	if want := []nip17.Way{WayCopy, nip17.WayEncryption, nip17.WayBunker, nip17.WayIdentity}; !slices.Equal(ways, want) {
		t.Errorf("got %q, want %q", ways, want)
	}
}

// Whatever is pasted behind a verb, the answer quotes none of it.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{"enrol nsec1nonsense-nonsense since 2026-01-31", "enrol bunker://x invite abcdefghij", "revoke nsec1nonsense-nonsense", "connect since ncryptsec1nonsense", "nsec1nonsense-nonsense"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := ParseCommand(text)
		if !ok || c.Err == nil {
			return
		}
		for _, word := range strings.Fields(text)[1:] {
			if len(word) > 12 && strings.Contains(c.Err.Error(), word) {
				t.Errorf("the error quotes %q", word)
			}
		}
	})
}

// However many strangers come, an owner revokes, and is answered.
func TestStrangersStopNobody(t *testing.T) {
	alice := newPerson(t)
	codes := NewCodes([]byte("a key of the operator's"))
	o := newOffice(t, Policy{Mode: Open, Codes: codes})
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret}); err != nil {
		t.Fatal(err)
	}
	stopped := false
	for range 2 * answersToStrangers {
		stranger := newPerson(t)
		err := o.Revoke(t.Context(), stranger.by(DoorMessage), alice.pub())
		stopped = stopped || orders.ErrorCode(err) == orders.EUNAVAILABLE
		o.Answers(stranger.pub())
	}
	if !stopped || o.Answers(newPerson(t).pub()) {
		t.Error("strangers may come without end")
	}
	if !o.Answers(alice.pub()) {
		t.Error("an owner is not answered")
	}
	if err := o.Revoke(t.Context(), alice.by(DoorMessage), alice.pub()); err != nil {
		t.Errorf("an owner: got %v", err)
	}
	invited := newPerson(t)
	if _, err := o.Enrol(t.Context(), invited.by(DoorHTTP), Offer{Secret: invited.secret, Invite: codes.New(time.Now().Add(time.Hour))}); err != nil {
		t.Errorf("somebody whom the operator has invited: got %v", err)
	}
}

// An invitation is used up by a key that was taken, and by nothing else.
func TestInvitationSurvivesFailure(t *testing.T) {
	alice, bob := newPerson(t), newPerson(t)
	codes := NewCodes([]byte("a key of the operator's"))
	o := newOffice(t, Policy{Mode: Invited, Codes: codes})
	code := codes.New(time.Now().Add(time.Hour))
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Bunker: "bunker://" + bob.pub(), Invite: code}); orders.ErrorCode(err) != orders.EFORBIDDEN {
		t.Fatalf("got %v", err)
	}
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret, Invite: code}); err != nil {
		t.Errorf("the second attempt: got %v", err)
	}
	if _, err := o.Enrol(t.Context(), bob.by(DoorHTTP), Offer{Secret: bob.secret, Invite: code}); orders.ErrorCode(err) != orders.EFORBIDDEN {
		t.Errorf("somebody else with the same code: got %v", err)
	}
}

func TestMaxParticipants(t *testing.T) {
	o := newOffice(t, Policy{Mode: Open})
	o.Max = 2
	var last person
	for i := range 3 {
		last = newPerson(t)
		_, err := o.Enrol(t.Context(), last.by(DoorHTTP), Offer{Secret: last.secret})
		if (err == nil) != (i < 2) || err != nil && orders.ErrorCode(err) != orders.ECONFLICT {
			t.Errorf("participant %d: got %v", i+1, err)
		}
	}
	if _, err := o.Enrol(t.Context(), last.by(DoorShell), Offer{Secret: last.secret}); err != nil {
		t.Errorf("by the operator: got %v", err)
	}
}

// A key that is in the configuration, too, goes on opening: that is not said to be done.
func TestRevokeConfigured(t *testing.T) {
	alice := newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Store.Load(o.Keyring); err != nil {
		t.Fatal(err)
	}
	configured, err := alice.signer.ReadingKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Keyring.Add(configured); err != nil { // in place of the store's
		t.Fatal(err)
	}
	for _, who := range []Caller{alice.by(DoorHTTP), {Door: DoorShell}} {
		if err := o.Revoke(t.Context(), who, alice.pub()); orders.ErrorCode(err) != orders.EFORBIDDEN {
			t.Errorf("%s: got %v", who.Door, err)
		}
	}
	if entries, err := o.Store.List(); err != nil || len(entries) > 0 {
		t.Errorf("%d keys are stored, %v", len(entries), err)
	}
	if _, err := o.Enrol(t.Context(), alice.by(DoorHTTP), Offer{Secret: alice.secret, Since: time.Now().Add(time.Hour)}); orders.ErrorCode(err) != orders.EINVALID {
		t.Errorf("since the future: got %v", err)
	}
}

// A key that does not open is said to be locked, to its owner and to the operator; he
// hands it over again.
func TestLocked(t *testing.T) {
	alice, bob := newPerson(t), newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	for _, p := range []person{alice, bob} {
		if _, err := o.Enrol(t.Context(), p.by(DoorHTTP), Offer{Secret: p.secret}); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(o.dir, "keys.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Each has the other's secret in his row.
	sealed := regexp.MustCompile(`"v1\.[^"]+"`).FindAllString(string(text), -1)
	swapped := strings.NewReplacer(sealed[0], sealed[1], sealed[1], sealed[0]).Replace(string(text))
	if err := os.WriteFile(path, []byte(swapped), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, who := range []Caller{alice.by(DoorHTTP), bob.by(DoorMessage), {Door: DoorShell}} {
		list, err := o.List(t.Context(), who)
		if err != nil || len(list) == 0 || slices.ContainsFunc(list, func(g Delegation) bool { return g.State != StateLocked }) {
			t.Errorf("by %s: got %+v, %v", who.Door, list, err)
		}
	}
	if err := o.Revoke(t.Context(), alice.by(DoorHTTP), alice.pub()); err != nil {
		t.Error(err)
	}
	if _, err := o.Enrol(t.Context(), bob.by(DoorHTTP), Offer{Secret: bob.secret}); err != nil {
		t.Error(err)
	}
	if list, err := o.List(t.Context(), Caller{Door: DoorShell}); err != nil || len(list) != 1 || list[0].State != "open" {
		t.Errorf("afterwards: got %+v, %v", list, err)
	}
}

// Who has tried a lot of late still gives back every key of his, at once.
func TestRevokeHoweverOften(t *testing.T) {
	alice := newPerson(t)
	o := newOffice(t, Policy{Mode: Open})
	var keys []string
	for range maxKeys {
		p := newPerson(t)
		if _, err := o.Enrol(t.Context(), alice.by(DoorShell), Offer{Secret: p.secret}); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, p.pub())
	}
	for range visitsAtOnce + 1 {
		_ = o.Visit(alice.by(DoorMessage))
	}
	for _, key := range keys {
		if err := o.Revoke(t.Context(), alice.by(DoorMessage), key); err != nil {
			t.Errorf("got %v", err)
		}
	}
	if err := o.Revoke(t.Context(), alice.by(DoorMessage), keys[0]); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("what is not here any more: got %v", err)
	}
}
