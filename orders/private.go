package orders

import (
	"encoding/json"
	"unicode/utf8"
)

// JSON is the plaintext of the box that keeps p.
func (p *Private) JSON() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic("orders: Private holds strings only: " + err.Error())
	}
	return b
}

// Text is the field's value: "" for one that p does not have, and for Contact, which
// is several.
func (p Private) Text(f Field) string {
	switch f {
	case FieldContent:
		return p.Content
	case FieldShippingAddress:
		return p.ShippingAddress
	case FieldPaymentLink:
		return p.PaymentLink
	case FieldNote:
		return p.Note
	case FieldReason:
		return p.Reason
	case FieldResolution:
		return p.Resolution
	case FieldReference:
		return p.Reference
	case FieldProof:
		return p.Proof
	}
	return ""
}

// Fit returns p with its JSON cut to at most size bytes, and whether anything
// was lost: the seal goes first, whole, as half a signed event proves nothing;
// then the longest texts are halved.
func (p Private) Fit(size int) (fitting Private, cut bool) {
	for len(p.JSON()) > size {
		if cut = true; p.Seal != "" {
			p.Seal = ""
			continue
		}
		longest := &p.Content
		for _, s := range []*string{&p.ShippingAddress, &p.PaymentLink, &p.Note, &p.Reason, &p.Resolution, &p.Reference, &p.Proof} {
			if len(*s) > len(*longest) {
				longest = s
			}
		}
		if len(*longest) < 64 { // then it is the contact data that are too much
			if p.Contact == nil {
				break
			}
			p.Contact = nil
			continue
		}
		*longest = firstBytes(*longest, len(*longest)/2)
	}
	return p, cut
}

// firstBytes cuts s to at most n bytes without cutting a character.
func firstBytes(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
