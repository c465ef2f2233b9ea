package redisstore

import "github.com/waybill-relay/waybill/orders"

// A plan is how a filter is answered.
type plan struct {
	f      orders.Filter
	viewer string
	keys   []string   // the sorted sets whose union is read; an order is in one of them
	also   [][]string // an order must be in one of each of these too
	lo, hi int64
	sift   bool // not every order in keys is meant
	twice  bool // an order may be in several of keys
}

func newPlan(viewer string, f orders.Filter) (*plan, error) {
	p := &plan{f: f, viewer: viewer, lo: -maxExact, hi: maxExact, sift: !f.Search.Empty()}
	for _, status := range f.Statuses {
		if !status.Valid() {
			return nil, orders.Errorf(orders.EINVALID, "there is no status %.40q", status)
		}
	}
	if f.Since != nil {
		p.lo = clamp(*f.Since)
	}
	if f.Until != nil {
		p.hi = clamp(*f.Until)
	}
	if f.As == orders.Admin {
		return p, p.everybody()
	}
	if _, ok := npubOf(viewer); !ok {
		return nil, orders.Errorf(orders.EINVALID, "a public key is 64 lower-case hex digits")
	}
	p.own()
	return p, nil
}

// own is the plan for a participant. Of the lists that an order must be in it reads
// the one by which it is sorted, or which is the shortest.
func (p *plan) own() {
	var byStatus, byPair, byChange []string
	sides, npub := p.sides()
	for _, as := range sides {
		byStatus = append(byStatus, sideKeys(as, npub, p.f.Statuses)...)
		byPair = append(byPair, pairKeys(as, npub, p.f.Counterparty)...)
		byChange = append(byChange, updatedKey(as, npub))
	}
	lists := [][]string{byStatus}
	switch {
	case p.f.Counterparty != nil && len(byPair) == 0:
		return // nobody is meant
	case p.f.Counterparty != nil && len(p.f.Statuses) == 0:
		lists = [][]string{byPair}
	case p.f.Counterparty != nil:
		lists = [][]string{byPair, byStatus}
	case p.f.ByUpdated && len(p.f.Statuses) == 0:
		lists = nil
	}
	if p.f.ByUpdated {
		lists = append([][]string{byChange}, lists...)
	}
	p.keys, p.also = lists[0], lists[1:]
	if p.f.Disputed {
		p.also = append(p.also, []string{disputedKey})
	}
	p.sift = p.sift || len(p.also) > 0
}

// everybody is the plan for an admin: of everybody's lists, or of the participant
// whom the filter names.
func (p *plan) everybody() error {
	switch {
	case p.f.ByUpdated:
		return orders.Errorf(orders.EINVALID, "everybody's orders are sorted by when they began")
	case p.f.Counterparty != nil && p.f.Disputed:
		p.also = [][]string{{disputedKey}}
	case p.f.Counterparty != nil:
	case p.f.Disputed && len(p.f.Statuses) > 0:
		p.keys, p.also = []string{disputedKey}, [][]string{statusKeys(p.f.Statuses)}
	case p.f.Disputed:
		p.keys = []string{disputedKey}
	case len(p.f.Statuses) > 0:
		p.keys = statusKeys(p.f.Statuses)
	default:
		p.keys = []string{indexKey}
	}
	p.sift = p.sift || len(p.also) > 0
	p.twice = len(p.f.Counterparty) > 1 // they may trade with each other
	for _, pubkey := range p.f.Counterparty {
		npub, ok := npubOf(pubkey)
		if !ok {
			return orders.Errorf(orders.EINVALID, "a public key is 64 lower-case hex digits")
		}
		p.keys = append(p.keys, sideKeys(orders.Buyer, npub, p.f.Statuses)...)
		p.keys = append(p.keys, sideKeys(orders.Seller, npub, p.f.Statuses)...)
	}
	return nil
}

func statusKeys(statuses []orders.Status) []string {
	keys := make([]string, len(statuses))
	for i, status := range statuses {
		keys[i] = statusKey(status)
	}
	return keys
}

func sideKeys(as orders.Role, npub string, statuses []orders.Status) []string {
	if len(statuses) == 0 {
		return []string{sideKey(as, npub)}
	}
	keys := make([]string, len(statuses))
	for i, status := range statuses {
		keys[i] = sideStatusKey(as, npub, status)
	}
	return keys
}

// pairKeys are the lists of what npub has with each of the others (hex).
func pairKeys(as orders.Role, npub string, others []string) (keys []string) {
	for _, pubkey := range others {
		other, ok := npubOf(pubkey)
		switch {
		case !ok: // nobody has such a key
		case as == orders.Buyer:
			keys = append(keys, pairKey(npub, other))
		default:
			keys = append(keys, pairKey(other, npub))
		}
	}
	return keys
}

// sides are the viewer's, in p's roles.
func (p *plan) sides() (sides []orders.Role, npub string) {
	npub, _ = npubOf(p.viewer)
	for _, as := range []orders.Role{orders.Buyer, orders.Seller} {
		if p.f.Roles()&as != 0 {
			sides = append(sides, as)
		}
	}
	return sides, npub
}
