package dialect

import (
	"encoding/base64"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// unposted are the flags of what another transport lets pass, with the tag they are about.
var unposted = map[orders.Flag]string{
	FlagBadAmount: "amount", FlagBadItem: "item", FlagBadTime: "created_at", FlagCut: "", FlagUnknownStatus: "status",
}

// seal puts what the author has sealed into the statement of a posted message.
func (l *letter) seal(sts []orders.Statement) error {
	if len(sts) != 1 {
		return at("payment", BadTag)
	}
	st := &sts[0]
	for _, f := range st.Flags {
		if tag, off := unposted[f]; off {
			return at(tag, BadTag)
		}
	}
	box, err := l.sealed()
	if err != nil {
		return err
	}
	carries, err := l.carried(st.Verb)
	switch {
	case err != nil:
		return err
	case box == nil && len(carries) > 0:
		return at("sealed", BadSeal)
	case box != nil && len(carries) == 0:
		return at("private", BadSeal)
	}
	st.Box, st.Carries, st.Private = box, carries, orders.Private{}
	if formOf[st.Verb].fields&payment != 0 {
		st.Medium = medium(l.value("payment"))
	}
	if hash := l.value("payment_hash"); hash != "" {
		if formOf[st.Verb].fields&payment == 0 {
			return at("payment_hash", BadTag)
		}
		st.PaymentHash = hash
	}
	return nil
}

// sealed is the box that the author made, nil for none.
func (l *letter) sealed() (*orders.Box, error) {
	box := &orders.Box{SealedBy: l.Rumor.PubKey, For: map[string]string{}}
	for t := range l.tags("sealed") {
		if len(t) != 3 || !isHex32(t[1]) || !isNIP44(t[2]) || box.For[t[1]] != "" {
			return nil, at("sealed", BadSeal)
		}
		box.For[t[1]] = t[2]
	}
	if len(box.For) == 0 {
		return nil, nil
	}
	return box, nil
}

// The lengths of a payload of NIP-44 v2 in base64.
const minPayload, maxPayload = 132, 87_472

// isNIP44 reports whether s has the form of a payload of version 2. What is in it only
// its reader can tell.
func isNIP44(s string) bool {
	if len(s) < minPayload || len(s) > maxPayload {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && raw[0] == 2
}

// carried are the private fields that the message says it has, sorted.
func (l *letter) carried(verb orders.Verb) (carries []orders.Field, err error) {
	may := privateOf(verb)
	for t := range l.tags("private") {
		if carries != nil || len(t) < 2 {
			return nil, at("private", BadSeal)
		}
		for _, name := range t[1:] {
			f := orders.Field(name)
			if !slices.Contains(may, f) || slices.Contains(carries, f) {
				return nil, at("private", BadSeal)
			}
			carries = append(carries, f)
		}
	}
	slices.Sort(carries)
	return carries, nil
}

// privateOf are the private fields that a message with the verb may have.
func privateOf(verb orders.Verb) []orders.Field {
	may := []orders.Field{orders.FieldContent}
	has := formOf[verb].fields
	for _, x := range []struct {
		of     fields
		fields []orders.Field
	}{
		{note, []orders.Field{orders.FieldNote}},
		{address, []orders.Field{orders.FieldShippingAddress, orders.FieldContact}},
		{reason, []orders.Field{orders.FieldReason}},
		{outcome, []orders.Field{orders.FieldResolution}},
		{payment, []orders.Field{orders.FieldReference, orders.FieldProof}},
	} {
		if has&x.of != 0 {
			may = append(may, x.fields...)
		}
	}
	if verb == orders.Request {
		may = append(may, orders.FieldPaymentLink)
	}
	return may
}
