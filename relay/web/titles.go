package web

import (
	"cmp"
	"context"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// entitle gives products that have only an id the titles of their listings, where those
// are known.
func (s *server) entitle(ctx context.Context, found ...*orders.Order) error {
	if s.cfg.Titles == nil {
		return nil
	}
	untitled := map[string][]*orders.Product{}
	var addresses []string
	for _, o := range found {
		for i := range o.Products {
			p := &o.Products[i]
			if p.Title != "" || p.ProductID == "" {
				continue
			}
			a := listingOf(o, p.ProductID)
			if untitled[a] == nil {
				addresses = append(addresses, a)
			}
			untitled[a] = append(untitled[a], p)
		}
	}
	if len(addresses) == 0 {
		return nil
	}
	titles, err := s.cfg.Titles(ctx, addresses)
	if err != nil {
		return err
	}
	for a, products := range untitled {
		for _, p := range products {
			p.Title = titles[a]
		}
	}
	return nil
}

// listingOf is the address of a product's listing (NIP-99).
func listingOf(o *orders.Order, productID string) string {
	const kind = "30402:"
	if strings.HasPrefix(productID, kind) {
		return productID
	}
	return kind + o.SellerPubkey + ":" + productID
}

// shippingOf is the title of the shipping option that was chosen, where its event
// (kind 30406) is known, else its address; "" for none.
func (s *server) shippingOf(ctx context.Context, o *orders.Order) (string, error) {
	if s.cfg.Titles == nil || o.ShippingOption == "" {
		return o.ShippingOption, nil
	}
	titles, err := s.cfg.Titles(ctx, []string{o.ShippingOption})
	return cmp.Or(titles[o.ShippingOption], o.ShippingOption), err
}
