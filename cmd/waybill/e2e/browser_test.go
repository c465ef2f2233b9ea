//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
)

// chromium is what Debian calls it, and others.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium: apt-get install chromium")
	return ""
}

// browse runs tests of browser/ against the world; bunkers are the addresses of people's
// remote signers. Their pictures are left in
// E2E_PICTURES, where that names a folder.
func (w *world) browse(bunkers map[string]string, files ...string) {
	w.t.Helper()
	needPackages(w.t, browserFolder)
	shots := os.Getenv("E2E_PICTURES")
	if shots == "" {
		shots = w.t.TempDir()
	}
	shots = must(filepath.Abs(shots))(w.t)
	if err := os.MkdirAll(shots, 0o755); err != nil {
		w.t.Fatal(err)
	}
	people := map[string]any{}
	for _, p := range w.people {
		people[p.name] = map[string]string{"secret": p.secret, "pubkey": p.pubkey, "npub": p.npub}
	}
	given := must(json.Marshal(map[string]any{"url": w.http(""), "self": w.self, "people": people, "bunkers": bunkers, "shots": shots, "sessions": w.t.TempDir()}))(w.t)
	cmd := exec.Command("node", append([]string{"--test", "--test-reporter=spec", "--test-concurrency=1"}, files...)...)
	cmd.Dir = browserFolder
	cmd.Env = append(os.Environ(), "WAYBILL_WORLD="+string(given), "CHROMIUM="+chromium(w.t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Errorf("%v\n%s", err, out)
	}
	pictures, _ := filepath.Glob(filepath.Join(shots, "*.png"))
	w.t.Logf("%d pictures", len(pictures))
}

// The dashboards, in a real browser with real signers.
func TestBrowser(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "shop", "arbiter", "newcomer", "artisan"}, delegated: []string{"seller", "shop"},
		admins: []string{"arbiter"}, embedded: "memory", settings: map[string]string{"RELAY_NAME": "Porto Market", "PARTICIPANTS_PRIVATE_SIGNERS": "true"}})
	start := time.Now()
	w.stage()
	t.Logf("%.0f s to stage", time.Since(start).Seconds())
	tests := strings.Fields(os.Getenv("E2E_BROWSER")) // some of them, for who works on them
	if len(tests) == 0 {
		for _, f := range must(filepath.Glob(filepath.Join(browserFolder, "*.test.mjs")))(t) {
			tests = append(tests, filepath.Base(f))
		}
	}
	artisan := startSigner(w.person("artisan"), bunkertest.NewRelay(t).URL())
	start = time.Now()
	w.browse(map[string]string{"artisan": artisan.url()}, tests...)
	t.Logf("%.0f s in the browser", time.Since(start).Seconds())
}
