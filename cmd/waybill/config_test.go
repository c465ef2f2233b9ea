package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waybill.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The example is the documentation: it must say every key, with its default.
func TestExampleIsTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	got := config{}
	if err := parseConfig(text, &got); err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Admins, want.Relay.PublicURLs, want.Dialects.RumorKinds = []string{}, []string{}, []int{}
	want.Relay.TrustedProxies = []string{}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("config.example.toml differs from the defaults (-defaults +example):\n%s", d)
	}
	for _, key := range keysOf(reflect.TypeFor[config]()) {
		if !strings.Contains(string(text), "\n"+key+" =") && !strings.Contains(string(text), "\n# "+key+" =") && !strings.Contains(string(text), "["+key+"]") {
			t.Errorf("config.example.toml does not name %s", key)
		}
	}
}

func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch name := f.Tag.Get("toml"); {
		case f.Type.Kind() == reflect.Struct:
			keys = append(append(keys, name), keysOf(f.Type)...)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysOf(f.Type.Elem())...)
		default:
			keys = append(keys, name)
		}
	}
	return keys
}

func TestConfigErrors(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"unknown key":     {"data_dir = \"x\"\n[relay]\nlissten = \"x\"\n", `line 3: unknown key "relay.lissten"`},
		"unknown section": {"\n[rely]\nlisten = \"x\"\n", `line 2: unknown key "rely"`},
		"wrong type":      {"[relay]\nmax_limit = \"many\"\n", "line 2"},
		"no TOML":         {"[relay\n", "line 1"},
		"listen":          {"[relay]\nlisten = \"7447\"\n", "relay.listen"},
		"public url":      {"[relay]\npublic_urls = [\"https://x\"]\n", "relay.public_urls"},
		"accept":          {"[relay]\naccept = \"friends\"\n", "relay.accept"},
		"kinds":           {"[relay]\nkinds = [14]\n", "relay.kinds"},
		"admins":          {"admins = [\"nsec1secret\"]\n", "admins: this is no public key"},
		"ledger":          {"[ledger]\nurl = \"postgres://x\"\n", "ledger.url"},
		"log":             {"[log]\nlevel = \"loud\"\n", "log.level"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(write(t, tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "nsec1secret") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("WAYBILL_RELAY_LISTEN", "127.0.0.1:9000")
	t.Setenv("WAYBILL_RELAY_KINDS", "0,5")
	t.Setenv("WAYBILL_KEYS_DELEGATED_0_SECRET_FILE", "/x")
	c, err := loadConfig(write(t, "[relay]\nlisten = \"127.0.0.1:8000\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Relay.Listen != "127.0.0.1:9000" || len(c.Relay.Kinds) != 2 || c.Relay.PublicURLs[1] != "ws://localhost:9000" {
		t.Errorf("got %+v", c.Relay)
	}
	if len(c.Keys.Delegated) != 1 || c.Keys.Delegated[0].SecretFile != "/x" {
		t.Errorf("got %+v", c.Keys.Delegated)
	}
	t.Setenv("WAYBILL_RELAY_LISSTEN", "x")
	if _, err := loadConfig(""); err == nil || !strings.Contains(err.Error(), "WAYBILL_RELAY_LISSTEN") {
		t.Errorf("got %v, want the unknown variable named", err)
	}
}
