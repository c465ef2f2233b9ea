package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/waybill-relay/waybill/orders"
)

//go:embed templates
var templates embed.FS

// pages are the templates, in every language.
type pages struct {
	assets *assets
	all    map[string]*template.Template // "en/orders"
	packer sync.Pool                     // *gzip.Writer
}

// Page is what the layout of every page is given. Body is the page's own.
type Page struct {
	Lang      string
	Languages []Language
	Theme     string
	Themes    []string
	Hides     bool   // amounts are blurred
	Assets    string // prefix of what is loaded
	Relay     string // its name
	Self      string // its public key (hex)
	Path      string // of this page, with its query
	Here      string // the route: "GET /orders"
	Viewer    *Person
	Admin     bool
	Body      any
}

// loadPages parses templates/pages/<name>.html, each with the layout and the partials,
// in each language.
func loadPages(words catalogues, a *assets) (*pages, error) {
	p := &pages{assets: a, all: map[string]*template.Template{}}
	p.packer.New = func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a good one
		return w
	}
	icons, err := loadIcons()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, l := range Languages {
		base, err := template.New("layout.html").Option("missingkey=error").Funcs(functions(words[l.Tag], l.Tag, icons)).
			ParseFS(templates, "templates/layout.html", "templates/partials/*.html")
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			t, err := base.Clone()
			if err == nil {
				t, err = t.ParseFS(templates, file)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			p.all[l.Tag+"/"+strings.TrimSuffix(path.Base(file), ".html")] = t
		}
	}
	return p, nil
}

// show answers with a page: all of it, or an error and nothing.
func (s *server) show(v *visit, status int, name string, body any) error {
	page := Page{
		Lang: v.prefs.Language, Languages: Languages, Theme: v.prefs.Theme, Themes: themes, Hides: v.prefs.Hides, Assets: s.assets.prefix,
		Relay: s.cfg.Name, Self: s.cfg.Self, Path: v.path, Here: v.Pattern, Admin: v.admin, Body: body,
	}
	if v.viewer != "" {
		people, err := s.people(v.Context(), v.viewer)
		if err != nil {
			return err
		}
		page.Viewer = people[v.viewer]
	}
	t, ok := s.pages.all[page.Lang+"/"+name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, page); err != nil {
		return err
	}
	s.pages.write(v, status, out.Bytes())
	if status < http.StatusBadRequest && v.looks() {
		s.cfg.Shown(name, v.as.String())
	}
	return nil
}

// looks reports whether somebody is about to see the page: not a script that keeps one
// up to date, and not who asks whether it is there.
func (v *visit) looks() bool {
	to := v.Header.Get("Sec-Fetch-Dest")
	return v.Method != http.MethodHead && (to == "" || to == "document")
}

func (p *pages) write(v *visit, status int, html []byte) {
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if packs(v.Request) && len(html) > 1<<10 {
		var out bytes.Buffer
		w := p.packer.Get().(*gzip.Writer)
		w.Reset(&out)
		_, _ = w.Write(html) // a Buffer takes everything
		_ = w.Close()
		p.packer.Put(w)
		html = out.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(html)))
	v.w.WriteHeader(status)
	if v.Method != http.MethodHead {
		_, _ = v.w.Write(html) // a client that has gone does not read it
	}
}

// statusIcons are the shapes of the statuses: colour alone would tell some people nothing.
var statusIcons = map[orders.Status]string{
	orders.StatusIntentSent: "inbox", orders.StatusPaymentRequested: "receipt", orders.StatusPaid: "coins",
	orders.StatusProcessing: "package", orders.StatusShipped: "truck", orders.StatusDelivered: "circle-check",
	orders.StatusCancelled: "circle-x", orders.StatusDisputed: "scale",
}
