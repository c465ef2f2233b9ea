package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	rule    = regexp.MustCompile(`(?:^|[{}])\s*([^{}@;]+)\{`)
	alone   = regexp.MustCompile(`^\.[a-zA-Z][\w-]*$`)
)

// The sheets become one: what a page lays out by a class of its own no other page may
// lay out by the same. The grounds (10 to 39) and print are for all.
func TestSheetsShareNoClass(t *testing.T) {
	names, err := fs.Glob(static, "static/css/*.css")
	if err != nil {
		t.Fatal(err)
	}
	owner := map[string]string{}
	for _, name := range names {
		sheet := strings.TrimPrefix(name, "static/css/")
		if sheet < "40" || sheet == "60-print.css" {
			continue
		}
		b, err := static.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := comment.ReplaceAllString(string(b), "")
		for at := 0; ; {
			m := rule.FindStringSubmatchIndex(text[at:])
			if m == nil {
				break
			}
			for _, selector := range strings.Split(text[at+m[2]:at+m[3]], ",") {
				if selector = strings.TrimSpace(selector); alone.MatchString(selector) {
					if first, taken := owner[selector]; taken && first != sheet {
						t.Errorf("%s is laid out in %s and in %s", selector, first, sheet)
					}
					owner[selector] = sheet
				}
			}
			at += m[1] - 1
		}
	}
	if len(owner) < 50 {
		t.Errorf("only %d classes were found", len(owner))
	}
}
