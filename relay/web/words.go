package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
)

//go:embed locales
var locales embed.FS

// Languages are those that the pages speak; the first is for whoever asks for none of
// them.
var Languages = []Language{{"en", "English"}, {"de", "Deutsch"}}

// A Language is a tag (BCP 47) and its own name for itself.
type Language struct{ Tag, Name string }

// catalogues are the words, by language.
type catalogues map[string]catalogue

// A catalogue has the words of one language by key, as locales/<language>/*.json give
// them: a text with {0}, {1} … for what is put in, or {"one": …, "other": …} where it
// depends on a number.
type catalogue map[string]phrase

type phrase struct {
	One   string `json:"one,omitempty"` // for 1
	Other string `json:"other"`
}

// UnmarshalJSON reads a text as well as one that depends on a number.
func (p *phrase) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &p.Other)
	}
	type plain phrase
	return json.Unmarshal(b, (*plain)(p))
}

func loadWords() (catalogues, error) {
	all := catalogues{}
	for _, l := range Languages {
		folder := "locales/" + l.Tag
		entries, err := locales.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		all[l.Tag] = catalogue{}
		for _, e := range entries {
			b, err := locales.ReadFile(path.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			var part catalogue
			if err := json.Unmarshal(b, &part); err != nil {
				return nil, fmt.Errorf("%s/%s: %w", folder, e.Name(), err)
			}
			for key, p := range part {
				if _, twice := all[l.Tag][key]; twice {
					return nil, fmt.Errorf("%s: %s is there twice", folder, key)
				}
				all[l.Tag][key] = p
			}
		}
	}
	return all, nil
}

// under are the words whose keys begin with prefix, without it.
func (c catalogue) under(prefix string) catalogue {
	some := catalogue{}
	for key, p := range c {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			some[rest] = p
		}
	}
	return some
}

// say is the text of a key with args in the places {0}, {1} …; a key that is missing
// is an error, so that a page with a hole in it is never shown.
func (c catalogue) say(key string, args ...any) (string, error) {
	p, ok := c[key]
	if !ok {
		return "", fmt.Errorf("no words for %q", key)
	}
	return fill(p.Other, args), nil
}

// count is the text of a key for n, which is {0}; args are {1} …
func (c catalogue) count(key string, n int64, args ...any) (string, error) {
	p, ok := c[key]
	if !ok {
		return "", fmt.Errorf("no words for %q", key)
	}
	text := p.Other
	if n == 1 && p.One != "" {
		text = p.One
	}
	return fill(text, append([]any{n}, args...)), nil
}

// places are those of a text into which something is put.
var places = regexp.MustCompile(`\{\d\}`)

// fill puts args into their places, in one go: what is put in has no places of its own.
func fill(text string, args []any) string {
	return places.ReplaceAllStringFunc(text, func(place string) string {
		if i := int(place[1] - '0'); i < len(args) {
			return fmt.Sprint(args[i])
		}
		return place
	})
}
