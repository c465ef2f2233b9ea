//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A clock that can be stepped, for one process: its waybill is built with copies of
// every package that judges by the time of day (ours, khatru, go-nostr) that ask
// another clock than time.Now. Nothing of Waybill is changed for it. (The kernel's time
// namespaces have no wall clock, and libfaketime cannot reach a Go program; an overlay
// of package time itself would do, but compile everything for minutes.)

// steppable builds it.
func steppable(t *testing.T) (program string) {
	t.Helper()
	dir, root := t.TempDir(), must(filepath.Abs("../../.."))(t)
	edited := map[string]string{filepath.Join(root, "clockstep", "clockstep.go"): clockstep}
	modfile := string(must(os.ReadFile(filepath.Join(root, "go.mod")))(t))
	for _, module := range []string{"github.com/fiatjaf/khatru", "github.com/nbd-wtf/go-nostr"} {
		// What is in the module cache cannot be overlaid.
		from, to := goList(t, "-m", "-f", "{{.Dir}}", module)[0], filepath.Join(dir, filepath.Base(module))
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		modfile += fmt.Sprintf("\nreplace %s => %s\n", module, to)
	}
	for name, content := range map[string]string{"go.mod": modfile, "go.sum": string(must(os.ReadFile(filepath.Join(root, "go.sum")))(t))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mod := "-modfile=" + filepath.Join(dir, "go.mod")
	for _, path := range goList(t, mod, "-deps", "-f", "{{$p := .}}{{range .GoFiles}}{{$p.Dir}}/{{.}}\n{{end}}", "..") {
		if !strings.HasPrefix(path, root+"/") && !strings.HasPrefix(path, dir+"/") {
			continue
		}
		text := string(must(os.ReadFile(path))(t))
		if stepped := strings.ReplaceAll(text, "time.Now", "clockstep.Now"); stepped != text {
			edited[path] = strings.Replace(stepped, "\nimport ", "\nimport \"github.com/waybill-relay/waybill/clockstep\"\nimport ", 1) +
				"\nvar _ time.Duration\nvar _ = clockstep.Now\n"
		}
	}
	overlay := map[string]string{}
	for path, content := range edited {
		overlay[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay)))
		if err := os.WriteFile(overlay[path], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listing := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(listing, must(json.Marshal(map[string]any{"Replace": overlay}))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "waybill")
	if err := build(program, mod, "-overlay", listing); err != nil {
		t.Fatal(err)
	}
	return program
}

// goList is the lines of go list's output.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	return strings.Split(strings.TrimSpace(string(must(cmd.Output())(t))), "\n")
}

// clockstep is the other clock. As settimeofday does, it moves the wall clock's part of
// a time and leaves the monotonic one alone, which timeouts go by. The step (seconds)
// is in the file clock in the working folder, read at the start and at SIGUSR1; what was
// read is written beside it.
const clockstep = `package clockstep

import (
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var step atomic.Int64

// Now relies on how a time.Time with a monotonic reading looks: its first word has
// the seconds from bit 30 on.
func Now() time.Time {
	t := time.Now()
	*(*uint64)(unsafe.Pointer(&t)) += uint64(step.Load()) << 30
	return t
}

func init() {
	turned := make(chan os.Signal, 1)
	signal.Notify(turned, syscall.SIGUSR1)
	turn()
	go func() {
		for range turned {
			turn()
		}
	}()
}

func turn() {
	text, err := os.ReadFile("clock")
	if err != nil {
		return
	}
	by, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		panic(err)
	}
	step.Store(by)
	if d := Now().Round(0).Sub(time.Now().Round(0)).Round(time.Second); d != time.Duration(by)*time.Second {
		panic("the clock is off by " + d.String())
	}
	if err := os.WriteFile("clock.read", text, 0o600); err != nil {
		panic(err)
	}
}
`

// step sets the daemon's clock that far from ours.
func (d *daemon) step(by time.Duration) {
	d.t.Helper()
	seconds := strconv.FormatInt(int64(by/time.Second), 10)
	if err := os.WriteFile(filepath.Join(d.dir, "clock"), []byte(seconds), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := d.serves.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		d.t.Fatal(err)
	}
	eventually(d.t, "the clock is stepped", func() error {
		read, err := os.ReadFile(filepath.Join(d.dir, "clock.read"))
		if err == nil && string(read) != seconds {
			return os.ErrNotExist
		}
		return err
	})
}
