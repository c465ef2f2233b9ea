package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A program is waybill as users have it, with a folder for temporary files.
type program struct{ path, tmp string }

func TestDemo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "waybill")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for name, test := range map[string]func(*testing.T, program){
		"once": demoOnce, "commands": demoTried, "interrupted": demoInterrupted, "kept": demoKept, "refused": demoRefused,
	} {
		t.Run(name, func(t *testing.T) { test(t, program{path, t.TempDir()}) })
	}
}

// command is the program with these arguments, to be run in folder.
func (p program) command(folder string, out, stderr *awaited, args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, out, stderr
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, envPrefix) }),
		"TMPDIR="+p.tmp)
	return cmd
}

func (p program) run(t *testing.T, folder string, args ...string) (out string, code int) {
	t.Helper()
	var stdout, stderr awaited
	err := p.command(folder, &stdout, &stderr, args...).Run()
	if code = 0; err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code = exit.ExitCode()
		t.Logf("%v: exit code %d: %s", args, code, &stderr)
	}
	return stdout.String(), code
}

func demoOnce(t *testing.T, p program) {
	var stdout, stderr awaited
	if err := p.command("", &stdout, &stderr, "demo", "--once").Run(); err != nil {
		t.Fatalf("demo --once: %v\n%s%s", err, &stdout, &stderr)
	}
	if stderr.String() != "" {
		t.Errorf("noise: %s", &stderr)
	}
	out := stdout.String()
	_, table, _ := strings.Cut(out, "ORDER ")
	for _, status := range orders.Statuses {
		if row := regexp.MustCompile(`(?m)^C(UP|OF)-\d+ .* sats +` + string(status) + ` `); !row.MatchString(table) {
			t.Errorf("no order in the table is %s", status)
		}
	}
	for _, want := range []string{"Resolution     the seller pays back", "Ship to        " + demoShip, "Pay by         bitcoin:bcrt1"} {
		if !strings.Contains(table, want) {
			t.Errorf("the opened order does not say %q", want)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(out, demoFolder(t, out), "/tmp/waybill-demo-1234567890")) {
		if n := len([]rune(strings.TrimRight(line, " \n"))); n > 100 {
			t.Errorf("a line has %d columns: %s", n, line)
		}
	}
	wantNothingLeft(t, p)
}

// Every command that the demo prints works, in the folder that it names, and the
// demo ends well with Ctrl-C.
func demoTried(t *testing.T, p program) {
	out, folder, interrupt := startDemo(t, p, "Ctrl-C")
	want := map[string]string{ // what the answer of some must hold
		"orders list -c config.toml --key": `"total": 1`,
		"orders show CUP-1001":             demoShip,
		"orders show CUP-1002":             `"status": "paid"`,
		"keys list":                        "npub1",
		"rebuild --check":                  "no difference in 9 orders",
		"bench ingest":                     "visible      200 in",
	}
	for _, command := range demoCommands() {
		if !strings.Contains(out(), " "+command+"\n") {
			t.Errorf("%q is not printed", command)
		}
		line, _, _ := strings.Cut(command, "#")
		got, code := p.untilTracked(t, folder, strings.Fields(line)...)
		if code != 0 {
			t.Errorf("%s: exit code %d", command, code)
		}
		for prefix, text := range want {
			if strings.HasPrefix(command, prefix) && !strings.Contains(got, text) {
				t.Errorf("%s: %q is not in\n%s", command, text, got)
			}
		}
	}
	interrupt()
	wantNothingLeft(t, p)
}

// untilTracked runs a command again while the order that it shows has not come
// so far: a send returns once the relay has the message, which is a little earlier.
func (p program) untilTracked(t *testing.T, folder string, args ...string) (out string, code int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); ; <-tick.C {
		out, code = p.run(t, folder, args...)
		waits := slices.Contains(args, "show") && slices.Contains(args, "CUP-1002")
		if !waits || strings.Contains(out, `"status": "paid"`) || time.Since(start) > demoPatience {
			return out, code
		}
	}
}

func demoInterrupted(t *testing.T, p program) {
	_, _, interrupt := startDemo(t, p, "CUP-1001")
	interrupt()
	wantNothingLeft(t, p)
}

// startDemo returns once the text is printed. interrupt is Ctrl-C: it waits for
// the demo to end, which must be well.
func startDemo(t *testing.T, p program, text string) (out func() string, folder string, interrupt func()) {
	t.Helper()
	stdout, stderr := &awaited{text: text, found: make(chan struct{})}, &awaited{}
	cmd := p.command("", stdout, stderr, "demo")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	select {
	case <-stdout.found:
	case err := <-done:
		t.Fatalf("the demo ended: %v\n%s%s", err, stdout, stderr)
	}
	return stdout.String, demoFolder(t, stdout.String()), func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || stderr.String() != "" {
			t.Errorf("after Ctrl-C: %v, %s", err, stderr)
		}
	}
}

func demoKept(t *testing.T, p program) {
	listen := freeAddress(t, "127.0.0.2")
	out, code := p.run(t, "", "demo", "--once", "--keep", "--listen", listen)
	if code != 0 {
		t.Fatal(out)
	}
	folder := demoFolder(t, out)
	cfg, err := loadConfig(filepath.Join(folder, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Relay.PublicURLs[0], "ws://"+listen; got != want || !strings.Contains(out, got+";") {
		t.Errorf("public_urls[0] = %s, want %s and that it is printed", got, want)
	}
	for _, name := range []string{"buyer.nsec", "ceramics.nsec", "coffee.nsec", "arbiter.nsec", "waybill.log", "data/waybill.db"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}

func freeAddress(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func demoRefused(t *testing.T, p program) {
	for _, args := range [][]string{
		{"demo", "--config", "waybill.toml"},
		{"demo", "--listen", "nowhere"},
		{"demo", "--listen", "127.0.0.2:0"},
	} {
		if _, code := p.run(t, "", args...); code != 2 {
			t.Errorf("%v: exit code %d, want 2", args, code)
		}
	}
	wantNothingLeft(t, p)
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"/tmp/waybill-demo-1": "/tmp/waybill-demo-1",
		"/a b/it's":           `'/a b/it'\''s'`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
	}
}

func demoFolder(t *testing.T, out string) string {
	t.Helper()
	m := regexp.MustCompile(`everything of it is in (\S+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no folder is named in\n%s", out)
	}
	return m[1]
}

func wantNothingLeft(t *testing.T, p program) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(p.tmp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// awaited is output that tells when a text is in it.
type awaited struct {
	text  string
	found chan struct{}
	mu    sync.Mutex
	all   bytes.Buffer
	once  sync.Once
}

func (a *awaited) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all.Write(p)
	if a.found != nil && bytes.Contains(a.all.Bytes(), []byte(a.text)) {
		a.once.Do(func() { close(a.found) })
	}
	return len(p), nil
}

func (a *awaited) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all.String()
}
