package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Decoder turns an envelope into facts: the one way for wraps that arrive, that
// were left over by a crash, and that waited for their key. What it says depends
// on the envelope, the time it arrived, the keys and the admins, and on no other
// message.
type Decoder struct {
	keyring *nip17.Keyring
	dialect *dialect.Registry
	sealer  *nip17.Sealer
	self    string
	admins  []string
	follow  func() error
	meter   Meter
	log     zerolog.Logger
	journal *journal
}

// NewDecoder makes a decoder; self is the relay's own public key, admins are the
// operator's (hex).
func NewDecoder(keyring *nip17.Keyring, dialects *dialect.Registry, sealer *nip17.Sealer, self string, admins []string, log zerolog.Logger) *Decoder {
	return &Decoder{keyring: keyring, dialect: dialects, sealer: sealer, self: self, admins: admins, meter: noMeter{}, log: log, journal: newJournal(log)}
}

// Follow has every Decode begin with follow, which brings the keyring up to date:
// a key that was taken away opens nothing more from that moment on; and the relay
// asks it before it says that somebody takes no part. Call it before the first Decode.
func (d *Decoder) Follow(follow func() error) { d.follow = follow }

// Measure has what is read counted. Call it before the first Decode.
func (d *Decoder) Measure(m Meter) { d.meter = metered(m) }

// Decode reads a message that arrived at receivedAt (ms) and whose id and
// signature were checked: a gift wrap, a NIP-04 message, or an order message that
// is published in the open. It never fails: what cannot be read is said by state
// and reason. What only a remote signer opens is Waiting.
func (d *Decoder) Decode(ctx context.Context, evt *nostr.Event, receivedAt int64) ledger.Arrival {
	return d.decode(ctx, evt, receivedAt, nip17.Local()).Arrival
}

// A reading is what was read, and beside it what is no part of the ledger: by which
// key, and what a participant asks of the relay itself.
type reading struct {
	ledger.Arrival
	key     string // public key (hex) that opened it, "" where none did
	request *Request
}

func (d *Decoder) decode(ctx context.Context, evt *nostr.Event, receivedAt int64, opts ...nip17.Option) (a reading) {
	a.Arrival = ledger.Arrival{Event: evt, ReceivedAt: receivedAt, State: ledger.Unreadable, Reason: "panic", Recipient: inbox(evt)}
	// The relay's own copies are not kept, whatever is in them: the key that
	// opens them is this process's own.
	a.DropRaw = evt.Kind == nostr.KindGiftWrap && a.Recipient == d.self
	guard(d.log, "decode", func() { d.open(ctx, evt, &a, opts) })
	d.recheck(&a)
	return a
}

// recheck closes again what a key has opened that is not held any more: a remote signer
// may answer long after its key was taken away.
func (d *Decoder) recheck(a *reading) {
	if a.key == "" {
		return
	}
	d.followKeys()
	if d.keyring.Reads(a.key, time.UnixMilli(a.ReceivedAt)) {
		return
	}
	a.State, a.Reason, a.Recipient, a.Seal, a.Facts = ledger.Waiting, nip17.Reason(nip17.ErrNotForUs), inbox(a.Event), nil, nil
}

// inbox is the key (hex) in whose inbox a message waits: the first it is addressed to,
// or who has published it.
func inbox(evt *nostr.Event) string {
	if to := recipients(evt); len(to) > 0 {
		return to[0]
	}
	return evt.PubKey
}

func (d *Decoder) followKeys() {
	if d.follow == nil {
		return
	}
	if err := d.follow(); err != nil {
		d.journal.failure(err, "the delegated keys could not be read anew")
	}
}

// reasonAway is why a message waits whose signer cannot be asked now.
var reasonAway = nip17.Reason(nip17.ErrKeyUnavailable)

// told counts and logs, once it is in the ledger as row seq, what became of a message.
func (d *Decoder) told(seq int64, a *ledger.Arrival) {
	reason := a.Reason
	if a.State == ledger.Waiting || a.State == ledger.Opened && unremarkable(reason) {
		reason = ""
	}
	d.meter.Message(class(a.Event.Kind), a.State, reason)
	d.journal.message(seq, a)
}

// Flush writes down what the log has left out so far.
func (d *Decoder) Flush() { d.journal.flush() }

// unremarkable: it was not meant to say anything about an order.
func unremarkable(reason string) bool {
	return slices.Contains([]string{"", string(dialect.ErrNotAnOrder), string(dialect.Repost), reasonRequest, ledger.ReasonNotice}, reason)
}

func (d *Decoder) open(ctx context.Context, evt *nostr.Event, a *reading, opts []nip17.Option) {
	d.followKeys()
	arrival := func() time.Time { return time.UnixMilli(a.ReceivedAt) }
	open := nip17.Open
	switch evt.Kind {
	case nostr.KindGiftWrap:
	case nostr.KindEncryptedDirectMessage:
		open = nip17.OpenDirect
	default:
		a.State, a.Reason = ledger.Opened, ""
		d.read(&a.Arrival, nip17.Message{Rumor: *evt}, orders.ByPublic)
		return
	}
	begun := time.Now()
	msg, err := open(ctx, evt, d.keyring, append(opts, nip17.Verified(), nip17.Clock(arrival))...)
	if !errors.Is(err, nip17.ErrNotForUs) { // else there was nothing to try
		d.meter.Opened(time.Since(begun), len(opts) == 0) // nip17.Local is the only option there is
	}
	switch {
	case errors.Is(err, nip17.ErrNotForUs) || nip17.Retryable(err) ||
		errors.Is(err, nip17.ErrDecrypt) && evt.Kind == nostr.KindGiftWrap && !d.keyring.Reads(a.Recipient, arrival()):
		// For later: its key may be handed over, or its signer come back. What an
		// encryption key does not open is for the identity's own key; but the secret of
		// a direct message is one for both sides, and what one cannot read neither can.
		a.State, a.Reason = ledger.Waiting, nip17.Reason(err)
		return
	case err != nil:
		a.State, a.Reason = ledger.Unreadable, nip17.Reason(err)
		return
	}
	a.State, a.Reason, a.Recipient, a.key = ledger.Opened, "", msg.Owner, msg.Key
	if evt.Kind == nostr.KindGiftWrap {
		a.Seal = &ledger.Seal{ID: msg.Seal.ID, Author: msg.Seal.PubKey, Sig: msg.Seal.Sig}
	}
	if msg.Rumor.PubKey == d.self && d.self != "" || enrol.IsNotice(&msg.Rumor) {
		// A relay's notice, in the inbox of who has delegated a key: it is no party.
		a.Reason = ledger.ReasonNotice
		return
	}
	if request := d.request(msg); request != nil {
		a.Reason = reasonRequest
		if evt.Kind == nostr.KindGiftWrap && msg.Owner == d.self {
			a.request = request
		} else {
			request.Command.Zero()
		}
		return
	}
	d.read(&a.Arrival, msg, orders.ByWrap)
}

// read finds the facts in an opened message.
func (d *Decoder) read(a *ledger.Arrival, msg nip17.Message, by orders.Transport) {
	statements, err := d.dialect.Read(dialect.Message{
		Rumor: msg.Rumor, Owner: msg.Owner, Relay: d.self, Transport: by, ReceivedAt: a.ReceivedAt,
	})
	if err != nil {
		a.Reason = dialect.Reason(err)
		return
	}
	for _, s := range statements {
		for _, flag := range msg.Flags {
			s.Flags = append(s.Flags, orders.Flag(flag))
		}
		if a.DropRaw && s.N == 0 {
			s.Private.Seal = msg.Seal.String()
		}
		f, err := d.fact(s)
		if err != nil {
			a.State, a.Reason, a.Facts = ledger.Unreadable, "not-sealed", nil
			return
		}
		a.Facts = append(a.Facts, f)
	}
}

// fact stamps a statement with what depends on the moment, and seals its
// private part to those who may read it.
func (d *Decoder) fact(s orders.Statement) (orders.Fact, error) {
	f := s.Fact
	f.ByAdmin = slices.Contains(d.admins, f.Sender)
	plain, cut := s.Private.Fit(maxBox)
	if cut {
		f.Flags = append(f.Flags, flagCut)
	}
	slices.Sort(f.Flags)
	f.Flags = slices.Compact(f.Flags)
	if s.Box != nil {
		return f, nil // its author has sealed it
	}
	if f.Carries = plain.Carries(); len(f.Carries) == 0 && plain.Seal == "" {
		return f, nil
	}
	readers := slices.Clone(f.Parties)
	if f.Verb == orders.Dispute || f.Verb == orders.Resolved {
		readers = append(readers, d.admins...)
	}
	slices.Sort(readers)
	by, payloads, err := d.sealer.Seal(plain.JSON(), slices.Compact(readers))
	if err != nil {
		return f, err
	}
	f.Box = &orders.Box{SealedBy: by, For: payloads}
	return f, nil
}

// flagCut marks a message whose private part did not fit into a box whole.
const flagCut orders.Flag = "cut"

// maxBox is the most that NIP-44 v2 encrypts at once, in bytes.
const maxBox = 65_535
