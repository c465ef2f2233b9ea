//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/nbd-wtf/go-nostr"
)

// An endpoint is one row: what a path answers to whom, and to what is wrong.
type endpoint struct {
	route   string // as in the OpenAPI document
	path    string // where it has parameters
	public  bool   // for everybody, signed in or not
	byToken bool   // with a cookie alone nobody is signed in
	query   string // of a good request
	body    func(who *caller) string
	// want is what buyer, seller, admin and stranger get.
	want  [4]int
	wrong []fault // by the first of them who gets what he asks for
}

// A fault is one thing that is wrong with a request that would else be good.
type fault struct {
	names  string // the parameter or field that it is in, as the problem says it; "": another thing
	query  string
	path   string
	body   string
	header http.Header
	status int
}

// TestEndpoints asks for everything in the OpenAPI document, as everybody: with rights
// and without, signed in and by all that is no signature, and with each parameter and
// field wrong once. What has no row in the table fails.
func TestEndpoints(t *testing.T) {
	w := newHTTPWorld(t)
	w.stage()
	doc, err := openapi3.NewLoader().LoadFromData(w.do(ask{method: "GET", path: "/api/openapi.json"}).body)
	if err != nil {
		t.Fatal(err)
	}
	rows := append(w.noticeEndpoints(), w.endpoints()...)
	inDoc := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			route := method + " " + path
			inDoc[route] = true
			var mine []endpoint
			for _, e := range rows {
				if e.route == route {
					mine = append(mine, e)
				}
			}
			if len(mine) == 0 {
				t.Errorf("%s has no row here", route)
			}
			for _, name := range inputsOf(op) {
				if !slices.ContainsFunc(mine, func(e endpoint) bool {
					return slices.ContainsFunc(e.wrong, func(f fault) bool { return f.names == name })
				}) {
					t.Errorf("%s: %s is never wrong", route, name)
				}
			}
		}
	}
	for i, e := range rows {
		w.from = fmt.Sprintf("198.51.100.%d", i+1) // limits are kept by address
		if !inDoc[e.route] {
			t.Errorf("%s is not in the document", e.route)
			continue
		}
		e.test(t, w)
	}
	w.daemon.log.calm(t)
}

// inputsOf are the names of an operation's parameters and of its body's members.
func inputsOf(op *openapi3.Operation) []string {
	names := map[string]bool{}
	for _, p := range op.Parameters {
		if p.Value.In != "path" || p.Value.Schema.Value.Pattern != "" {
			names[p.Value.Name] = true
		}
	}
	if op.RequestBody != nil {
		schema := op.RequestBody.Value.Content.Get("application/json").Schema
		for _, s := range append(schema.Value.OneOf, schema) {
			for name := range s.Value.Properties {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (e endpoint) test(t *testing.T, w *httpWorld) {
	method, path, _ := strings.Cut(e.route, " ")
	if e.path != "" {
		path = e.path
	}
	good := func(who *caller) ask {
		r := ask{method: method, path: path + e.query}
		if e.body != nil {
			r.body = e.body(who)
		}
		return r
	}
	expect := func(what string, r ask, status int) reply {
		t.Helper()
		got := w.do(r)
		if got.status != status {
			t.Errorf("%s %s, %s: got %v, want %d", method, r.path, what, got, status)
		} else if status >= 400 && method != "HEAD" {
			got.problem(t, method+" "+r.path+", "+what)
		}
		return got
	}
	able := w.buyer
	for i, who := range w.callers() {
		if e.want[i] < 300 {
			able = who
			break
		}
	}
	for i, who := range w.callers() {
		r := good(who)
		if !e.public {
			r.as = who
		}
		expect(who.name, r, e.want[i])
		if e.public || e.byToken || method == "DELETE" {
			continue
		}
		r = good(who)
		r.cookie = who.cookie
		expect(who.name+" by a session", r, e.want[i])
		if method != "GET" {
			r.header = http.Header{"Origin": {"https://elsewhere.example"}}
			expect(who.name+" by a session, from another site", r, http.StatusForbidden)
		}
	}
	if !e.public {
		e.unsigned(w, good(w.buyer), expect)
	}
	for _, f := range append(e.wrong, e.usual(method)...) {
		r := good(able)
		if f.path != "" {
			r.path = f.path + e.query
		}
		if f.query != "" {
			r.path = path + f.query
		}
		if r.header = f.header; f.body != "" {
			r.body = f.body
		}
		if !e.public {
			r.as = able
		}
		got := expect("wrong "+f.names+f.query+" "+f.body[:min(len(f.body), 60)], r, f.status)
		var p struct{ Parameter, Field string }
		if got.into(t, &p); f.names != "" && p.Parameter != f.names && p.Field != f.names {
			t.Errorf("%s: wrong %s: got %v", e.route, f.names, got)
		}
	}
}

// usual is what can be wrong with any request.
func (e endpoint) usual(method string) []fault {
	faults := []fault{{names: "sattus", query: "?sattus=paid", status: 400}}
	if e.body == nil {
		if !e.public && method != "GET" {
			faults = append(faults, fault{body: "{}", status: 400})
		}
		return faults
	}
	return append(faults,
		fault{body: "{", status: 400}, fault{body: "null", status: 400}, fault{body: `"text"`, status: 400}, fault{body: "{}\xff", status: 400},
		fault{names: "surprise", body: `{"surprise":1}`, status: 400},
		fault{header: http.Header{"Content-Type": {"text/plain"}}, status: 415},
		fault{header: http.Header{"Content-Encoding": {"gzip"}}, status: 415},
		fault{body: `"` + strings.Repeat("x", 2<<20) + `"`, status: 413},
	)
}

// unsigned is r by nobody, as a table of all that does not sign in.
func (e endpoint) unsigned(w *httpWorld, r ask, expect func(string, ask, int) reply) {
	expect("by nobody", r, 401)
	for what, cookie := range map[string]string{"expired": w.expired, "unused": w.unused, "ended": w.ended, "unknown": w.unknown} {
		of := r
		of.cookie = cookie
		expect("by a session that is "+what, of, 401)
	}
	with := func(what string, change func(evt *nostr.Event)) {
		of := r
		of.token = w.token(w.buyer, r)
		change(of.token)
		if of.token.Sig != "" {
			w.buyer.sign(of.token)
		}
		expect("by a token with "+what, of, 401)
	}
	set := func(name, value string) func(*nostr.Event) {
		return func(evt *nostr.Event) { evt.Tags.Find(name)[1] = value }
	}
	also := func(tag ...string) func(*nostr.Event) {
		return func(evt *nostr.Event) { evt.Tags = append(evt.Tags, tag) }
	}
	later := func(d time.Duration) func(*nostr.Event) {
		return func(evt *nostr.Event) { evt.CreatedAt += nostr.Timestamp(d / time.Second) }
	}
	with("another path", set("u", w.url+r.path+"x"))
	with("another query", set("u", w.url+r.path+"&x=1"))
	with("another site", set("u", "https://elsewhere.example"+r.path))
	with("two URLs", also("u", w.url+r.path))
	with("another method", set("method", "PATCH"))
	with("another kind", func(evt *nostr.Event) { evt.Kind = 27236 })
	with("an old date", later(-65*time.Second))
	with("a date to come", later(65*time.Second))
	with("another's name", func(evt *nostr.Event) { evt.PubKey, evt.Sig = w.seller.pubkey, "" })
	with("another payload", also("payload", strings.Repeat("0", 64)))
	if r.body != "" {
		with("no payload", set("payload", ""))
	}
	used := r
	used.token = w.token(w.buyer, r)
	w.do(used)
	expect("by a token that was used", used, 401)
}

// problem checks the form of an error (RFC 9457).
func (r reply) problem(t *testing.T, what string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Instance, Code string
		Status                              int
	}
	r.into(t, &p)
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" || p.Status != r.status || p.Code == "" || p.Title == "" || p.Detail == "" ||
		p.Instance == "" || !strings.HasSuffix(p.Type, "/problems/"+p.Code) {
		t.Errorf("%s: got %s %v", what, kind, r)
	}
}
