package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed static
var static embed.FS

// Types that a machine's own table may not know, or know otherwise.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json",
}

// assets are what pages load. They are all under one prefix with the hash of all of
// them in it: modules find each other by relative paths, and a browser may keep what
// it has got for ever.
type assets struct {
	prefix string // "/static/<hash>/"
	files  map[string]asset
}

type asset struct {
	mime        string
	raw, packed []byte // packed: gzip; nil where it would not be smaller
}

// loadAssets reads the built-in files. The style sheets of css/ become one, app.css, in
// the order of their names; words/<language>.json are the words of the modules.
func loadAssets(words catalogues) (*assets, error) {
	content := map[string][]byte{}
	var sheets []byte
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := static.ReadFile(name)
		if name = strings.TrimPrefix(name, "static/"); strings.HasPrefix(name, "css/") {
			sheets = append(append(sheets, b...), '\n') // WalkDir goes by name
		} else {
			content[name] = b
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	content["app.css"] = sheets
	for language, c := range words {
		if content["words/"+language+".json"], err = json.Marshal(c.under("js.")); err != nil {
			return nil, err
		}
	}
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	for _, name := range sortedKeys(content) {
		b := content[name]
		sum.Write([]byte(name + "\x00" + strconv.Itoa(len(b)) + "\x00"))
		sum.Write(b)
		f := asset{mime: types[path.Ext(name)], raw: b}
		if f.mime == "" {
			f.mime = mime.TypeByExtension(path.Ext(name))
		}
		if p := pack(b); len(p) < len(b) {
			f.packed = p
		}
		a.files[name] = f
	}
	a.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return a, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a good one
	_, _ = w.Write(b)                                       // a Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// packs reports whether the client takes gzip.
func packs(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if coding == "gzip" && q != "q=0" {
			return true
		}
	}
	return false
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[strings.TrimPrefix(r.URL.Path, a.prefix)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	b := f.raw
	if f.packed != nil && packs(r) {
		b = f.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // a client that has gone does not read it
	}
}
