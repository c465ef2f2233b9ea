package orders

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Search is what somebody typed to find orders by: terms, separated by spaces or
// commas. The zero Search finds every order.
//
// An order is found where one of the terms names it: its id, whole or from its
// beginning; its id or the other party's npub with the middle cut out (pi_npub1ab…3f9a);
// the tracking number of a parcel, whole or from its beginning, also where all terms
// together are the whole of one, as carriers print them in groups; the other party, as
// npub or hex, or as a NIP-05 name that ParseFilter was given. Or where every term
// stands somewhere in the titles of its products, in whatever case.
type Search struct{ Terms []Term }

// A Term is one word of a search.
type Term struct {
	Text    string   // as it was typed, without spaces
	Parties []string // the public keys (hex) that it stands for
	Cut     bool     // the middle is left out: Head and Tail are what is there
	Head    string
	Tail    string
}

const (
	maxSearch = 1000 // bytes
	maxTerms  = 50
	minHead   = 2 // bytes of an id from its beginning
	minTrack  = 4 // bytes of a tracking number from its beginning
	minGroups = 8 // bytes of a tracking number that is written in groups
)

// ParseSearch takes a search apart. names tells the public keys of a NIP-05 name;
// nil knows none. The error is a *ParameterError, or what names returns.
func ParseSearch(ctx context.Context, text string, names Names) (Search, error) {
	if len(text) > maxSearch || !utf8.ValidString(text) {
		return Search{}, &ParameterError{"q", "q is a text of up to 1000 bytes."}
	}
	var s Search
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) || unicode.IsControl(c) }) {
		t := Term{Text: word}
		if head, tail, ok := cutMiddle(word); ok {
			t.Cut, t.Head, t.Tail = true, head, tail
		} else if key, ok := PublicKey(word); ok {
			t.Parties = []string{key}
		} else if names != nil && nip05(word) {
			keys, err := names(ctx, word)
			if err != nil {
				return Search{}, err
			}
			t.Parties = keys
		}
		s.Terms = append(s.Terms, t)
	}
	if len(s.Terms) > maxTerms {
		return Search{}, &ParameterError{"q", "q has up to 50 words."}
	}
	return s, nil
}

// Number is the tracking number (as Tracking writes it) that the terms are together, in
// groups as on a label: "1Z 999 AA1 01 2345 6784"; "" where they are none.
func (s Search) Number() (number string) {
	if len(s.Terms) < 2 {
		return ""
	}
	for _, t := range s.Terms {
		group := Tracking(t.Text)
		if len(group) != len(strings.ReplaceAll(t.Text, "-", "")) {
			return ""
		}
		number += group
	}
	if len(number) < minGroups {
		return ""
	}
	return number
}

// cutMiddle reads an id whose middle was left out for display.
func cutMiddle(word string) (head, tail string, ok bool) {
	for _, dots := range []string{"…", "..."} {
		if head, tail, ok = strings.Cut(word, dots); ok {
			return head, strings.TrimLeft(tail, "."), head != "" && (len(head) >= minHead || tail != "")
		}
	}
	return "", "", false
}

// Empty reports whether s finds every order.
func (s Search) Empty() bool { return len(s.Terms) == 0 }

// Finds reports whether s finds the order for viewer (hex), of whom the other party
// is meant; "" means both.
func (s Search) Finds(o *Order, viewer string) bool {
	if s.Empty() {
		return true
	}
	numbers := o.TrackingNumbers()
	if n := s.Number(); n != "" && slices.Contains(numbers, n) {
		return true
	}
	for _, t := range s.Terms {
		if t.names(o, viewer, numbers) {
			return true
		}
	}
	return s.inTitles(o)
}

func (t *Term) names(o *Order, viewer string, numbers []string) bool {
	for _, other := range o.others(viewer) {
		if slices.Contains(t.Parties, other) || t.Cut && t.fits(Npub(other)) {
			return true
		}
	}
	if t.Cut {
		return t.fits(o.IntentID)
	}
	if o.IntentID == t.Text || len(t.Text) >= minHead && strings.HasPrefix(o.IntentID, t.Text) {
		return true
	}
	number := Tracking(t.Text)
	return slices.ContainsFunc(numbers, func(n string) bool {
		return number != "" && (n == number || len(number) >= minTrack && strings.HasPrefix(n, number))
	})
}

func (t *Term) fits(id string) bool {
	return len(id) >= len(t.Head)+len(t.Tail) && strings.HasPrefix(id, t.Head) && strings.HasSuffix(id, t.Tail)
}

func (s Search) inTitles(o *Order) bool {
	for _, t := range s.Terms {
		if !slices.ContainsFunc(o.Products, func(p Product) bool { return t.InTitle(p.Title) }) {
			return false
		}
	}
	return true
}

// InTitle reports whether the title has the term in it, in whatever case. A term
// that stands for somebody, or has its middle cut out, is in none.
func (t *Term) InTitle(title string) bool {
	return !t.Cut && len(t.Parties) == 0 && strings.Contains(strings.ToLower(title), strings.ToLower(t.Text))
}

// IDs is the beginning that the id of an order must have to be named by t; "" where t
// names none. whole says that only the whole id counts.
func (t *Term) IDs() (head string, whole bool) {
	if t.Cut {
		return t.Head, false
	}
	return t.Text, len(t.Text) < minHead
}

// Numbers is the same for tracking numbers; of "" the whole, which none is, where t
// names none.
func (t *Term) Numbers() (head string, whole bool) {
	if t.Cut {
		return "", true
	}
	n := Tracking(t.Text)
	return n, len(n) < minTrack
}

// Shortened reports whether t may be the npub of a party with its middle cut out.
func (t *Term) Shortened() bool {
	const npub = "npub1"
	return t.Cut && (strings.HasPrefix(t.Head, npub) || strings.HasPrefix(npub, t.Head))
}

// Tracking is a tracking number as it is compared: capital letters and digits, without
// the spaces and dashes that people put in between.
func Tracking(number string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		}
		return -1
	}, number)
}

// TrackingNumbers are those of the order's parcels, as Tracking writes them.
func (o *Order) TrackingNumbers() (numbers []string) {
	add := func(number string) {
		if n := Tracking(number); n != "" && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	add(o.TrackingNumber)
	for _, s := range o.Shipments {
		add(s.TrackingNumber)
	}
	return numbers
}

// others are the parties beside viewer (hex): both for who is none.
func (o *Order) others(viewer string) []string {
	switch o.Role(viewer) {
	case Buyer:
		return []string{o.SellerPubkey}
	case Seller:
		return []string{o.BuyerPubkey}
	}
	return []string{o.BuyerPubkey, o.SellerPubkey}
}
