package dialect

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// maxRumor is the longest rumor (bytes of JSON) that still fits into a seal
// and a wrap: NIP-44 pads it and takes at most 65,535 bytes, twice.
const maxRumor = 40 << 10

// Compose writes d as a rumor by from (hex), in Waybill's own form. relay is the
// relay's public key (hex), to which rulings are addressed; other messages name
// the other party alone and go to the relay silently.
//
// Of d only what the verb calls for is written. Not written, for Read finds them
// again in what is: the hashes of payment, preimage and proof, the mint, the subtotals.
// Private.Content is the text a chat client shows; where it is empty the message
// is put in plain words, private parts included. The caller sets CreatedAt where
// d.At is 0, and the ID. The error is EINVALID.
func Compose(from string, d orders.Draft, relay string) (nostr.Event, error) {
	f, ok := formOf[d.Verb]
	if !ok {
		return nostr.Event{}, orders.Errorf(orders.EINVALID, "no such kind of order message")
	}
	to, ruling, err := addressee(from, &d, relay)
	if err == nil {
		err = checkDraft(&d, f)
	}
	if err != nil {
		return nostr.Event{}, err
	}
	evt := nostr.Event{PubKey: from, CreatedAt: nostr.Timestamp(max(d.At, 0) / 1000), Kind: f.kind}
	w := writer{evt: &evt}
	w.put("p", to)
	w.some("subject", f.subject)
	w.some("type", f.typ)
	w.put("order", d.OrderID)
	w.some("status", f.status)
	if ruling {
		w.put("buyer", d.Buyer)
		w.put("seller", d.Seller)
	}
	w.fields(&d, f.fields)
	evt.Content = cmp.Or(d.Private.Content, wording(&d, f))
	if evt.Content == "" {
		return nostr.Event{}, orders.Errorf(orders.EINVALID, "a note needs words")
	}
	if len(evt.String()) > maxRumor {
		return nostr.Event{}, orders.Errorf(orders.EINVALID, "the message is too long")
	}
	return evt, nil
}

// addressee is whom the message names as its recipient.
func addressee(from string, d *orders.Draft, relay string) (to string, ruling bool, err error) {
	mayRule := d.Verb == orders.Resolved || d.Verb == orders.Cancel
	switch {
	case !isHex32(from):
		return "", false, orders.Errorf(orders.EINVALID, "the sender's public key is not 64 hex digits")
	case mayRule && (d.Buyer != "" || d.Seller != "") && d.To == "":
		if !isHex32(d.Buyer) || !isHex32(d.Seller) || d.Buyer == d.Seller || !isHex32(relay) {
			return "", false, orders.Errorf(orders.EINVALID, "a ruling needs the public keys of buyer, seller and relay")
		}
		return relay, true, nil
	case d.To == "" && d.Verb == orders.Note:
		return from, false, nil
	case !isHex32(d.To):
		return "", false, orders.Errorf(orders.EINVALID, "the recipient's public key is not 64 hex digits")
	case d.To == from && d.Verb != orders.Note:
		return "", false, orders.Errorf(orders.EINVALID, "an order message needs another recipient than its sender")
	}
	return d.To, false, nil
}

// checkDraft refuses what Read would leave out or cut.
func checkDraft(d *orders.Draft, f form) error {
	for _, n := range []*int64{d.Amount, d.ShippingQuote} {
		if n != nil && (*n < 0 || *n > orders.MaxSats) {
			return orders.Errorf(orders.EINVALID, "an amount is not between 0 and %d sats", orders.MaxSats)
		}
	}
	for _, t := range []int64{d.At, d.ETA, d.Expiry} {
		if t < 0 || t/1000 > latest {
			return orders.Errorf(orders.EINVALID, "a time cannot be")
		}
	}
	p := &d.Private
	for _, s := range []string{p.Content, p.ShippingAddress, p.PaymentLink, p.Note, p.Reason, p.Resolution, p.Reference, p.Proof} {
		if len(s) > maxPrivate {
			return orders.Errorf(orders.EINVALID, "a text is longer than %d bytes", maxPrivate)
		}
	}
	switch {
	case d.OrderID == "":
		return orders.Errorf(orders.EINVALID, "the order id is missing")
	case f.fields&outcome != 0 && !d.Outcome.Valid():
		return orders.Errorf(orders.EINVALID, "the outcome is none of delivered, cancelled, resume")
	case len(d.Products) > maxProducts:
		return orders.Errorf(orders.EINVALID, "more than %d products", maxProducts)
	case len(p.Contact) > maxContacts:
		return orders.Errorf(orders.EINVALID, "more than %d contacts", maxContacts)
	}
	if len(d.Tracking) > maxShort || len(d.Carrier) > maxShort || len(d.CheckoutID) > maxShort || len(d.Shipping) > maxAddress {
		return orders.Errorf(orders.EINVALID, "tracking number, carrier, checkout id or shipping option is too long")
	}
	for _, it := range d.Products {
		if len(it.Title) > maxTitle || len(it.ProductID) > maxAddress {
			return orders.Errorf(orders.EINVALID, "a title or a product id is too long")
		}
		if it.Quantity < 0 || it.Quantity > maxQuantity {
			return orders.Errorf(orders.EINVALID, "a quantity is not between 0 and %d", maxQuantity)
		}
		if _, ok := decimal(string(it.PricePerUnit)); it.PricePerUnit != "" && !ok {
			return orders.Errorf(orders.EINVALID, "a price is not a number")
		}
	}
	return nil
}

// writer appends tags to a rumor.
type writer struct{ evt *nostr.Event }

func (w writer) put(name string, values ...string) {
	w.evt.Tags = append(w.evt.Tags, append(nostr.Tag{name}, values...))
}

func (w writer) some(name, value string) {
	if value != "" {
		w.put(name, value)
	}
}

func (w writer) sats(name string, n *int64) {
	if n != nil {
		w.put(name, strconv.FormatInt(*n, 10))
	}
}

func (w writer) seconds(name string, ms int64) {
	if ms > 0 {
		w.put(name, strconv.FormatInt(ms/1000, 10))
	}
}

// fields is the counterpart of letter.readFields.
func (w writer) fields(d *orders.Draft, has fields) {
	p := &d.Private
	if has&amount != 0 {
		w.sats("amount", d.Amount)
	}
	if has&items != 0 {
		for _, it := range d.Products {
			w.item(it, d.To)
		}
		w.some("checkout", d.CheckoutID)
	}
	if has&shipping != 0 {
		w.some("shipping", d.Shipping)
	}
	if has&expiry != 0 {
		w.seconds("expiration", d.Expiry)
	}
	if has&quote != 0 {
		w.sats("shipping_quote", d.ShippingQuote)
	}
	if has&eta != 0 {
		w.seconds("eta", d.ETA)
	}
	if has&parcel != 0 {
		w.some("tracking", d.Tracking)
		w.some("carrier", d.Carrier)
	}
	if has&payment != 0 {
		w.payment(d)
	}
	if has&address != 0 {
		w.some("address", p.ShippingAddress)
		w.contact(p.Contact)
	}
	if has&reason != 0 {
		w.put("reason", p.Reason) // also where it is empty: the content is not the reason
	}
	if has&outcome != 0 {
		w.put("outcome", string(d.Outcome))
		w.put("resolution", p.Resolution)
	}
	switch {
	case d.Verb == orders.Intent, d.Verb == orders.Note && p.Content != "":
		w.put("note", p.Note)
	case d.Verb != orders.Note:
		w.some("note", p.Note)
	}
}

func (w writer) payment(d *orders.Draft) {
	ref, proof := d.Private.Reference, d.Private.Proof
	if d.Verb == orders.Request {
		ref, proof = d.Private.PaymentLink, ""
	}
	how := cmp.Or(medium(d.Medium), mediumOf(ref))
	switch {
	case proof != "":
		w.put("payment", cmp.Or(how, "other"), ref, proof)
	case how != "":
		w.put("payment", how, ref)
	}
}

func (w writer) contact(c map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		switch {
		case slices.Contains(contactTags, name), name == "contact":
			w.some(name, c[name])
		case c[name] != "":
			w.put("contact", name, c[name])
		}
	}
}

func (w writer) item(it orders.Product, seller string) {
	addr := it.ProductID
	if _, _, ok := listing(addr); !ok {
		addr = "30402:" + seller + ":" + it.ProductID
	}
	tag := []string{
		addr, strconv.FormatInt(it.Quantity, 10), it.ImageURL, it.Title,
		string(it.PricePerUnit), it.Currency,
	}
	if it.PricePerUnit == "" {
		tag = tag[:4]
	}
	for len(tag) > 2 && tag[len(tag)-1] == "" {
		tag = tag[:len(tag)-1]
	}
	w.put("item", tag...)
}
