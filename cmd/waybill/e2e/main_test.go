//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// program is the waybill that is tested, built once; server is the same, or with
// E2E_RACE=1 one with the race detector, which is too slow for every command.
var program, server string

// seed is what every random choice of this run follows from.
var seed = uint64(time.Now().UnixNano())

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if s := os.Getenv("E2E_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			return 1, fmt.Errorf("E2E_SEED: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "waybill-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "waybill")
	if err := build(program); err != nil {
		return 1, err
	}
	server = program
	if os.Getenv("E2E_RACE") == "1" {
		server = filepath.Join(dir, "waybill-race")
		if err := build(server, "-race"); err != nil {
			return 1, err
		}
	}
	return m.Run(), nil
}

func build(path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, "..")...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// random is a source of its own for each test, named so that one test's choices
// do not move another's.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("E2E_SEED=%d", seed)
	h := seed
	for _, c := range t.Name() {
		h = h*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(seed, h))
}

// nodeFolder is where the nostr-tools side lives, browserFolder the one that drives
// Chromium.
const (
	nodeFolder    = "nostrtools"
	browserFolder = "browser"
)

// needNode makes sure that node is there and the packages in nodeFolder are installed.
func needNode(t *testing.T) {
	t.Helper()
	needPackages(t, nodeFolder)
}

// needPackages makes sure that node is there and the packages of a folder are
// installed, as its package-lock.json has them.
func needPackages(t *testing.T, folder string) {
	t.Helper()
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not on PATH: install Node 20.19 or later (apt-get install nodejs npm, or nodejs.org)", name)
		}
	}
	// npm writes the hidden file last, and never touches the other in npm ci.
	installed, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json"))
	wanted := must(os.Stat(filepath.Join(folder, "package-lock.json")))(t)
	if err == nil && installed.ModTime().After(wanted.ModTime()) {
		return
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts")
	npm.Dir = folder
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", folder, err, out)
	}
}
