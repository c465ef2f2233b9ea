package orders

import (
	"fmt"
	"slices"

	"github.com/nbd-wtf/go-nostr/nip19"
)

// Fold computes the state of one order from the set of its facts: the order of
// the slice, repetitions and copies do not matter. IntentID is left to the caller.
//
//	 1  copies of one rumor are one fact, twins too (merge); a sender whom the
//	    message does not name is the party it does not name (speakers)
//	 2  facts stand in the order ≺ of the time that counts (place)
//	 3  the buyer is the author of the ≺-least bound intent, else the side that the
//	    ≺-least bound fact implies, else the author of the unbound intent, else the
//	    side that an unbound fact implies: what is claimed turns round nothing proven
//	 4  refused: a stranger; a verb that is not of the sender's role; a throw-away
//	    key with a verb it may not say; whatever but an intent is over a limit
//	 5  one intent stands, the ≺-least, bound before unbound; others are duplicates,
//	    but for one that is its other part (completes)
//	 6  commit is the ≺-least bound process, shipped or delivered of the seller;
//	    done the ≺-least bound delivered
//	 7  a cancel counts unless done ≺ it, or it is the buyer's and commit ≺ it
//	 8  a dispute counts once anything was paid, confirmed, processed, shipped or
//	    delivered
//	 9  rulings, withdrawals and concessions close disputes (settle)
//	10  the status: disputed while one is open, else the outcome, else cancelled,
//	    else the highest that was said
//	11  progress after an accepted cancel is an exception; its data still count
//	12  the payment is a state of its own (pay); too little, too much, or too late
//	    is an exception
//	13  a field's value is that of the ≺-greatest accepted fact that carries it,
//	    bound before unbound
//	14  times are those of the ≺-least accepted fact of the verb
//	15  the timeline is all facts in ≺, each ok or with its reason; of those over
//	    a limit, the first hundred
//
// In one line for users: what was settled two hours ago stays settled.
func Fold(p Pair, facts []Fact) *Order {
	ts := merge(p.speakers(facts))
	place(ts)
	f := folding{pair: p, ts: ts}
	f.buyer = f.findBuyer()
	f.judgeSenders()
	f.chooseIntent()
	f.judgeCancels()
	f.judgeDisputes()
	f.settle()
	return f.order()
}

// folding is one order while it is being folded. Positions are indexes into ts,
// -1 for none.
type folding struct {
	pair  Pair
	ts    []telling
	buyer string

	intent   int // the intent that stands
	commit   int // the seller's first binding step
	done     int // the first bound delivery
	cancel   int // the first accepted cancel
	disputed bool
	outcome  Outcome // of the last ruling that decided something
	priced   bool    // somebody has named what the order costs

	exceptions []OrderException
}

// accepted yields the positions of the tellings that count and have one of the
// verbs (any verb where none is given), in ≺.
func (f *folding) accepted(verbs ...Verb) func(yield func(int, *telling) bool) {
	return func(yield func(int, *telling) bool) {
		for i := range f.ts {
			t := &f.ts[i]
			if t.reason == "" && (len(verbs) == 0 || slices.Contains(verbs, t.Verb)) && !yield(i, t) {
				return
			}
		}
	}
}

// first is the position of the ≺-least accepted telling that ok takes, or -1.
func (f *folding) first(ok func(*telling) bool, verbs ...Verb) int {
	for i, t := range f.accepted(verbs...) {
		if ok == nil || ok(t) {
			return i
		}
	}
	return -1
}

// judgeSenders refuses what its sender may not say. A party who is also an admin
// is a party only: nobody rules in his own case.
func (f *folding) judgeSenders() {
	paid := false // somebody has proven that he says so
	for i := range f.ts {
		t := &f.ts[i]
		switch {
		case t.Sender == f.buyer:
			t.role = Buyer
		case f.pair.Has(t.Sender):
			t.role = Seller
		case t.ByAdmin:
			t.role = Admin
		case t.ByNode:
			t.role = Node
		}
		may := t.rule.Roles&t.role != 0
		if t.Verb == Delivered && t.role == Seller {
			may = t.SellerDelivers
		}
		party := t.role&(Buyer|Seller) != 0
		if party && t.As != 0 && t.As != t.role && t.Verb != Note {
			may = false // a message that only the other side writes
		}
		if t.Verb == Paid && t.role == Buyer && t.Payee != "" && t.Payee != f.seller() {
			t.Verb, t.rule, t.Code = Note, ruleOf[Note], LegPaid // to somebody who is no party
		}
		guess := t.Hint || t.Leg // where it is wrong, it was no request
		if party && (guess && !may || t.Acceptance && may && !paid) {
			t.Verb, t.rule, may = Note, ruleOf[Note], true
		}
		switch {
		case t.role == 0:
			t.reason = NotAParticipant
		case !may:
			t.reason = WrongRole
		case t.Trust != Bound && !t.rule.Unbound:
			t.reason = UnboundSender
		case t.Held && t.Verb != Intent:
			t.reason = OverLimit
		case t.Verb == Paid || t.Verb == Confirm:
			paid = paid || t.Trust == Bound
		}
	}
}

func (f *folding) judgeCancels() {
	f.commit = f.first(func(t *telling) bool { return t.Trust == Bound && t.role == Seller }, Process, Shipped, Delivered)
	f.done = f.first(func(t *telling) bool { return t.Trust == Bound }, Delivered)
	f.cancel = -1
	for i, t := range f.accepted(Cancel) {
		late := f.done >= 0 && f.done < i || t.role == Buyer && f.commit >= 0 && f.commit < i
		switch {
		case late:
			t.reason = IllegalTransition
			f.except("cancel-refused", t)
		case f.cancel < 0:
			f.cancel = i
		}
	}
}

// except notes an exception that comes from t, or from the order as a whole.
func (f *folding) except(code string, t *telling) {
	e := OrderException{Code: code}
	if t != nil {
		e.Fact, e.At = FactRef(t.ID, t.N), t.tau
	}
	f.exceptions = append(f.exceptions, e)
}

// base is the status without regard to open disputes.
func (f *folding) base() Status {
	switch {
	case f.outcome != "":
		return Status(f.outcome)
	case f.cancel >= 0:
		return StatusCancelled
	}
	highest := StatusIntentSent
	for _, t := range f.accepted() {
		if progressRank[t.rule.Raises] > progressRank[highest] {
			highest = t.rule.Raises
		}
	}
	return highest
}

// FactRef names a fact in timelines and boxes: the rumor id, with #n behind it
// for the n-th further fact of one message.
func FactRef(id string, n int) string {
	if n == 0 {
		return id
	}
	return fmt.Sprintf("%s#%d", id, n)
}

// Npub is the NIP-19 form of a public key (hex); what is no key comes back as it is.
func Npub(pubkey string) string {
	if npub, err := nip19.EncodePublicKey(pubkey); err == nil {
		return npub
	}
	return pubkey
}
