package enrol

import (
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
func (d *Desk) asked(who Caller, action string, r Record) (Record, error) {
	now := time.Now()
	if who.Door != DoorShell && (!d.attempts.admit(who.Pubkey, attemptsInAll, now) ||
		r.Way == nip17.WayBunker && !d.dialled.admit(who.Pubkey, dialledInAll, now)) {
		return r, orders.Errorf(orders.EUNAVAILABLE, "too many attempts: try again in some minutes")
	}
	r.At, r.Door, r.Caller, r.Action, r.Outcome = now.UTC(), who.Door, who.Pubkey, action, Asked
	return r, notWritten(d.Audit.write(r))
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

// admit asks the policy, and writes down the invitation that is used up.
func (d *Desk) admit(who Caller, code string, r *Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := d.Store.List()
	if err != nil {
		return err
	}
	known := false
	for _, e := range entries {
		known = known || e.Owner == who.Pubkey
	}
	if r.Invite, err = d.Policy.admit(who, known, code, d.used, time.Now()); err != nil || r.Invite == "" {
		return err
	}
	return notWritten(d.Audit.write(*r))
}

func (d *Desk) used(invite string) (bool, error) {
	records, err := d.Audit.Read()
	for _, r := range records {
		if r.Invite == invite {
			return true, err
		}
	}
	return false, err
}

// Answers reports whether somebody (hex) is to be answered once more, and counts it.
// A message costs its sender nothing, and the answer has to be stored.
func (d *Desk) Answers(pubkey string) bool { return d.answers.admit(pubkey, answersInAll, time.Now()) }

// visits bounds how often somebody, and everybody together, may come. The zero value
// is ready.
type visits struct {
	mu  sync.Mutex
	all *rate.Limiter
	of  *lru.Cache[string, *rate.Limiter]
}

const (
	// In one minute. Attempts are lines in the log; for a remote signer the relay also
	// makes connections, to wherever somebody says.
	attemptsInAll = 300
	dialledInAll  = 20
	answersInAll  = 60

	visitsAtOnce  = 10 // of one caller; one more every half minute
	visitEvery    = 30 * time.Second
	visitorsKnown = 10_000
)

func (v *visits) admit(pubkey string, inAll int, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.of == nil {
		v.all = rate.NewLimiter(rate.Every(time.Minute/time.Duration(inAll)), inAll)
		v.of, _ = lru.New[string, *rate.Limiter](visitorsKnown) // fails for a size below 1 only
	}
	l, ok := v.of.Get(pubkey)
	if !ok {
		l = rate.NewLimiter(rate.Every(visitEvery), visitsAtOnce)
		v.of.Add(pubkey, l)
	}
	return l.AllowN(now, 1) && v.all.AllowN(now, 1)
}
