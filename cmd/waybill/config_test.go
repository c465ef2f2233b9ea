package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

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
	want.Relay.TrustedProxies, want.Keys.SignerRelays, want.Participants.List = []string{}, []string{}, []string{}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("config.example.toml differs from the defaults (-defaults +example):\n%s", d)
	}
	for _, key := range keysOf(reflect.TypeFor[config]()) {
		if !strings.Contains(string(text), "\n"+key+" =") && !strings.Contains(string(text), "\n# "+key+" =") && !strings.Contains(string(text), "["+key+"]") && !strings.Contains(string(text), "."+key+"]") {
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
		"listen":          {"[relay]\nlisten = \"7447\"\n", "line 2: relay.listen"},
		"public url":      {"[relay]\n\n# mine\npublic_urls = [\n\"https://x\"]\n", "waybill.toml: line 4: relay.public_urls"},
		"accept":          {"relay.max_limit = 7\nrelay.accept = \"friends\"\n", "line 2: relay.accept"},
		"kinds":           {"[relay]\nmax_limit = 7\nkinds = [14]\n", "line 3: relay.kinds"},
		"admins":          {"data_dir = \"x\"\nadmins = [\"nsec1secret\"]\n", "line 2: admins: this is no public key"},
		"ledger":          {"ledger = { url = \"postgres://x\" }\n", "line 1: ledger.url"},
		"log":             {"[log]\nlevel = \"loud\"\n", "log.level"},

		"a limit of 0":         {"[limits]\nfilters = 0\n", "limits.filters: must be above 0"},
		"a limit below 0":      {"[limits]\nconnections = -1\n", "limits.connections: must be above 0"},
		"no write timeout":     {"[limits]\nwrite_timeout = \"\"\n", "limits.write_timeout: must be above 0"},
		"a limit without unit": {"[limits]\nwrite_timeout = \"10\"\n", "write 10s, 5m or 17520h"},
		"a bare number":        {"[retention]\ncompleted = 17520\n", "line 2: retention.completed: 17520 has no unit"},
		"a bare number inline": {"limits = { write_timeout = 10 }\n", "line 1: limits.write_timeout: 10 has no unit"},
		"no size":              {"[limits]\nmemory = \"lots\"\n", "write 512MiB"},
		"memory":               {"[limits]\nmemory = \"64MiB\"\n", "line 2: limits.memory: 64 MiB is too little"},
		"message":              {"[limits]\nmessage = 1000\n", "limits.message: 1000 B is less than a gift wrap"},
		"message and memory":   {"[limits]\nmessage = \"64MiB\"\n", "could fill limits.memory"},
		"exempt address":       {"[limits]\nexempt_ips = [\"localhost\"]\n", "limits.exempt_ips: \"localhost\" is neither an address"},
		"proxy":                {"[relay]\ntrusted_proxies = [\"10.0.0.0/33\"]\n", "relay.trusted_proxies: \"10.0.0.0/33\""},
		"proxy with a zone":    {"[relay]\ntrusted_proxies = [\"fe80::1%eth0\"]\n", "relay.trusted_proxies"},
		"everybody a proxy":    {"[relay]\ntrusted_proxies = [\"10.0.0.1\", \"0.0.0.0/0\"]\n", "\"0.0.0.0/0\" every client could claim"},
		"proof of work":        {"[relay]\nmin_pow = 65\n", "relay.min_pow: 65 is not between 0 (none) and 64"},
		"listen, port":         {"[relay]\nlisten = \"127.0.0.1:http\"\n", "relay.listen"},
		"admin":                {"[admin]\nlisten = \"7448\"\n", "admin.listen: \"7448\" is no host:port"},
		"admin, same port":     {"[admin]\nlisten = \"127.0.0.1:7447\"\n", "admin.listen: \"127.0.0.1:7447\" is relay.listen already"},
		"admin, lag":           {"[admin]\nmax_lag = \"0s\"\n", "admin.max_lag"},
		"retention":            {"[retention]\ncompleted = \"two years\"\n", "17520h"},
		"embedded":             {"[redis]\nembedded = \"yes\"\n", "redis.embedded: auto, server or memory is needed"},
		"embedded secret":      {"[redis]\nembedded = \"nsec1secret\"\n", "redis.embedded: auto, server or memory is needed"},
		"url for a file":       {"[redis]\nurl_file = \"redis://:nsec1secret@h\"\n", "redis.url_file: no such file"},
		"signer relay":         {"[keys]\nsigner_relays = [\"nsec1secret\"]\n", "keys.signer_relays: each is a ws:// or wss:// URL"},
		"policy":               {"[participants]\npolicy = \"nsec1secret\"\n", "participants.policy: open, invite or list is needed"},
		"redis url":            {"[redis]\nurl = \"http://:nsec1secret@h\"\n", "redis.url: a URL is"},
		"no url":               {"[redis]\nurl = \"redis://:nsec1secret@h:port/%zz\"\n", "redis.url: a URL is"},
		"two redis urls":       {"[redis]\nurl = \"redis://h\"\nurl_file = \"/x\"\n", "line 2: redis.url and redis.url_file: both are set"},
		"two passwords":        {"[redis]\nurl = \"redis://:nsec1secret@h\"\npassword_file = \"/x\"\n", "redis.password_file: redis.url has a password already"},
		"password for nothing": {"[redis]\npassword_file = \"/x\"\n", "redis.url, which is empty"},
		"TLS without TLS":      {"[redis]\nurl = \"redis://h\"\ntls_ca_file = \"/x\"\n", "only rediss:// speaks TLS"},
		"mail, tls":            {"[notices.email]\ntls = \"maybe\"\n", "notices.email.tls: \"maybe\" is none of"},
		"mail, no host":        {"[notices.email]\nuser = \"me\"\n", "notices.email: host is empty"},
		"mail, no sender":      {"[notices.email]\nhost = \"mail.example\"\n", "notices.email.from"},
		"mail, half a login":   {"[notices.email]\nhost = \"h\"\nfrom = \"a@b.example\"\nuser = \"me\"\n", "belong together"},
		"mail, in clear":       {"[notices.email]\nhost = \"h\"\nfrom = \"a@b.example\"\nuser = \"me\"\npassword_file = \"/x\"\ntls = \"none\"\n", "in clear"},
		"mail, port":           {"[notices.email]\nhost = \"h\"\nport = 70000\n", "notices.email.port"},
		"half a certificate":   {"[redis]\nurl = \"rediss://h\"\ntls_cert_file = \"/x\"\n", "redis.tls_cert_file and redis.tls_key_file"},
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

// Where an error about a value stands in the file: not at all, if it is set elsewhere.
func TestInFile(t *testing.T) {
	t.Setenv("WAYBILL_RELAY_ACCEPT", "friends")
	t.Setenv("WAYBILL_KEYS_DELEGATED_3_SECRET", "x")
	path := write(t, `admins = []
[relay]
accept = "friends"
[[keys.delegated]]
secret = "x"
[[keys.delegated]]
secret_file = "x"
owner = "x"
[[keys.delegated]]
[[keys.delegated]]
secret = "x"
`)
	for text, want := range map[string]string{
		"admins: no key":                "line 1: ",
		"relay.accept: neither":         "",
		"relay.name: too long":          "",
		"keys.delegated 1: no secret":   "line 5: ",
		"keys.delegated 2: owner: none": "line 8: ",
		"keys.delegated 2: no file":     "line 6: ",
		"keys.delegated 3: one of both": "line 9: ",
		"keys.delegated 4: no secret":   "",
		"keys.delegated 5: no secret":   "",
		"no key is here":                "",
		"open /x: no such file":         "",
	} {
		if want != "" {
			want = path + ": " + want
		}
		if got := inFile(path, errors.New(text)).Error(); got != want+text {
			t.Errorf("got %q, want %q", got, want+text)
		}
	}
	if err := inFile(path+".away", errors.New("admins: no key")); err.Error() != "admins: no key" {
		t.Errorf("without a file: got %v", err)
	}
	inline := linesOf([]byte("keys = { delegated = [\n  { secret = \"a\" },\n  { secret = \"b\" },\n] }\n"))
	if inline["keys.delegated 2.secret"] != 3 || inline["keys.delegated 1"] != 1 {
		t.Errorf("inline: got %v", inline)
	}
}

// --debug goes before the configuration, and stays so when that is read anew.
func TestLoadServing(t *testing.T) {
	file := write(t, "[log]\nlevel = \"error\"\n")
	for debug, want := range map[bool]string{false: "error", true: "debug"} {
		if cfg, err := loadServing(file, debug); err != nil || cfg.Log.Level != want {
			t.Errorf("debug %v: got %q, %v", debug, cfg.Log.Level, err)
		}
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
	if _, err := loadConfig(""); exitCode(err) != 2 || !strings.Contains(err.Error(), "WAYBILL_RELAY_LISSTEN") {
		t.Errorf("got %v, want the unknown variable named", err)
	}
}

// Sizes and time spans read the same from the file and from the environment.
func TestUnits(t *testing.T) {
	t.Setenv("WAYBILL_LIMITS_MEMORY", "1GiB")
	t.Setenv("WAYBILL_LIMITS_WRITE_TIMEOUT", "1m30s")
	t.Setenv("WAYBILL_LIMITS_EXEMPT_IPS", "10.1.2.3/8,::ffff:192.0.2.7")
	t.Setenv("WAYBILL_RELAY_TRUSTED_PROXIES", "2001:db8::1")
	c, err := loadConfig(write(t, "[limits]\nmemory = \"256MiB\"\nmessage = 131072\nbytes_per_second = \"500kB\"\n[retention]\ncompleted = \"17520h\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := c.Limits
	if l.Memory != 1<<30 || l.Message != 131072 || l.BytesPerSecond != 500_000 ||
		time.Duration(l.WriteTimeout) != 90*time.Second || time.Duration(c.Retention.Completed) != 17520*time.Hour {
		t.Errorf("got %+v, retention %v", l, c.Retention)
	}
	if got, want := fmt.Sprint(l.exempt(), c.Relay.proxies()), "[10.0.0.0/8 192.0.2.7/32] [2001:db8::1/128]"; got != want {
		t.Errorf("addresses: got %s, want %s", got, want)
	}
	t.Setenv("WAYBILL_LIMITS_MEMORY", "plenty")
	if _, err := loadConfig(""); err == nil || !strings.Contains(err.Error(), "write 512MiB") {
		t.Errorf("got %v, want what a size looks like", err)
	}

	for text, want := range map[string]size{"512MiB": 512 << 20, "1500": 1500, "1.5 KiB": 1536, "2GB": 2_000_000_000} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %d, %v; want %d", text, s, err, want)
		}
		var again size
		if text, err := s.MarshalText(); err != nil || again.UnmarshalText(text) != nil || again != s {
			t.Errorf("%d is written as %q and read as %d, %v", s, text, again, err)
		}
	}
	for _, text := range []string{"", "-1", "1 TiB of it", "2PiB"} {
		if err := new(size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q passes for a size", text)
		}
	}
	for _, text := range []string{"-1s", "10", "1d"} {
		if err := new(duration).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q passes for a time span", text)
		}
	}
	none := duration(time.Hour)
	if err := none.UnmarshalText(nil); err != nil || none != 0 {
		t.Errorf("no time span: got %v, %v", none, err)
	}
}

func TestExposed(t *testing.T) {
	for listen, want := range map[string]bool{
		"": false, "127.0.0.1:7448": false, "localhost:7448": false, "[::1]:7448": false,
		":7448": true, "0.0.0.0:7448": true, "192.0.2.1:7448": true, "example.com:7448": true,
	} {
		if got := exposed(listen); got != want {
			t.Errorf("%q: got %v, want %v", listen, got, want)
		}
	}
}
