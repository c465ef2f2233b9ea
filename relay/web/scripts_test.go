package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// The modules have no semicolons. A line that begins with a bracket goes on with the one
// before it, whatever its author meant.
func TestScriptLinesStandAlone(t *testing.T) {
	begins := regexp.MustCompile("^\\s*[\\[(`]")
	goesOn := regexp.MustCompile(`([,;{(\[=:&|?+*/]|=>)$`)
	names, err := fs.Glob(static, "static/js/*.js")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		b, err := static.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before := ";"
		for i, line := range strings.Split(string(b), "\n") {
			text := strings.TrimSpace(line)
			if text == "" || strings.HasPrefix(text, "//") || strings.HasPrefix(text, "*") || strings.HasPrefix(text, "/*") {
				continue
			}
			if begins.MatchString(line) && !goesOn.MatchString(before) {
				t.Errorf("%s:%d begins with a bracket, after %q", name, i+1, before)
			}
			before = text
		}
	}
}
