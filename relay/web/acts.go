package web

import (
	"slices"
	"strconv"

	"github.com/waybill-relay/waybill/orders"
)

// An Act is one message that the viewer may send, as a button and a form. The words of
// the catalogue are under "act.<name>".
type Act struct {
	Name    string // the verb; of resolved withdraw, concede-buyer, concede-seller or rule; answer to a dispute
	Verb    orders.Verb
	Icon    string
	Ends    bool // stops the order, or sets the parties against each other
	Next    bool // what the order waits for
	Fields  []Field
	Warning string // key beneath "act.warning."; "" for none
}

// place is where an act stands among the others.
func (a Act) place() int {
	switch {
	case a.Next:
		return 0
	case a.Ends:
		return 2
	}
	return 1
}

// A Field of a form is named as js/messages.js takes it. Its words are under
// "field.<name>".
type Field struct {
	Name     string
	Kind     string // line, sats, date, text, email, tel, check, choice or fixed
	Required bool
	Hint     bool // there is "field.<name>.hint"
	Value    string
	Choices  []string // words: "field.<name>.<choice>"
}

var (
	noteField     = Field{Name: "note", Kind: "text"}
	arrivalField  = Field{Name: "eta", Kind: "date"}
	parcelFields  = []Field{{Name: "carrier", Kind: "line"}, {Name: "trackingNumber", Kind: "line"}}
	contactFields = []Field{{Name: "contact.email", Kind: "email"}, {Name: "contact.phone", Kind: "tel"}}
)

// acts are the forms, by verb. What an order adds to one stands in actsOf.
var acts = map[orders.Verb]Act{
	orders.Request: {Icon: "send", Fields: []Field{
		{Name: "paymentLink", Kind: "line", Required: true, Hint: true}, {Name: "shippingQuote", Kind: "sats", Hint: true}, arrivalField, noteField}},
	orders.Paid: {Icon: "coins", Fields: []Field{
		{Name: "reference", Kind: "line", Hint: true}, {Name: "proof", Kind: "line", Hint: true}, {Name: "shippingAddress", Kind: "text", Hint: true}, noteField}},
	orders.Confirm:   {Icon: "check", Fields: []Field{arrivalField, noteField}},
	orders.Process:   {Icon: "package", Fields: []Field{arrivalField, noteField}},
	orders.Shipped:   {Icon: "truck", Fields: append(parcelFields[:2:2], arrivalField, noteField)},
	orders.Delivered: {Icon: "circle-check", Fields: []Field{noteField}},
	orders.Refunded:  {Icon: "undo-2", Fields: []Field{{Name: "amount", Kind: "sats", Required: true}, {Name: "reference", Kind: "line"}, noteField}},
	orders.Address: {Icon: "map-pin", Fields: append([]Field{{Name: "shippingAddress", Kind: "text", Required: true}},
		append(contactFields[:2:2], noteField)...)},
	orders.Note: {Icon: "message-square", Fields: []Field{{Name: "note", Kind: "text", Required: true}}},
	orders.Exception: {Icon: "triangle-alert", Fields: append([]Field{{Name: "reason", Kind: "text", Required: true}},
		append(parcelFields[:2:2], arrivalField)...)},
	orders.Cancel:  {Icon: "circle-x", Ends: true, Fields: []Field{{Name: "reason", Kind: "text"}}},
	orders.Dispute: {Icon: "scale", Ends: true, Fields: []Field{{Name: "reason", Kind: "text", Required: true, Hint: true}}},
}

// actsOf are the ways in which role says the verb about the order: one, but for the
// disputes that both sides raised.
func actsOf(o *orders.Order, role orders.Role, v orders.Verb) []Act {
	if v == orders.Resolved {
		return resolutions(o, role)
	}
	act, known := acts[v]
	if !known {
		return nil
	}
	act.Name, act.Verb = string(v), v
	unclaimed := o.Payment == orders.PaymentNone || o.Payment == orders.PaymentRequested
	switch {
	case v == orders.Request && o.GrandTotal == 0:
		act.Fields = append([]Field{{Name: "amount", Kind: "sats", Required: true}}, act.Fields...)
	case v == orders.Paid:
		act.Fields = append([]Field{{Name: "amount", Kind: "sats", Value: satsAskedFor(o)}}, act.Fields...)
	case v == orders.Confirm && unclaimed:
		act.Warning = "unclaimed"
		act.Fields = append([]Field{{Name: "sure", Kind: "check", Required: true}}, act.Fields...)
	case (v == orders.Process || v == orders.Shipped) && unclaimed:
		act.Warning = "unpaid"
	case v == orders.Shipped && o.Payment == orders.PaymentClaimed:
		act.Warning = "unconfirmed"
	case v == orders.Cancel && (o.Payment == orders.PaymentClaimed || o.Payment == orders.PaymentConfirmed):
		act.Warning = "money"
	case v == orders.Dispute && o.Status == orders.StatusDisputed:
		act.Name, act.Icon, act.Ends = "answer", "message-square", false
	case v == orders.Refunded:
		act.Fields = append([]Field(nil), act.Fields...)
		if due := o.GrandTotal - o.RefundedSats; due > 0 {
			act.Fields[0].Value = strconv.FormatInt(due, 10)
		}
	case v == orders.Note && role == orders.Seller:
		act.Fields = append(act.Fields[:1:1], Field{Name: "self", Kind: "check"})
	}
	return []Act{act}
}

// satsAskedFor is what the page asks for, as a form has it: what is signed is what was
// read. "" where that is no sats.
func satsAskedFor(o *orders.Order) string {
	if sum, named := askedFor(o); named && sum.InSats() {
		return sum.Amount.String()
	}
	return ""
}

// resolutions are how role may end what is disputed: an admin as he finds; who raised a
// dispute takes it back, and to what the other side raised one gives in.
func resolutions(o *orders.Order, role orders.Role) (all []Act) {
	way := func(name, icon string, outcome Field, required bool) {
		all = append(all, Act{Name: name, Verb: orders.Resolved, Icon: icon,
			Fields: []Field{outcome, {Name: "resolution", Kind: "text", Required: required}}})
	}
	fixed := func(outcome orders.Outcome) Field {
		return Field{Name: "outcome", Kind: "fixed", Value: string(outcome)}
	}
	if role == orders.Admin {
		way("rule", "scale", Field{Name: "outcome", Kind: "choice", Required: true,
			Choices: []string{string(orders.OutcomeDelivered), string(orders.OutcomeCancelled), string(orders.OutcomeResume)}}, true)
		return all
	}
	open := o.OpenDisputes()
	if open&role != 0 {
		way("withdraw", "undo-2", fixed(orders.OutcomeResume), false)
	}
	switch {
	case role == orders.Seller && open&orders.Buyer != 0:
		way("concede-seller", "check", fixed(orders.OutcomeCancelled), false)
		all[len(all)-1].Ends = true
	case role == orders.Buyer && open&orders.Seller != 0:
		way("concede-buyer", "check", fixed(orders.OutcomeDelivered), false)
	}
	return all
}

// couriers are what a form proposes for who carries a parcel.
var couriers = []string{
	"Australia Post", "Canada Post", "Chronopost", "Colissimo", "Correos", "CTT", "Deutsche Post", "DHL", "DPD", "FedEx", "GLS", "Hermes",
	"InPost", "La Poste", "Österreichische Post", "PostNL", "PostNord", "Poste Italiane", "Royal Mail", "Swiss Post", "UPS", "USPS",
}

// Couriers are proposed, and any other may be written.
func (Actions) Couriers() []string { return couriers }

// Others are the acts that the order does not wait for.
func (a Actions) Others() []Act {
	return slices.DeleteFunc(slices.Clone(a.Acts), func(act Act) bool { return act.Next })
}

// AgainFields are what is asked beside the goods when they are ordered again.
func (Actions) AgainFields() []Field {
	return append([]Field{{Name: "shippingAddress", Kind: "text"}}, append(contactFields[:2:2], noteField)...)
}
