package redisstore

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// The members of a seller's find set are what his orders are found by, each with the
// id of its order behind it:
//
//	i<id>                     the order's own id
//	n<tracking number> <id>   of a parcel, as orders.Tracking writes it
//	t<digest> <id>            of the title of a product
//
// An order's words are the second and third kind, without the id. A title itself
// stands once, in the hash of titles, under its word: a shop has many orders and few
// titles, and a search reads the titles to know which words it looks for.

// maxWords bounds what one order may put into the index: the buyer writes it.
const maxWords = 40

// maxTitle is how many bytes of a title are kept for searching.
const maxTitle = 200

// title is a title beside its word.
type title struct{ word, text string }

// wordsOf are the words of an order, and its titles.
func wordsOf(o *orders.Order) (words []string, titles []title) {
	seen := map[string]bool{}
	add := func(word string) bool {
		if seen[word] || len(words) == maxWords {
			return false
		}
		seen[word] = true
		words = append(words, word)
		return true
	}
	for _, n := range o.TrackingNumbers() {
		add("n" + n)
	}
	for _, p := range o.Products {
		if t := titleOf(p.Title); t.text != "" && add(t.word) {
			titles = append(titles, t)
		}
	}
	return words, titles
}

func titleOf(text string) title {
	text = strings.TrimSpace(text)
	if len(text) > maxTitle {
		text = strings.ToValidUTF8(text[:maxTitle], "")
	}
	sum := sha256.Sum256([]byte(text))
	return title{"t" + base64.RawURLEncoding.EncodeToString(sum[:9]), text}
}

// foundID is the id in a member of a find set.
func foundID(member string) string {
	if id, ok := strings.CutPrefix(member, "i"); ok {
		return id
	}
	return member[strings.LastIndexByte(member, ' ')+1:]
}
