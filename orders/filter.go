package orders

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr/nip19"
)

// A Filter says which orders are meant, and in what order they come. It is what a
// list, an export, statistics and a preview of a change to many are asked with, so
// that they speak of the same orders. The zero Filter means every order of its viewer.
type Filter struct {
	As       Role     // of the viewer: Buyer, Seller or both; 0: both. Admin: everybody's orders
	Statuses []Status // any of these; none: all
	// Since and Until bound CreatedTimestamp, or UpdatedTimestamp where ByUpdated, in
	// ms and both inclusive; nil: without bound.
	Since, Until *int64
	// Counterparty is the other party, any of these keys (hex); for an admin, either
	// party. nil: whoever. Empty but not nil: nobody, so that no order is meant.
	Counterparty []string
	Search       Search
	Disputed     bool // only orders that are, or were, disputed
	ByUpdated    bool // sorted by UpdatedTimestamp instead of CreatedTimestamp
	OldestFirst  bool
}

// Names tells the public keys (hex) that call themselves by a NIP-05 name, none where
// it knows nobody.
type Names func(ctx context.Context, name string) ([]string, error)

// A ParameterError says which parameter of a filter is off, and what it must be. It
// does not quote what it was.
type ParameterError struct{ Parameter, Message string }

func (e *ParameterError) Error() string { return e.Message }

func (e *ParameterError) Unwrap() error { return Errorf(EINVALID, "%s", e.Message) }

// FilterKeys are the keys that ParseFilter reads.
var FilterKeys = []string{"role", "status", "since", "until", "q", "counterparty", "sort"}

// ParseFilter reads a filter as it stands in a query: role (buyer, seller or admin),
// status (may be repeated: any of them), since and until (RFC 3339, a date for its
// first or its last moment in UTC, or milliseconds), q (ParseSearch), counterparty
// (npub, hex, or a NIP-05 name) and sort (-created, created, -updated, updated; with
// the last two since and until are about the last change). Other keys are not
// looked at. Only status may be there twice. The error is a *ParameterError, or what
// names returns.
func ParseFilter(ctx context.Context, query url.Values, names Names) (Filter, error) {
	var f Filter
	for _, key := range FilterKeys {
		values := query[key]
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 && key != "status" {
			return Filter{}, &ParameterError{key, key + " may be given once."}
		}
		if err := f.set(ctx, key, values, names); err != nil {
			return Filter{}, err
		}
	}
	if f.Since != nil && f.Until != nil && *f.Since > *f.Until {
		return Filter{}, &ParameterError{"until", "until is before since."}
	}
	return f, nil
}

func (f *Filter) set(ctx context.Context, key string, values []string, names Names) (err error) {
	switch value := values[0]; key {
	case "role":
		return f.setRole(value)
	case "status":
		return f.setStatuses(values)
	case "since":
		f.Since, err = parseTime(key, value, 0)
	case "until":
		f.Until, err = parseTime(key, value, 24*time.Hour-time.Millisecond)
	case "q":
		f.Search, err = ParseSearch(ctx, value, names)
	case "counterparty":
		f.Counterparty, err = parseParty(ctx, key, value, names)
	case "sort":
		return f.setSort(value)
	}
	return err
}

func (f *Filter) setRole(value string) error {
	for _, r := range []Role{Buyer, Seller, Admin} {
		if value == r.String() {
			f.As = r
			return nil
		}
	}
	return &ParameterError{"role", "role is buyer, seller or admin."}
}

func (f *Filter) setStatuses(values []string) error {
	for _, v := range values {
		s := Status(v)
		if !s.Valid() {
			return &ParameterError{"status", "status is one of " + statusNames() + "; give it several times for any of several."}
		}
		if !slices.Contains(f.Statuses, s) {
			f.Statuses = append(f.Statuses, s)
		}
	}
	return nil
}

func statusNames() string {
	names := make([]string, len(Statuses))
	for i, s := range Statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func (f *Filter) setSort(value string) error {
	by, newest := strings.CutPrefix(value, "-")
	if by != "created" && by != "updated" {
		return &ParameterError{"sort", "sort is -created (the newest first), created, -updated or updated."}
	}
	f.ByUpdated, f.OldestFirst = by == "updated", !newest
	return nil
}

// maxTime is the end of the year 9999, where RFC 3339 ends.
const maxTime = 253402300799999

// parseTime reads a moment; a date stands for its beginning and so much later.
func parseTime(key, text string, later time.Duration) (*int64, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 && ms <= maxTime {
		return &ms, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); err == nil {
			t = t.Add(later)
		}
	}
	if ms := t.UnixMilli(); err == nil && ms >= 0 {
		return &ms, nil
	}
	return nil, &ParameterError{key, key + " is a time (RFC 3339), a date (2006-01-02), or milliseconds since 1970."}
}

func parseParty(ctx context.Context, key, text string, names Names) ([]string, error) {
	if pubkey, ok := PublicKey(text); ok {
		return []string{pubkey}, nil
	}
	if !nip05(text) {
		return nil, &ParameterError{key, key + " is an npub, 64 lower-case hex digits, or a name like ana@example.com (NIP-05)."}
	}
	if names == nil {
		return []string{}, nil
	}
	keys, err := names(ctx, text)
	return append([]string{}, keys...), err
}

// PublicKey reads an npub or 64 lower-case hex digits.
func PublicKey(text string) (pubkey string, ok bool) {
	if strings.HasPrefix(text, "npub1") && len(text) == 63 {
		_, value, err := nip19.Decode(text)
		pubkey, ok = value.(string)
		return pubkey, err == nil && ok
	}
	return text, len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// nip05 reports whether text is written like a NIP-05 name.
func nip05(text string) bool {
	name, domain, ok := strings.Cut(text, "@")
	return ok && name != "" && strings.Contains(domain, ".") && len(text) <= 254 &&
		!strings.ContainsAny(text, " \t\r\n\"\\") && !strings.Contains(domain, "@")
}

// Means reports whether the filter means the order, for viewer (hex).
func (f Filter) Means(o *Order, viewer string) bool {
	at := o.CreatedTimestamp
	if f.ByUpdated {
		at = o.UpdatedTimestamp
	}
	switch role := o.Role(viewer); {
	case f.As != Admin && role&f.Roles() == 0,
		f.Disputed && !o.WasDisputed(),
		len(f.Statuses) > 0 && !slices.Contains(f.Statuses, o.Status),
		f.Since != nil && at < *f.Since,
		f.Until != nil && at > *f.Until:
		return false
	}
	if f.As == Admin {
		viewer = ""
	}
	if f.Counterparty != nil && !slices.ContainsFunc(o.others(viewer), func(k string) bool { return slices.Contains(f.Counterparty, k) }) {
		return false
	}
	return f.Search.Finds(o, viewer)
}

// Roles are the roles of the viewer that are meant; 0 for an admin.
func (f Filter) Roles() Role {
	switch f.As {
	case 0:
		return Buyer | Seller
	case Admin:
		return 0
	}
	return f.As
}
