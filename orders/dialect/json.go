package dialect

import (
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

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
	if !gjson.Valid(s) {
		return nil, errNotJSON
	}
	return objectOf(gjson.Parse(s))
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

func objectOf(r gjson.Result) (map[string]any, error) {
	obj := map[string]any{}
	var err error
	r.ForEach(func(key, value gjson.Result) bool {
		name := plainText(key.Str)
		if _, twice := obj[name]; twice {
			err = BadJSON
			return false
		}
		obj[name], err = valueOf(value)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return obj, nil
}

func valueOf(r gjson.Result) (any, error) {
	switch r.Type {
	case gjson.True, gjson.False:
		return r.Type == gjson.True, nil
	case gjson.Number:
		return json.Number(r.Raw), nil
	case gjson.String:
		return plainText(r.Str), nil
	case gjson.JSON:
		if r.IsObject() {
			return objectOf(r)
		}
		list := []any{}
		var err error
		r.ForEach(func(_, value gjson.Result) bool {
			var v any
			v, err = valueOf(value)
			list = append(list, v)
			return err == nil
		})
		return list, err
	}
	return nil, nil
}

// plainText is s as encoding/json has it: without bytes that are no text.
func plainText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

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
	"addressLine2", "line2", "address2", "unit", "postalCode", "zip", "zipCode", "postcode", "city",
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

// readAddress reads the address in the tags of a message: a text, or the JSON of an
// object of lines, which may tell how to reach the buyer too. Some clients have the
// region and the country in tags of their own.
func (l *letter) readAddress(st *orders.Statement) {
	written := l.value("address")
	obj, err := parseObject(strings.TrimSpace(written))
	isObject := err == nil && addressText(obj) != ""
	var said []string
	if written != "" {
		said = append(said, written)
	}
	for _, name := range []string{"region", "country"} {
		v := l.value(name)
		switch _, there := obj[name]; {
		case v == "" || there:
		case isObject:
			obj[name] = v
		default:
			said = append(said, v)
		}
	}
	if !isObject {
		st.Private.ShippingAddress = strings.Join(said, "\n")
		return
	}
	st.Private.ShippingAddress = addressText(obj)
	for _, name := range []string{"email", "phone"} {
		addContact(st, name, text(obj, name))
	}
}
