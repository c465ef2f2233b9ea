package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
)

// printStored explains every copy in words.
func printStored(out io.Writer, s *relay.Stored) error {
	for i := range s.Copies {
		if i > 0 {
			fmt.Fprintln(out)
		}
		c := &s.Copies[i]
		if err := printExplanation(out, c.Explanation, arrival(c)...); err != nil {
			return err
		}
	}
	return nil
}

// arrival is what the inbox says of a message, before it is looked into.
func arrival(c *relay.StoredCopy) []relay.Step {
	state := string(c.State)
	if c.Reason != "" {
		state += " (" + c.Reason + ")"
	}
	return []relay.Step{
		{What: "message", Found: c.Name},
		{What: "arrived", Found: time.UnixMilli(c.ReceivedAt).UTC().Format(time.RFC3339)},
		{What: "in the inbox of", Found: orders.Npub(c.Recipient)},
		{What: "state", Found: state},
	}
}

// printExplanation is an explanation in words, a paragraph for each step, after what was
// known of the message before.
func printExplanation(out io.Writer, e *relay.Explanation, before ...relay.Step) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "What it is")
	for _, s := range append(before, e.Envelope...) {
		fmt.Fprintf(w, "  %s\t%s\n", s.What, plain(s.Found))
	}
	if len(e.Looks) > 0 {
		fmt.Fprintln(w, "\nWhose dialect it is (the first row that fits reads it)")
		for _, l := range e.Looks {
			fits := "no"
			if l.Fits {
				fits = "YES"
			}
			fmt.Fprintf(w, "  %s\t%s\tkind %d: %s\n", fits, l.Dialect, l.Kind, l.Rule)
		}
	}
	if e.Refused != "" {
		verdict := "It says nothing about an order"
		if e.Unread {
			verdict = "It was not read"
		}
		fmt.Fprintf(w, "\n%s: %s (%s)\n", verdict, plain(e.Why), e.Refused)
		return w.Flush()
	}
	fmt.Fprintln(w, "\nWhat it says")
	for i := range e.Facts {
		printFact(w, i+1, &e.Facts[i])
	}
	fmt.Fprintln(w, "\nWhat becomes of it")
	for i := range e.Outcomes {
		printOutcome(w, &e.Outcomes[i])
	}
	return w.Flush()
}

func printFact(w io.Writer, n int, f *orders.Fact) {
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "     %s\t%s\n", name, plain(value))
		}
	}
	fmt.Fprintf(w, "  %d. %s\n", n, f.Verb)
	switch {
	case f.Sender == "":
		row("by", "the party whom it does not name; "+orders.Npub(f.Key)+" sealed it")
	case f.Trust == orders.Unbound:
		row("by", orders.Npub(f.Sender)+", as is claimed; "+orders.Npub(f.Key)+" sealed it")
	default:
		row("by", orders.Npub(f.Sender)+", its author")
	}
	row("between", npubs(f.Parties))
	row("order id", f.OrderID)
	row("speaks of", f.Ref)
	row("trust", string(f.Trust))
	if f.Amount != nil {
		row("amount", fmt.Sprintf("%d sats", *f.Amount))
	}
	if f.Fiat != nil {
		row("amount", string(f.Fiat.Amount)+" "+f.Fiat.Currency+", not converted")
	}
	if f.ShippingQuote != nil {
		row("shipping quote", fmt.Sprintf("%d sats", *f.ShippingQuote))
	}
	for _, p := range f.Products {
		row("product", fmt.Sprintf("%d × %s", p.Quantity, first(p.Title, p.ProductID)))
	}
	row("paid by", f.Medium)
	row("mint", f.Mint)
	row("payee", f.Payee)
	row("payment hash", f.PaymentHash)
	row("hash of the preimage", f.PreimageHash)
	if f.Expiry > 0 {
		row("good until", clock(f.Expiry))
	}
	if f.ETA > 0 {
		row("expected", clock(f.ETA))
	}
	row("parcel", strings.TrimSpace(f.Carrier+" "+f.Tracking))
	row("checkout", f.CheckoutID)
	row("outcome", string(f.Outcome))
	row("code", f.Code)
	row("sealed to the parties", joined(f.Carries))
	row("noticed", joined(f.Flags))
	var stamps []string
	for stamp, is := range map[string]bool{
		"a guess from free text: a note where its sender may not say it": f.Hint,
		"a note where the buyer says it":                                 f.Leg,
		"a note unless a payment was said before":                        f.Acceptance,
		"how things stand: said again, nothing more has happened":        f.Standing,
	} {
		if is {
			stamps = append(stamps, stamp)
		}
	}
	row("counts as", joined(stamps))
}

func npubs(keys []string) string {
	var ns []string
	for _, k := range keys {
		ns = append(ns, orders.Npub(k))
	}
	return strings.Join(ns, " and ")
}

func joined[T ~string](list []T) string {
	var ss []string
	for _, s := range list {
		ss = append(ss, string(s))
	}
	return strings.Join(ss, ", ")
}

func printOutcome(w io.Writer, o *relay.ExplainOutcome) {
	if o.After == nil {
		id := ""
		if o.OrderID != "" {
			id = " with the id " + plain(o.OrderID)
		}
		fmt.Fprintf(w, "  It waits: it belongs to no order%s that is known here.\n", id)
		return
	}
	fmt.Fprintf(w, "  Order %s of %s, sold by %s\n", plain(o.OrderID), middle(o.After.BuyerNpub, 20), middle(o.After.SellerNpub, 20))
	before := o.Before
	if before == nil {
		before = o.After
		fmt.Fprintln(w, "     it begins here: nothing was said of it before")
	}
	for _, l := range o.Lines {
		verdict := "counts"
		if !l.OK {
			verdict = "refused: " + string(l.Reason) + ", " + reasonWords[l.Reason]
		}
		fmt.Fprintf(w, "     %s by the %s\t%s\n", l.Verb, first(l.Role, "stranger"), verdict)
	}
	was := func(now, before string) string {
		switch {
		case o.Before == nil:
			return now
		case now == before:
			return now + ", as before"
		}
		return now + ", was " + before
	}
	fmt.Fprintf(w, "     status\t%s\n", was(string(o.After.Status), string(before.Status)))
	fmt.Fprintf(w, "     payment\t%s\n", was(string(o.After.Payment), string(before.Payment)))
	var codes []string
	for _, x := range o.After.Exceptions {
		codes = append(codes, x.Code)
	}
	if len(codes) > 0 {
		fmt.Fprintf(w, "     look at\t%s\n", strings.Join(codes, ", "))
	}
}

// reasonWords say why the fold refuses.
var reasonWords = map[orders.Reason]string{
	orders.NotAParticipant:   "its sender is neither party, admin nor node",
	orders.WrongRole:         "this is not its sender's to say",
	orders.UnboundSender:     "a throw-away key says what only a proven one may",
	orders.DuplicateID:       "another intent with that id stands",
	orders.IllegalTransition: "too late, too early, or nothing to resolve",
	orders.OverLimit:         "its author had said more than limits.facts_per_order",
}
