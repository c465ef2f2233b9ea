package web

import (
	"strings"
	"testing"
)

// No paper says more of a payment than is known.
func TestDocuments(t *testing.T) {
	h := newHouse(t)
	for name, says := range h.lives() {
		h.order(name, says...)
	}
	for _, tt := range []struct{ viewer, path, heading, want, not string }{
		{h.buyer, "claimed/receipt", "Statement of the order", "Claimed by the buyer, not confirmed by the seller.", "Paid."},
		{h.buyer, "new/receipt", "Statement of the order", "Not paid.", "Paid."},
		{h.buyer, "preparing/receipt", "Receipt", "Paid. The seller has confirmed it", "not confirmed"},
		{h.buyer, "refunded/receipt", "Statement of the order", "the money was sent back", "not confirmed"},
		{h.seller, "asked/invoice", "Invoice", "Not paid. The seller has asked for payment.", "Paid."},
		{h.seller, "shipped/packing-slip", "Packing slip", "21,000", "Claimed"},
		{h.seller, "shipped/packing-slip?prices=0", "Packing slip", "Blue mug", "21,000"},
		{h.seller, "shipped/label", "Shipping label 4 × 6 in", "RF418823604PT", "21,000"},
	} {
		page := h.shown(tt.viewer, "/orders/"+tt.path)
		paper := find(page, "article", "class", "paper")[0]
		text := words(paper)
		if !strings.HasPrefix(text, tt.heading) || !strings.Contains(text, tt.want) || strings.Contains(text, tt.not) {
			t.Errorf("%s: %s", tt.path, text)
		}
		if len(find(page, "button", "data-print")) != 1 || len(find(page, "a", "href", "/orders/"+strings.SplitN(tt.path, "/", 2)[0])) == 0 {
			t.Errorf("%s: no way to print, or back", tt.path)
		}
		address := len(find(paper, "div", "data-field", "shippingAddress"))
		if want := strings.Contains(tt.path, "slip") || strings.Contains(tt.path, "label"); (address == 1) != want {
			t.Errorf("%s: %d places for the address", tt.path, address)
		}
	}
}
