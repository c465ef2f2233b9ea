package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
)

// benched is a relay to be measured, with the key of a seller in seller.nsec.
type benched struct {
	folder, config, url string
	daemon              *daemon
}

func startBenched(t *testing.T) benched {
	t.Helper()
	folder := t.TempDir()
	seller := filepath.Join(folder, "seller.nsec")
	if _, err := generateKey(seller); err != nil {
		t.Fatal(err)
	}
	text := func(listen string) []byte {
		return fmt.Appendf(nil, "data_dir = %q\nmetrics.listen = \"\"\n[relay]\nlisten = %q\n[[keys.delegated]]\nsecret_file = %q\n",
			filepath.Join(folder, "data"), listen, seller)
	}
	cfg := defaults()
	if err := parseConfig(text("127.0.0.1:0"), &cfg); err != nil {
		t.Fatal(err)
	}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	d, err := openDaemon(t.Context(), cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	b := benched{folder, filepath.Join(folder, "waybill.toml"), d.cfg.Relay.PublicURLs[0], d}
	if err := os.WriteFile(b.config, text(d.listener.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b benched) ingest(t *testing.T, args ...string) (r benchReport, err error) {
	t.Helper()
	out, err := runWaybill(t.Context(), append([]string{"bench", "ingest", "--json", "--config", b.config}, args...)...)
	if e := json.Unmarshal([]byte(out), &r); e != nil {
		t.Fatalf("%v (%v) in %q", e, err, out)
	}
	return r, err
}

func TestBenchIngest(t *testing.T) {
	t.Parallel()
	b := startBenched(t)
	key := func(name string) string { return filepath.Join(b.folder, name+".nsec") }
	for _, name := range []string{"reader", "stranger"} {
		if _, err := generateKey(key(name)); err != nil {
			t.Fatal(err)
		}
	}
	// The reader only takes part, so that what is accepted for him stays closed;
	// the stranger does not even do that.
	reader, err := (&keyFlags{file: key("reader")}).signer()
	if err != nil {
		t.Fatal(err)
	}
	reads := nostr.Event{Kind: nostr.KindDMRelayList, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"relay", b.url}}}
	if err := reader.Sign(t.Context(), &reads); err != nil {
		t.Fatal(err)
	}
	if _, err := b.daemon.ledger.Publish(t.Context(), &reads, time.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name              string
		args              []string
		accepted, visible int
		reason            string
	}{
		{"the relay itself", []string{"--wraps", "150", "--conns", "3", "--window", "7", "--buyers", "4"}, 150, 150, ""},
		{"again", []string{"--wraps", "50", "--conns", "1", "--window", "1"}, 50, 50, ""},
		{"more connections than orders", []string{"--wraps", "2", "--conns", "5"}, 2, 2, ""},
		{"a seller", []string{"--wraps", "50", "--key", key("seller")}, 50, 50, ""},
		{"never visible", []string{"--wraps", "150", "--key", key("reader"), "--patience", "2s"}, 150, 0, ""},
		{"not accepted", []string{"--wraps", "20", "--key", key("stranger")}, 0, 0,
			"restricted: this relay takes gift wraps for its participants only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := b.ingest(t, test.args...)
			if all := r.Wraps == r.Visible; (err == nil) != all || err != nil && exitCode(err) != 1 {
				t.Errorf("the verdict is %v", err)
			}
			if r.Accepted != test.accepted || r.Visible != test.visible {
				t.Errorf("%d accepted, %d visible, want %d, %d", r.Accepted, r.Visible, test.accepted, test.visible)
			}
			if want := r.Wraps - r.Accepted; r.Errors[test.reason] != want || (want == 0) != (len(r.Errors) == 0) {
				t.Errorf("errors are %v, want %d × %q", r.Errors, want, test.reason)
			}
			if r.Accepted > 0 && (r.CPUPerEventUs == nil || r.PeakMemoryBytes == nil || *r.PeakMemoryBytes < 1<<20) {
				t.Errorf("CPU %v, memory %v", r.CPUPerEventUs, r.PeakMemoryBytes)
			}
			for _, ms := range []percentiles{r.OKMs, r.VisibleMs} {
				if ms.P50 < 0 || ms.P99 < ms.P50 || ms.Max < ms.P99 {
					t.Errorf("percentiles %+v", ms)
				}
			}
			if r.Visible > 0 && (r.VisibleMs.P50 <= 0 || r.EventsPerS <= 0 || r.VisiblePerS <= 0) {
				t.Errorf("nothing was measured: %+v", r)
			}
		})
	}
	out, err := runWaybill(t.Context(), "rebuild", "--check", "--config", b.config)
	if err != nil || !strings.Contains(out, "no difference in 252 orders") {
		t.Errorf("afterwards: %q, %v", out, err)
	}
}

func TestBenchRefuses(t *testing.T) {
	config := filepath.Join(t.TempDir(), "waybill.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "data_dir = %q\n", t.TempDir()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		want orders.Code
	}{
		{"--url ws://192.0.2.1:7447", orders.EINVALID},
		{"--url wss://relay.example.com", orders.EINVALID},
		{"--url ws://localhost.example.com:7447", orders.EINVALID},
		{"--url ws://0.0.0.0:7447", orders.EINVALID},
		{"--url http://127.0.0.1:7447", orders.EINVALID},
		{"--url ws://127.0.0.1:%", orders.EINVALID},
		{"--wraps 0", orders.EINVALID},
		{"--conns -1", orders.EINVALID},
		{"--patience 0s", orders.EINVALID},
		{"--url ws://[::1]:7447", orders.EUNAVAILABLE}, // nothing runs there
		{"--url ws://localhost:7447", orders.EUNAVAILABLE},
	} {
		args := append([]string{"bench", "ingest", "--config", config}, strings.Fields(test.args)...)
		if _, err := runWaybill(t.Context(), args...); orders.ErrorCode(err) != test.want {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
	}
}

// runWaybill is the program in this process; out is what it prints, errors apart.
func runWaybill(ctx context.Context, args ...string) (out string, err error) {
	var stdout, stderr bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	err = cmd.ExecuteContext(ctx)
	return stdout.String(), err
}

func TestParseOK(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for _, test := range []struct {
		message, event string
		ok             bool
		reason         string
		isOK           bool
	}{
		{`["OK","` + id + `",true,""]`, id, true, "", true},
		{`["OK", "` + id + `", false, "blocked: \"no\", never"]`, id, false, `blocked: "no", never`, true},
		{`["AUTH","` + id + `"]`, "", false, "", false},
		{`["OK",1,true,""]`, "", false, "", false},
		{`["OK","` + id + `",true,"","more"]`, "", false, "", false},
		{`["EVENT","x",true,"y"]`, "x", true, "y", false},
		{`null`, "", false, "", false},
		{``, "", false, "", false},
	} {
		event, ok, reason, isOK := parseOK([]byte(test.message))
		if event != test.event || ok != test.ok || reason != test.reason || isOK != test.isOK {
			t.Errorf("parseOK(%s) = %q, %v, %q, %v", test.message, event, ok, reason, isOK)
		}
	}
}

func TestParseProcess(t *testing.T) {
	const stat = "812 (a) b (c) S 1 812 812 0 -1 4194560 9 0 3 0 1234 66 7 8 20 0 9 0 77 1 2"
	for text, want := range map[string]time.Duration{
		stat:                                  13 * time.Second,
		"812 (waybill) S 1 2 3":               -1,
		"":                                    -1,
		strings.Replace(stat, "1234", "x", 1): -1,
	} {
		got, ok := parseStat([]byte(text))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("parseStat(%q) = %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]int64{
		"Name:\twaybill\nVmPeak:\t  9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 7 kB\n": 2 << 20,
		"VmHWM:\t 1 MB\n": -1,
		"VmHWM:\n":        -1,
		"":                -1,
	} {
		got, ok := parsePeak(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("parsePeak(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i)*time.Millisecond)
	}
	for _, test := range []struct {
		took []time.Duration
		want percentiles
	}{
		{hundred, percentiles{50, 99, 100}},
		{[]time.Duration{3 * time.Millisecond}, percentiles{3, 3, 3}},
		{[]time.Duration{2 * time.Millisecond, time.Millisecond}, percentiles{1, 2, 2}},
	} {
		if got := percentilesOf(test.took); got != test.want {
			t.Errorf("percentilesOf(%d times) = %+v, want %+v", len(test.took), got, test.want)
		}
	}
}
