package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// auditor checks the messages of a file with the key of one party, or with none.
type auditor struct {
	file     *auditFile
	me       *nip17.SecretSigner // nil: no key
	keyring  *nip17.Keyring
	dialects *dialect.Registry
	problems []string
}

// A reading is what could be found out about one message.
type reading struct {
	rumor  string
	opened bool     // its author's signature, and that the facts are what it says
	sealed []string // who signed a seal that this key cannot open (hex), each once
}

func newAuditor(file *auditFile, me *nip17.SecretSigner) (*auditor, error) {
	a := &auditor{file: file, me: me, keyring: new(nip17.Keyring), dialects: dialect.New(dialect.WithKinds(file.RumorKinds...), dialect.WithDirectMessages())}
	if me == nil {
		return a, nil
	}
	reading, err := me.ReadingKey()
	if err != nil {
		return nil, err
	}
	return a, a.keyring.Add(reading)
}

func (a *auditor) problem(what string) {
	if !slices.Contains(a.problems, what) {
		a.problems = append(a.problems, what)
	}
}

// message checks every copy of one message.
func (a *auditor) message(ctx context.Context, m *auditMessage) reading {
	f := reading{rumor: m.Rumor}
	for i := range m.Copies {
		c := &m.Copies[i]
		where := "message " + middle(m.Rumor, 16) + ", copy for " + middle(orders.Npub(c.Recipient), 20) + ": "
		if c.Seal != nil && !(*ledger.Seal)(c.Seal).Sound() {
			a.problem(where + "the seal's signature is not its author's")
			continue
		}
		var proved, failed bool
		switch {
		case c.Wrap != nil:
			proved, failed = a.wrap(ctx, where, m, c)
		case a.me != nil:
			proved, failed = a.kept(ctx, where, m, c)
		}
		if f.opened = f.opened || proved; !proved && !failed && c.Seal != nil && !slices.Contains(f.sealed, c.Seal.Author) {
			f.sealed = append(f.sealed, c.Seal.Author)
		}
	}
	for i := range a.file.Facts {
		if fact := &a.file.Facts[i]; fact.ID == m.Rumor {
			a.box(ctx, fact, nil)
		}
	}
	return f
}

// wrap checks a gift wrap, and opens it where it is for this key.
func (a *auditor) wrap(ctx context.Context, where string, m *auditMessage, c *auditCopy) (proved, failed bool) {
	if sound, err := c.Wrap.CheckSignature(); !c.Wrap.CheckID() || !sound || err != nil || c.Wrap.ID != c.WrapID {
		a.problem(where + "the wrap's id or signature is wrong")
		return false, true
	}
	if c.Wrap.Kind != nostr.KindGiftWrap {
		return a.signed(ctx, where, m, c)
	}
	if a.me == nil || c.Recipient != a.me.PublicKey() {
		return false, false
	}
	receivedAt := a.receivedAt(m, c)
	msg, err := nip17.Open(ctx, c.Wrap, a.keyring, nip17.Clock(func() time.Time { return time.UnixMilli(receivedAt) }))
	if err != nil {
		a.problem(where + "the wrap does not open: " + nip17.Reason(err))
		return false, true
	}
	if c.Seal == nil || *c.Seal != (auditSeal{msg.Seal.ID, msg.Seal.PubKey, msg.Seal.Sig}) {
		a.problem(where + "another seal is in the wrap than the file says")
		return false, true
	}
	return a.rumor(ctx, where, m, c, msg.Rumor, flagsOf(msg))
}

// signed checks a message that its author signed himself: in the open, where
// anybody can read it, or encrypted for the other party (NIP-04, kind 4).
func (a *auditor) signed(ctx context.Context, where string, m *auditMessage, c *auditCopy) (proved, failed bool) {
	if c.Wrap.Kind != nostr.KindEncryptedDirectMessage {
		return a.rumor(ctx, where, m, c, *c.Wrap, nil)
	}
	receivedAt := a.receivedAt(m, c)
	msg, err := nip17.OpenDirect(ctx, c.Wrap, a.keyring, nip17.Verified(), nip17.Clock(func() time.Time { return time.UnixMilli(receivedAt) }))
	switch {
	case errors.Is(err, nip17.ErrNotForUs):
		return false, false
	case err != nil:
		a.problem(where + "the message does not open: " + nip17.Reason(err))
		return false, true
	}
	return a.rumor(ctx, where, m, c, msg.Rumor, flagsOf(msg))
}

func flagsOf(msg nip17.Message) (flags []orders.Flag) {
	for _, flag := range msg.Flags {
		flags = append(flags, orders.Flag(flag))
	}
	return flags
}

// kept checks a seal that was kept in a box, because its wrap was not. Only its
// author and the relay can open it.
func (a *auditor) kept(ctx context.Context, where string, m *auditMessage, c *auditCopy) (proved, failed bool) {
	fact := a.first(m, c)
	if c.Seal == nil || fact == nil || fact.Box == nil {
		return false, false
	}
	private, err := client.OpenBox(ctx, a.me, *fact.Box)
	if err != nil || private.Seal == "" {
		return false, false
	}
	var seal nostr.Event
	if err := json.Unmarshal([]byte(private.Seal), &seal); err != nil || !seal.CheckID() || seal.ID != c.Seal.ID || seal.PubKey != c.Seal.Author {
		a.problem(where + "the seal in the box is not the one that was signed")
		return false, true
	}
	if seal.PubKey != a.me.PublicKey() {
		return false, false
	}
	text, err := a.me.Decrypt(ctx, c.Recipient, seal.Content)
	if err != nil {
		return false, false // it was encrypted with another key of his (kind 10044)
	}
	var rumor nostr.Event
	if err := json.Unmarshal([]byte(text), &rumor); err != nil || rumor.PubKey != seal.PubKey {
		a.problem(where + "what is in the seal is no message of its author")
		return false, true
	}
	if rumor.ID == "" {
		rumor.ID = rumor.GetID()
	}
	if !rumor.CheckID() {
		a.problem(where + "the message's id is not its hash")
		return false, true
	}
	return a.rumor(ctx, where, m, c, rumor, nil)
}

// receivedAt is when the relay says that the message came: a later wrap of it has
// brought nothing new.
func (a *auditor) receivedAt(m *auditMessage, c *auditCopy) int64 {
	if f := a.first(m, c); f != nil {
		return f.ReceivedAt
	}
	return c.ReceivedAt
}

// first is the first fact that was read from the message in that inbox, or nil.
func (a *auditor) first(m *auditMessage, c *auditCopy) *orders.Fact {
	for i := range a.file.Facts {
		if f := &a.file.Facts[i]; f.ID == m.Rumor && f.N == 0 && c.holds(f) {
			return f
		}
	}
	return nil
}

// open reports whether the copy is no message to anybody: it was published.
func (c *auditCopy) open() bool {
	return c.Wrap != nil && c.Wrap.Kind != nostr.KindGiftWrap && c.Wrap.Kind != nostr.KindEncryptedDirectMessage
}

// holds reports whether the fact was read in this copy of its message.
func (c *auditCopy) holds(f *orders.Fact) bool {
	if c.open() {
		return len(f.Inboxes) == 0
	}
	return slices.Contains(f.Inboxes, c.Recipient)
}

// box checks that what is sealed to this key is what the fact says it is, and,
// where the message itself was opened, what the message says (said; else nil).
func (a *auditor) box(ctx context.Context, f *orders.Fact, said *orders.Private) {
	if a.me == nil || f.Box == nil || f.Box.For[a.me.PublicKey()] == "" {
		return
	}
	where := "fact " + middle(orders.FactRef(f.ID, f.N), 20) + ": "
	private, err := client.OpenBox(ctx, a.me, *f.Box)
	private.Seal = "" // it is evidence, and nothing that was said
	switch {
	case err != nil:
		a.problem(where + "its box does not open")
	case !slices.Equal(private.Carries(), f.Carries):
		a.problem(where + "its box holds something else than it says")
	case said != nil && !slices.Contains(f.Flags, dialect.FlagCut) && string(private.JSON()) != string(said.JSON()):
		a.problem(where + "its box holds something else than its author wrote")
	}
}
