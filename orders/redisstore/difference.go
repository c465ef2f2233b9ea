package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Difference is one thing that two projections do not agree on. It is fit to be
// printed: a box appears as its hash.
type Difference struct {
	Key   string // the Redis key
	Field string // of a hash (data.<name> for one field of the order), or the member of a sorted set; "" for the whole key
	Got   string // "" for nothing
	Want  string // "

	// Foreign is why the key is not Waybill's, though it has a name like one of ours;
	// "" where it is. A rebuild leaves it alone: where Want is not "", it is in the way
	// of what belongs there.
	Foreign string
}

func (d Difference) String() string {
	if d.Foreign != "" {
		text := d.Key + " " + d.Foreign
		if d.Want != "" {
			text += "; it is in the way of " + d.Want
		}
		return text
	}
	return strings.TrimSpace(d.Key+" "+d.Field) + ": got " + orNothing(d.Got) + ", want " + orNothing(d.Want)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// Diff compares two Snapshots and returns where they differ, by key and field.
func Diff(got, want map[string]any) []Difference {
	var ds []Difference
	for _, key := range union(got, want) {
		g, w := got[key], want[key]
		if reflect.DeepEqual(g, w) {
			continue
		}
		gf, gok := fieldsOf(key, g)
		wf, wok := fieldsOf(key, w)
		if why := notWritten(key, g); why != "" || !gok || !wok {
			ds = append(ds, Difference{Key: key, Got: describe(g), Want: describe(w), Foreign: why})
			continue
		}
		for _, f := range union(gf, wf) {
			if gf[f] != wf[f] {
				ds = append(ds, Difference{Key: key, Field: f, Got: gf[f], Want: wf[f]})
			}
		}
	}
	return ds
}

// notWritten is why what stands under a key cannot have been written by us, "" where it
// may: the project script judges alike.
func notWritten(key string, v any) string {
	switch v := v.(type) {
	case string:
		return otherType
	case map[string]any:
		if _, ours := v["version"]; !ours && parseKey(key).kind == orderKind {
			return otherHash
		}
	}
	return ""
}

// union is the sorted keys of both.
func union[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// fieldsOf flattens the content of a key into printable values; ok is false
// where there is no content to look into.
func fieldsOf(key string, v any) (fs map[string]string, ok bool) {
	fs = map[string]string{}
	switch v := v.(type) {
	case map[string]float64:
		for m, score := range v {
			fs[m] = strconv.FormatFloat(score, 'f', -1, 64)
		}
	case map[string]any:
		sealed := parseKey(key).kind == boxesKind
		for f, x := range v {
			data, isData := x.(map[string]any)
			switch text, isText := x.(string); {
			case isData:
				for name, y := range data {
					fs[f+"."+name] = printable(y)
				}
			case sealed && isText:
				sum := sha256.Sum256([]byte(text))
				fs[f] = "sha256:" + hex.EncodeToString(sum[:8])
			default:
				fs[f] = printable(x)
			}
		}
	default:
		return nil, false
	}
	return fs, true
}

// printable is v as JSON; a long one is cut and told apart by its hash.
func printable(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "unprintable"
	}
	if len(text) <= 120 {
		return string(text)
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s… sha256:%x", strings.ToValidUTF8(string(text[:80]), ""), sum[:8])
}

// describe tells in few words what a key holds.
func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("a hash of %d fields", len(v))
	case map[string]float64:
		return fmt.Sprintf("a sorted set of %d", len(v))
	case string:
		return v
	}
	return ""
}
