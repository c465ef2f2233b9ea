package dialect

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

const (
	maxJSON  = 64 << 10
	maxDepth = 32
)

// errNotJSON: what looked like a JSON object is something else.
var errNotJSON = errors.New("dialect: not a JSON object")

// parseObject reads one JSON object, numbers as json.Number. Two readers must
// not see two different messages, so a key that stands twice is BadJSON, as is
// what is too long or too deep to be an order; what is no JSON at all is
// errNotJSON.
func parseObject(s string) (map[string]any, error) {
	if !strings.HasPrefix(s, "{") {
		return nil, errNotJSON
	}
	if len(s) > maxJSON || tooDeep(s) {
		return nil, BadJSON
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNotJSON
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, errNotJSON
	}
	return obj, nil
}

// tooDeep looks at the brackets only, before anything is parsed.
func tooDeep(s string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func parseValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch t {
	case json.Delim('{'):
		obj := map[string]any{}
		for d.More() {
			k, err := d.Token()
			key, ok := k.(string)
			if err != nil || !ok {
				return nil, errNotJSON
			}
			if _, twice := obj[key]; twice {
				return nil, BadJSON
			}
			if obj[key], err = parseValue(d); err != nil {
				return nil, err
			}
		}
		return obj, endOf(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, endOf(d)
	}
	return t, nil
}

func endOf(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

// text is the value of the first of the keys that is a string or a number.
func text(obj map[string]any, keys ...string) string {
	for _, k := range keys {
		if s, ok := scalar(obj[k]); ok {
			return s
		}
	}
	return ""
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case json.Number:
		return string(v), true
	}
	return "", false
}

// lines yields the objects in a list: the lines of an order. What is no line is
// flagged, and what is too much.
func lines(st *orders.Statement, list any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		all, _ := list.([]any)
		for _, v := range all {
			line, ok := v.(map[string]any)
			switch {
			case !ok:
				flag(st, FlagBadItem)
			case len(st.Products) == maxProducts:
				flag(st, FlagCut)
				return
			case !yield(line):
				return
			}
		}
	}
}

// addressKeys is the order in which the lines of an address are written.
var addressKeys = []string{
	"name", "fullName", "company", "street", "address", "addressLine1", "line1", "address1",
	"addressLine2", "line2", "address2", "postalCode", "zip", "zipCode", "postcode", "city",
	"state", "region", "province", "country",
}

// addressText makes one text of an address: a string, or an object of lines.
func addressText(v any) string {
	obj, ok := v.(map[string]any)
	if !ok {
		s, _ := scalar(v)
		return s
	}
	var lines, rest []string
	for _, k := range addressKeys {
		if s, ok := scalar(obj[k]); ok {
			lines = append(lines, s)
		}
	}
	for k := range obj {
		if !slices.Contains(addressKeys, k) && k != "email" && k != "phone" {
			rest = append(rest, k)
		}
	}
	slices.Sort(rest)
	for _, k := range rest {
		if s, ok := scalar(obj[k]); ok {
			lines = append(lines, k+": "+s)
		}
	}
	return strings.Join(lines, "\n")
}
