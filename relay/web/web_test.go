package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Every key is in every language, with the same places to fill in, and the same forms.
func TestWordsAreWhole(t *testing.T) {
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`\{\d\}`)
	places := func(text string) []string {
		found := place.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	first := words[Languages[0].Tag]
	for _, l := range Languages {
		for key, p := range words[l.Tag] {
			want, ok := first[key]
			switch {
			case !ok:
				t.Errorf("%s: %s is in no other language", l.Tag, key)
			case p.Other == "" || strings.TrimSpace(p.Other) != p.Other:
				t.Errorf("%s: %s: %q", l.Tag, key, p.Other)
			case !slices.Equal(places(p.Other), places(want.Other)):
				t.Errorf("%s: %s has other places: %q, %q", l.Tag, key, p.Other, want.Other)
			case (p.One == "") != (want.One == ""):
				t.Errorf("%s: %s has a form for one in one language only", l.Tag, key)
			}
		}
		for key := range first {
			if _, ok := words[l.Tag][key]; !ok {
				t.Errorf("%s: %s is missing", l.Tag, key)
			}
		}
	}
}

var (
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	markup = regexp.MustCompile(`<[^>]*>`) // within <noscript>, which is one text to a tokenizer
	letter = regexp.MustCompile(`\pL{2,}`)
	// bare are the words that are the same in every language.
	bare = map[string]bool{"sats": true, "satoshi": true, "API": true, "UTC": true, "CSV": true, "JSON": true, "npub": true}
)

// No template has words of its own: they are all in the catalogues.
func TestTemplatesHaveNoWords(t *testing.T) {
	err := fs.WalkDir(templates, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		said := func(text string) {
			for _, w := range letter.FindAllString(markup.ReplaceAllString(text, ""), -1) {
				if !bare[w] {
					t.Errorf("%s: %q", name, strings.TrimSpace(text))
					return
				}
			}
		}
		for z := html.NewTokenizer(strings.NewReader(action.ReplaceAllString(string(b), ""))); ; {
			switch z.Next() {
			case html.ErrorToken:
				return nil
			case html.TextToken:
				said(z.Token().Data)
			case html.StartTagToken, html.SelfClosingTagToken:
				for _, a := range z.Token().Attr {
					if slices.Contains([]string{"title", "alt", "placeholder", "aria-label"}, a.Key) {
						said(a.Val)
					}
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, cfg Config) http.Handler {
	t.Helper()
	if cfg.Visitors == nil {
		cfg.Visitors = guests{}
	}
	cfg.Name = "Harbour relay"
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

func TestPolicy(t *testing.T) {
	h := open(t, Config{PublicURLs: []string{"wss://shop.example/relay", "ws://127.0.0.1:7447"}})
	for _, path := range []string{"/", "/sign-in", "/nowhere", "/orders/x"} {
		w := get(h, "GET", path)
		csp := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none';", "script-src 'self';", "style-src 'self';", "require-trusted-types-for 'script'",
			"frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self' wss: wss://shop.example ws://127.0.0.1:7447;"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: %q has no %q", path, csp, want)
			}
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, w.Header())
		}
		if body := w.Body.String(); strings.Contains(body, "<script>") || strings.Contains(body, " style=") || strings.Contains(body, " onclick=") {
			t.Errorf("%s has something inline", path)
		}
	}
}

func TestAssets(t *testing.T) {
	h := open(t, Config{})
	page := get(h, "GET", "/").Body.String()
	for _, file := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		for _, encoding := range []string{"", "gzip"} {
			w := get(h, "GET", file[1], "Accept-Encoding", encoding)
			if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Encoding") != encoding {
				t.Errorf("%s, %q: got %d, %v", file[1], encoding, w.Code, w.Header())
			}
		}
	}
	for _, path := range []string{"/static/", "/static/0123456789ab/app.css", "/static/../web.go", "/static/css/10-tokens.css"} {
		if w := get(h, "GET", path); w.Code == 200 {
			t.Errorf("%s is there", path)
		}
	}
}

// A page leads to no other site.
func TestOwnPath(t *testing.T) {
	for next, want := range map[string]string{
		"/orders?status=paid": "/orders?status=paid", "": "/x", "https://evil.example": "/x", "//evil.example": "/x",
		"/\\evil.example": "/x", "javascript:alert(1)": "/x", "/a\nb": "/x", "orders": "/x",
	} {
		if got := ownPath(next, "/x"); got != want {
			t.Errorf("%q: got %q", next, got)
		}
	}
}

func TestPreferences(t *testing.T) {
	h := open(t, Config{})
	post := func(form, origin string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/preferences", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", origin)
		h.ServeHTTP(w, r)
		return w
	}
	w := post("language=de&theme=dark&next=/sign-in", "same-origin")
	cookies := w.Result().Cookies()
	if w.Code != 303 || w.Header().Get("Location") != "/sign-in" || len(cookies) != 2 {
		t.Fatalf("got %d, %v", w.Code, w.Header())
	}
	page := get(h, "GET", "/", "Cookie", cookies[0].String()+"; "+cookies[1].String()).Body.String()
	if !strings.Contains(page, `<html lang="de" dir="ltr" data-theme="dark">`) {
		t.Errorf("got %.200s", page)
	}
	if w := post("language=de", "cross-site"); w.Code != 403 {
		t.Errorf("another site: got %d", w.Code)
	}
	if w := post("language=tlh", "same-origin"); w.Code != 400 {
		t.Errorf("no language: got %d", w.Code)
	}
	if w := post("language=de&colour=red", "same-origin"); w.Code != 400 {
		t.Errorf("no preference: got %d", w.Code)
	}
	for header, want := range map[string]string{"": "en", "de-AT,de;q=0.9,en;q=0.8": "de", "fr, de;q=0.5": "de", "fr": "en", "DE": "de"} {
		if got := accepted(header); got != want {
			t.Errorf("%q: got %s", header, got)
		}
	}
}

func TestSignedOut(t *testing.T) {
	h := open(t, Config{})
	if w := get(h, "GET", "/sign-in?next=//evil.example"); w.Code != 200 || !strings.Contains(w.Body.String(), `data-next="/orders"`) {
		t.Errorf("got %d, %s", w.Code, w.Body)
	}
	if w := get(h, "POST", "/sign-out", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("got %d", w.Code)
	}
}

// No catalogue has words that nothing says: a key stands somewhere in whole, or what it
// begins with does, to be completed.
func TestWordsAreSaid(t *testing.T) {
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	var goFiles, rest strings.Builder
	for _, tree := range []struct {
		files  fs.FS
		suffix string
		into   *strings.Builder
	}{{os.DirFS("."), ".go", &goFiles}, {templates, ".html", &goFiles}, {static, ".js", &rest}} {
		err := fs.WalkDir(tree.files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != tree.suffix || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/vendor/") || strings.Contains(name, "node_modules") {
				return err
			}
			b, err := fs.ReadFile(tree.files, name)
			tree.into.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for key := range words["en"] {
		said, within, quotes, completed := key, goFiles.String(), []string{`"`}, `"`
		if name, isScript := strings.CutPrefix(key, "js."); isScript {
			said, within, quotes, completed = name, rest.String(), []string{"'", "`"}, "${"
		}
		used := slices.ContainsFunc(quotes, func(q string) bool { return strings.Contains(within, q+said+q) })
		for i := range said {
			used = used || said[i] == '.' && strings.Contains(within, quotes[len(quotes)-1]+said[:i+1]+completed)
		}
		if !used {
			t.Errorf("nothing says %s", key)
		}
	}
}
