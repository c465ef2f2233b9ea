package enrol

import (
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// asked writes down what somebody asks for, before anything is done about it. The
// record that it returns is for settled. Who asks too often is not even written
// down: the log is not for strangers to fill.
func (d *Desk) asked(who Caller, action string, code string, r Record) (Record, error) {
	now := time.Now()
	// To give back what is his nobody comes too often: each key goes once.
	if who.Door != DoorShell && !(action == "revoke" && d.stores(r.Key, who.Pubkey)) {
		known := d.expected(who, code, now)
		if !d.attempts.admit(who.Pubkey, known, attemptsOfStrangers, now) ||
			r.Way == nip17.WayBunker && !d.dialled.admit(who.Pubkey, known, dialledForStrangers, now) {
			return r, orders.Errorf(orders.EUNAVAILABLE, "too many attempts: try again in some minutes")
		}
	}
	r.At, r.Door, r.Caller, r.Action, r.Outcome = now.UTC(), who.Door, who.Pubkey, action, Asked
	return r, notWritten(d.Audit.write(r))
}

// stores reports whether the key is stored for the owner.
func (d *Desk) stores(key, owner string) bool {
	entries, err := d.Store.List()
	return err == nil && slices.ContainsFunc(entries, func(e nip17.Entry) bool { return e.Pubkey == key && e.Owner == owner })
}

// Visit bounds how often somebody may ask for anything: EUNAVAILABLE where it is too
// often.
func (d *Desk) Visit(who Caller) error {
	if who.Door != DoorShell && !d.attempts.admit(who.Pubkey, d.keeps(who.Pubkey), attemptsOfStrangers, time.Now()) {
		return orders.Errorf(orders.EUNAVAILABLE, "too many attempts: try again in some minutes")
	}
	return nil
}

func notWritten(err error) error {
	if err == nil {
		return nil
	}
	return orders.Errorf(orders.EUNAVAILABLE, "the audit log cannot be written: %w", err)
}

// settled writes down what became of it, and returns cause.
func (d *Desk) settled(r Record, cause error) error {
	r.At, r.Outcome = time.Now().UTC(), Done
	if cause != nil {
		// The code and not the sentence: that is for the caller.
		r.Outcome, r.Reason = Refused, string(orders.ErrorCode(cause))
	}
	if err := d.Audit.write(r); err != nil && cause == nil {
		return notWritten(err)
	}
	return cause
}

// expected reports whether somebody is no stranger: a key of theirs is here, or the
// operator has named them, or they have an invitation. How many strangers come must
// not keep those from what is theirs, above all from revoking.
func (d *Desk) expected(who Caller, code string, now time.Time) bool {
	return d.keeps(who.Pubkey) || d.Policy.names(who.Pubkey) || d.Policy.Codes.check(code, now) != ""
}

// keeps reports whether a key of the owner's is held.
func (d *Desk) keeps(owner string) bool {
	if d.Keyring != nil && len(d.Keyring.Of(owner)) > 0 {
		return true
	}
	entries, err := d.Store.List()
	return err == nil && slices.ContainsFunc(entries, func(e nip17.Entry) bool { return e.Owner == owner })
}

// admit asks the policy. An invitation is used up when the key is taken.
func (d *Desk) admit(who Caller, code string, r *Record) (err error) {
	r.Invite, err = d.Policy.admit(who, d.keeps(who.Pubkey), code, time.Now())
	return err
}

// spend uses the invitation up, once. The caller holds mu.
func (d *Desk) spend(r *Record) error {
	if r.Invite == "" {
		return nil
	}
	records, err := d.Audit.Read()
	if err != nil {
		return err
	}
	// Only here is it written down beside what was asked.
	if slices.ContainsFunc(records, func(old Record) bool { return old.Invite == r.Invite && old.Outcome == Asked }) {
		r.Invite = ""
		return orders.Errorf(orders.EFORBIDDEN, "this invitation was used already")
	}
	return notWritten(d.Audit.write(*r))
}

// Answers reports whether somebody (hex) is to be answered once more, and counts it.
// A message costs its sender nothing, and the answer has to be stored.
func (d *Desk) Answers(pubkey string) bool {
	return d.answers.admit(pubkey, d.keeps(pubkey), answersToStrangers, time.Now())
}

// visits bounds how often somebody, and all strangers together, may come. The zero
// value is ready.
type visits struct {
	mu  sync.Mutex
	all *rate.Limiter
	of  *lru.Cache[string, *rate.Limiter]
}

const (
	// In ten minutes. An attempt is two lines in a log that is kept for good, an answer a
	// message that is kept; for a remote signer the relay makes connections, to wherever
	// somebody says.
	attemptsOfStrangers = 60
	dialledForStrangers = 20
	answersToStrangers  = 120

	visitsAtOnce  = 10 // of one caller; one more every half minute
	visitEvery    = 30 * time.Second
	visitorsKnown = 10_000
)

func (v *visits) admit(pubkey string, known bool, strangers int, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.of == nil {
		v.all = rate.NewLimiter(rate.Every(10*time.Minute/time.Duration(strangers)), strangers)
		v.of, _ = lru.New[string, *rate.Limiter](visitorsKnown) // fails for a size below 1 only
	}
	l, ok := v.of.Get(pubkey)
	if !ok {
		l = rate.NewLimiter(rate.Every(visitEvery), visitsAtOnce)
		v.of.Add(pubkey, l)
	}
	return l.AllowN(now, 1) && (known || v.all.AllowN(now, 1))
}
