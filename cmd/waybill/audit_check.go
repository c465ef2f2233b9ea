package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// rumor checks that the facts of this copy say what the message says.
func (a *auditor) rumor(ctx context.Context, where string, m *auditMessage, c *auditCopy, rumor nostr.Event, flags []orders.Flag) (proved, failed bool) {
	if rumor.ID != m.Rumor {
		a.problem(where + "another message is in there")
		return false, true
	}
	read := dialect.Message{Rumor: rumor, Owner: c.Recipient, Relay: a.file.Relay, Transport: orders.ByWrap, ReceivedAt: a.receivedAt(m, c)}
	if c.open() {
		read.Owner, read.Transport = "", orders.ByPublic
		if f := a.first(m, c); f != nil && slices.Contains(f.Transports, orders.ByAPI) {
			read.Transport = orders.ByAPI
		}
	}
	statements, err := a.dialects.Read(read)
	if err != nil {
		a.problem(where + "it is no order message: " + dialect.Reason(err))
		return false, true
	}
	said := map[int]orders.Statement{}
	for _, s := range statements {
		s.Flags = append(s.Flags, flags...)
		said[s.N] = s
	}
	told := 0
	for i := range a.file.Facts {
		f := &a.file.Facts[i]
		if f.ID != m.Rumor || !c.holds(f) {
			continue
		}
		told++
		one, ok := said[f.N]
		if !ok || !same(&one.Fact, f) {
			a.problem(where + "the author did not say what the file says (" + string(f.Verb) + ")")
			return false, true
		}
		if one.Box != nil { // its author sealed it himself
			a.box(ctx, f, nil)
			continue
		}
		a.box(ctx, f, &one.Private)
	}
	for _, s := range said {
		if told < len(said) && s.OrderID == a.file.Order.OrderID {
			a.problem(where + "the author said more about this order than the file says")
			return false, true
		}
	}
	return told > 0, false
}

// same compares two facts by what their author said: the relay's stamps, its
// numbers and the box are not his. What was too long for a box is cut.
func same(a, b *orders.Fact) bool {
	return bytes.Equal(asSaid(*a), asSaid(*b))
}

func asSaid(f orders.Fact) []byte {
	f.Seq, f.Box, f.Carries = 0, nil, nil
	f.ByAdmin, f.ByNode, f.Held = false, false, false
	f.Flags = slices.Clone(f.Flags)
	slices.Sort(f.Flags)
	f.Flags = slices.DeleteFunc(slices.Compact(f.Flags), func(flag orders.Flag) bool { return flag == dialect.FlagCut })
	if len(f.Flags) == 0 {
		f.Flags = nil
	}
	text, err := json.Marshal(&f)
	must(err) // it came out of JSON
	return text
}

// order checks that the order follows from the facts.
func (a *auditor) order() bool {
	o := a.file.Order
	folded := foldAudit(orders.Key{Pair: orders.PairOf(o.BuyerPubkey, o.SellerPubkey), OrderID: o.OrderID}, a.file.Facts)
	folded.IntentID, folded.Version = o.IntentID, max(o.Version, folded.Version)
	got, err := json.Marshal(o)
	must(err)
	want, err := json.Marshal(folded)
	must(err)
	if !bytes.Equal(got, want) {
		a.problem("the order does not follow from the facts in the file: by them it is " + string(folded.Status) + ", payment " + string(folded.Payment))
		return false
	}
	return true
}

// checkAudit checks a file and tells in words what was proved.
func checkAudit(ctx context.Context, out io.Writer, path string, key *keyFlags) error {
	file, err := readAudit(path)
	if err != nil {
		return err
	}
	me, err := key.signer()
	if err != nil {
		return err
	}
	if me != nil {
		defer me.Zero()
	}
	a, err := newAuditor(file, me)
	if err != nil {
		return err
	}
	var readings []reading
	for i := range file.Messages {
		readings = append(readings, a.message(ctx, &file.Messages[i]))
	}
	for i := range file.Facts {
		f := &file.Facts[i]
		if !slices.ContainsFunc(file.Messages, func(m auditMessage) bool { return m.Rumor == f.ID }) {
			a.problem("fact " + middle(orders.FactRef(f.ID, f.N), 20) + ": there is no trace of its message")
		}
	}
	follows := a.order()
	if err := a.print(out, readings, follows); err != nil {
		return err
	}
	if n := len(a.problems); n > 0 {
		return orders.Errorf(orders.EINTERNAL, "%d problems: this file does not prove what it says", n)
	}
	return nil
}

func (a *auditor) print(out io.Writer, readings []reading, follows bool) error {
	o := a.file.Order
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Order\t%s\nStatus\t%s\nPayment\t%s\nBuyer\t%s\nSeller\t%s\n\n", plain(o.IntentID), o.Status, o.Payment, plain(o.BuyerNpub), plain(o.SellerNpub))
	fmt.Fprintln(w, "TIME\tWHO\tWHAT\tPROOF")
	opened := 0
	for _, f := range readings {
		if f.opened {
			opened++
		}
	}
	for _, e := range o.Timeline {
		rumor, _, _ := strings.Cut(e.Fact, "#")
		proof := "no seal of it is kept"
		if i := slices.IndexFunc(readings, func(f reading) bool { return f.rumor == rumor }); i >= 0 {
			proof = readings[i].words()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", clock(e.At), first(e.Role, "stranger"), plain(string(e.Verb)), proof)
	}
	fmt.Fprintln(w)
	if err := w.Flush(); err != nil {
		return err
	}
	if follows {
		fmt.Fprintf(out, "The order follows from the %d facts in the file.\n", len(a.file.Facts))
	}
	fmt.Fprintf(out, "%d of %d messages were opened with this key: their authors signed them, and they say what the file says.\n", opened, len(readings))
	if opened < len(readings) {
		fmt.Fprintln(out, "The others take another party's key; that a seal was signed is checked, not what it says.")
	}
	for _, p := range a.problems {
		fmt.Fprintln(out, "PROBLEM:", plain(p))
	}
	return nil
}

// words tell what was found out about a message.
func (f reading) words() string {
	switch {
	case f.opened:
		return "opened: signed by its author, and says this"
	case len(f.sealed) > 0:
		npubs := make([]string, len(f.sealed))
		for i, key := range f.sealed {
			npubs[i] = middle(orders.Npub(key), 16)
		}
		return "sealed: signed by " + strings.Join(npubs, ", ") + ", not opened"
	}
	return "no seal of it is kept"
}
