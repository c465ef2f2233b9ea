package dialect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// ComposePosted writes d as an event by from (hex) in the form in which it is posted
// to the API, all but what is private: Seal puts that in once readers' copies are
// encrypted. relay is the relay's public key (hex), to which rulings are addressed.
// The caller sets CreatedAt where d.At is 0, and signs. The error is EINVALID.
func ComposePosted(from string, d orders.Draft, relay string) (nostr.Event, error) {
	open := d
	open.Private = orders.Private{Content: "-"} // Compose asks for words, which are sealed here
	evt, err := Compose(from, open, relay)
	if err != nil {
		return nostr.Event{}, err
	}
	f := formOf[d.Verb]
	// Not asked for of open: Compose refuses what is too long.
	if err := checkDraft(&d, f); err != nil {
		return nostr.Event{}, err
	}
	evt.Content = ""
	private := []string{"note", "reason", "resolution", "payment"}
	evt.Tags = slices.DeleteFunc(evt.Tags, func(t nostr.Tag) bool { return slices.Contains(private, t[0]) })
	w := writer{evt: &evt}
	if d.Verb == orders.Note {
		evt.Kind = kindOrder
		w.put("type", "3")
	}
	if f.fields&payment != 0 {
		ref := cmp.Or(d.Private.Reference, d.Private.PaymentLink)
		leg := newLeg(cmp.Or(medium(d.Medium), mediumOf(ref)), ref, "")
		w.some("payment", leg.medium)
		if leg.link.invoice != nil {
			w.put("payment_hash", leg.link.invoice.paymentHash)
		}
	}
	return evt, nil
}

// Seal adds what is private to an event that ComposePosted made: the names of the
// fields that p holds, and its JSON as it was encrypted to each reader (hex → NIP-44).
func Seal(evt *nostr.Event, p orders.Private, payloads map[string]string) {
	names := nostr.Tag{"private"}
	for _, f := range p.Carries() {
		names = append(names, string(f))
	}
	if len(names) == 1 {
		return
	}
	evt.Tags = append(evt.Tags, names)
	for _, reader := range slices.Sorted(maps.Keys(payloads)) {
		evt.Tags = append(evt.Tags, nostr.Tag{"sealed", reader, payloads[reader]})
	}
}
