package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// inFile adds to an error about a value of the configuration where that stands in the
// file, "path: line 7: …". Every such error begins with its key ("relay.accept: …",
// "keys.delegated 2: …" for the second of these tables). One whose key is not there, or
// is set in the environment, which goes before the file, stays as it is.
func inFile(path string, err error) error {
	if err == nil || path == "" {
		return err
	}
	text, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	if line := linesOf(text).of(err); line > 0 {
		return fmt.Errorf("%s: line %d: %w", path, line, err)
	}
	return err
}

// keyLines are the lines (from 1) on which keys stand: "relay.accept" and, of arrays of
// tables, "keys.delegated 2" and "keys.delegated 2.secret".
type keyLines map[string]int

var aboutKey = regexp.MustCompile(`^([a-z_]+(?:\.[a-z0-9_]+)*(?: [0-9]+)?)(?: and ([a-z_]+(?:\.[a-z0-9_]+)*))?: (?:([a-z_]+): )?`)

// of is the line that err is about, 0 where that is not known.
func (ls keyLines) of(err error) int {
	if err == nil {
		return 0
	}
	m := aboutKey.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	for _, key := range []string{m[1] + "." + m[3], m[1] + ".secret", m[1], m[2]} {
		if line := ls[key]; line > 0 && !inEnvironment(key) {
			return line
		}
	}
	return 0
}

// inEnvironment reports whether a variable sets the key. Tables are counted from 0 there.
func inEnvironment(key string) bool {
	name := envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", " ", "_").Replace(key))
	if table, rest, ok := strings.Cut(key, " "); ok {
		var n int
		fmt.Sscan(rest, &n)
		name = fmt.Sprintf("%s%s_%d_", envPrefix, strings.ToUpper(strings.ReplaceAll(table, ".", "_")), n-1)
		for _, pair := range os.Environ() {
			if strings.HasPrefix(pair, name) {
				return true
			}
		}
		return false
	}
	_, set := os.LookupEnv(name)
	return set
}

// linesOf finds every key in a TOML file. Of one that is no TOML it finds what stands
// before the error.
func linesOf(text []byte) keyLines {
	ls := keyLines{}
	tables := map[string]int{} // how many of an array of tables there were
	var p unstable.Parser
	p.Reset(text)
	section := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			section, _ = ls.note(&p, "", e.Key())
		case unstable.ArrayTable:
			name, line := ls.note(&p, "", e.Key())
			tables[name]++
			section = fmt.Sprint(name, " ", tables[name])
			ls[section] = line
		case unstable.KeyValue:
			ls.keyValue(&p, section, e)
		}
	}
	return ls
}

func (ls keyLines) keyValue(p *unstable.Parser, section string, e *unstable.Node) {
	name, line := ls.note(p, section, e.Key())
	switch v := e.Value(); v.Kind {
	case unstable.InlineTable:
		ls.inline(p, name, v)
	case unstable.Array:
		n := 0
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.InlineTable {
				n++
				table := fmt.Sprint(name, " ", n)
				ls[table] = line
				ls.inline(p, table, it.Node())
			}
		}
	}
}

func (ls keyLines) inline(p *unstable.Parser, section string, table *unstable.Node) {
	for it := table.Children(); it.Next(); {
		ls.keyValue(p, section, it.Node())
	}
}

// note keeps the line of a key, which may be dotted.
func (ls keyLines) note(p *unstable.Parser, section string, key unstable.Iterator) (name string, line int) {
	name = section
	for key.Next() {
		if name != "" {
			name += "."
		}
		name += string(key.Node().Data)
		line = p.Shape(key.Node().Raw).Start.Line
	}
	if ls[name] == 0 {
		ls[name] = line
	}
	return name, line
}
