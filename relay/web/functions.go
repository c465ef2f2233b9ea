package web

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

//go:embed icons
var iconFiles embed.FS

// loadIcons reads icons/<name>.svg.
func loadIcons() (map[string]template.HTML, error) {
	files, err := fs.Glob(iconFiles, "icons/*.svg")
	if err != nil {
		return nil, err
	}
	icons := map[string]template.HTML{}
	for _, file := range files {
		b, err := iconFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		icons[strings.TrimSuffix(path.Base(file), ".svg")] = template.HTML(strings.TrimSpace(string(b))) // our own
	}
	return icons, nil
}

// functions are what templates may call.
func functions(words catalogue, language string, icons map[string]template.HTML) template.FuncMap {
	return template.FuncMap{
		"t":       words.say,
		"tn":      func(key string, n any, args ...any) (string, error) { return words.count(key, number(n), args...) },
		"say":     func(p Phrase) (string, error) { return words.phrase(p, language) },
		"decimal": func(n json.Number) string { return decimal(n, language) },
		"icon": func(name string) (template.HTML, error) {
			if svg, ok := icons[name]; ok {
				return svg, nil
			}
			return "", errors.New("there is no icon " + strconv.Quote(name))
		},
		"statusIcon":  func(s orders.Status) string { return statusIcons[s] },
		"number":      func(n any) string { return group(number(n), language) },
		"moment":      moment,
		"day":         func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.DateOnly) },
		"clock":       func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04") },
		"middle":      middle,
		"dict":        dict,
		"reasonWords": reasonWords,
		"list":        func(items ...any) []any { return items },
	}
}

func number(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// group sets off the thousands of n as the language does.
func group(n int64, language string) string {
	separator := ","
	if language == "de" {
		separator = "."
	}
	text := strconv.FormatInt(n, 10)
	sign, digits := "", text
	if n < 0 {
		sign, digits = "−", text[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return sign + digits
}

// moment is a time (ms) as <time datetime> wants it.
func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// middle cuts the middle out of a long id: its ends tell more.
func middle(text string) string {
	letters := []rune(text) // the ids of products are their sellers' words
	if len(letters) <= 20 {
		return text
	}
	return string(letters[:10]) + "…" + string(letters[len(letters)-8:])
}

// dict makes what a partial is given of names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("dict: a name is no text")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
