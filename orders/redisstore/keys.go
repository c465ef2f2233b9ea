package redisstore

import (
	"strings"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
)

// The names of the contract. What follows a colon is an intentId, an npub or a
// status, none of which can hold a brace, so that every key reads back in one
// way only (parseKey).
const (
	orderPrefix  = "orders:"
	buyerPrefix  = "orders_by_buyer:"
	sellerPrefix = "orders_by_seller:"
	statusPrefix = "orders_by_status:"
	indexKey     = "orders_index"
	disputedKey  = "{" + indexKey + "}:disputed" // the part of indexKey that is, or was, disputed
	cursorKey    = "orders_cursor"
)

// orderKey is the hash of one order: data (orders.Order as JSON, without its
// boxes) and the scalars in scalarFields.
func orderKey(id string) string { return orderPrefix + id }

// boxesKey is the hash of the order's boxes: TimelineEntry.Fact → orders.Box as
// JSON. Apart from data, because lists read data and never boxes. Its hash tag
// is the order's own key, so both live in one slot.
func boxesKey(id string) string { return "{" + orderPrefix + id + "}:boxes" }

// statusKey is the sorted set of all orders with that status.
func statusKey(s orders.Status) string { return statusPrefix + string(s) }

// sideKey is the sorted set of the orders of one participant in one role.
func sideKey(as orders.Role, npub string) string {
	if as == orders.Buyer {
		return buyerPrefix + npub
	}
	return sellerPrefix + npub
}

// sideStatusKey is the part of sideKey that has the status: a set of its own,
// because an intersection made on demand takes seconds on a long list.
func sideStatusKey(as orders.Role, npub string, s orders.Status) string {
	return "{" + sideKey(as, npub) + "}:" + string(s)
}

// sumsKey is the hash of what the participant's orders add up to in that role:
// count, and the amount as btc (whole bitcoins) and sats (the rest of each
// order). Two parts, because HINCRBY refuses to pass 2^63 and the totals of
// strangers' orders are bounded only one by one. It exists while count > 0.
func sumsKey(as orders.Role, npub string) string {
	return "{" + sideKey(as, npub) + "}:sums"
}

// updatedKey is sideKey with another score, UpdatedTimestamp: what changed last.
func updatedKey(as orders.Role, npub string) string { return "{" + sideKey(as, npub) + "}:updated" }

// pairKey is the sorted set of the orders of one buyer with one seller, for both.
func pairKey(buyer, seller string) string { return "{" + sideKey(orders.Buyer, buyer) + "}:" + seller }

// findKey is the sorted set of what a seller's orders are found by (words.go), all of
// one score, so that Redis sorts them by their bytes. A buyer has none: he has so few
// orders that a search looks at each.
func findKey(seller string) string { return "{" + sideKey(orders.Seller, seller) + "}:find" }

// titlesKey is the hash of the titles in those orders: word (words.go) → title.
func titlesKey(seller string) string { return "{" + sideKey(orders.Seller, seller) + "}:titles" }

// keyKind is what a key of ours holds.
type keyKind int

const (
	notOurs keyKind = iota
	orderKind
	boxesKind
	setKind // any of the sorted sets of orders
	findKind
	titlesKind
	sumsKind
	cursorKind
)

// redisType is the type that a key of the kind has when we wrote it.
func (k keyKind) redisType() string {
	switch k {
	case setKind, findKind:
		return "zset"
	case notOurs:
		return ""
	}
	return "hash"
}

// keyInfo is a key of ours, taken apart.
type keyInfo struct {
	kind   keyKind
	id     string        // of an order or its boxes
	as     orders.Role   // of a participant's set or sums; 0: of everybody
	npub   string        // "
	with   string        // of the orders of buyer npub: the seller's npub
	status orders.Status // of a status set

	disputed bool // of the set of what was ever disputed
}

// scanPattern matches every key of ours and little else: parseKey decides.
const scanPattern = "*orders*"

// parseKey is the reverse of the functions above. Its kind is notOurs for a key
// that none of them makes.
func parseKey(key string) keyInfo {
	switch key {
	case indexKey:
		return keyInfo{kind: setKind}
	case disputedKey:
		return keyInfo{kind: setKind, disputed: true}
	case cursorKey:
		return keyInfo{kind: cursorKind}
	}
	base, sibling := key, ""
	if strings.HasPrefix(key, "{") {
		tag, rest, ok := strings.Cut(key[1:], "}:")
		if !ok || rest == "" {
			return keyInfo{}
		}
		base, sibling = tag, rest
	}
	if id, ok := strings.CutPrefix(base, orderPrefix); ok && validID(id) {
		switch sibling {
		case "":
			return keyInfo{kind: orderKind, id: id}
		case "boxes":
			return keyInfo{kind: boxesKind, id: id}
		}
		return keyInfo{}
	}
	if s, ok := strings.CutPrefix(base, statusPrefix); ok && sibling == "" && statusWord(s) {
		return keyInfo{kind: setKind, status: orders.Status(s)}
	}
	for _, as := range []orders.Role{orders.Buyer, orders.Seller} {
		if npub, ok := strings.CutPrefix(base, sideKey(as, "")); ok && isNpub(npub) {
			return ofSide(as, npub, sibling)
		}
	}
	return keyInfo{}
}

// ofSide is parseKey for the keys of one participant in one role.
func ofSide(as orders.Role, npub, sibling string) keyInfo {
	info := keyInfo{kind: setKind, as: as, npub: npub}
	switch {
	case sibling == "", sibling == "updated":
	case as == orders.Seller && sibling == "find":
		info.kind = findKind
	case as == orders.Seller && sibling == "titles":
		info.kind = titlesKind
	case sibling == "sums":
		info.kind = sumsKind
	case as == orders.Buyer && isNpub(sibling):
		info.with = sibling
	case statusWord(sibling):
		info.status = orders.Status(sibling)
	default:
		return keyInfo{}
	}
	return info
}

// validID reports whether id is one that the ledger gives to orders: escaped,
// with at most a suffix behind its 100 bytes.
func validID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._:@+-%", c) >= 0) {
			return false
		}
	}
	return true
}

// statusWord reports whether s is written like a status. A status that this
// version does not know any more still is one of ours, for Prune to clear.
func statusWord(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

const npubLen = 63

func isNpub(s string) bool {
	return len(s) == npubLen && strings.HasPrefix(s, "npub1") && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// npubOf is the NIP-19 form of a public key (64 lower-case hex digits).
func npubOf(pubkey string) (npub string, ok bool) {
	if !nostr.IsValid32ByteHex(pubkey) {
		return "", false
	}
	npub, err := nip19.EncodePublicKey(pubkey)
	return npub, err == nil
}
