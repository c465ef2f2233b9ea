package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/waybill-relay/waybill/relay/notify"
)

func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// inDocument is a mux pattern as OpenAPI writes paths.
func inDocument(pattern string) string { return strings.TrimSuffix(pattern, "{$}") }

func TestDocumentIsOpenAPI(t *testing.T) {
	doc := document(t)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %s", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestDocumentAndRoutesAgree(t *testing.T) {
	doc := document(t)
	var inDoc, inTable []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			inDoc = append(inDoc, method+" "+path)
		}
	}
	for _, r := range routes {
		inTable = append(inTable, r.method+" "+inDocument(r.pattern))
		item := doc.Paths.Value(inDocument(r.pattern))
		if item == nil || item.GetOperation(r.method) == nil {
			continue // said below
		}
		op := item.GetOperation(r.method)
		if got := op.Security != nil && len(*op.Security) > 0; got != r.signedIn {
			t.Errorf("%s: needs a token: %v in the document, %v in the table", op.OperationID, got, r.signedIn)
		}
		if got := op.RequestBody != nil; got != r.body {
			t.Errorf("%s: takes a body: %v in the document, %v in the table", op.OperationID, got, r.body)
		}
		var query, inPath []string
		for _, p := range op.Parameters {
			switch p.Value.In {
			case "query":
				query = append(query, p.Value.Name)
			case "path":
				inPath = append(inPath, "{"+p.Value.Name+"}")
			}
		}
		if want := slices.Sorted(slices.Values(r.query)); !slices.Equal(slices.Sorted(slices.Values(query)), want) {
			t.Errorf("%s: query %v in the document, %v in the table", op.OperationID, query, want)
		}
		for _, p := range inPath {
			if !strings.Contains(r.pattern, p) {
				t.Errorf("%s: %s is not in the path", op.OperationID, p)
			}
		}
	}
	slices.Sort(inDoc)
	slices.Sort(inTable)
	if !slices.Equal(inDoc, inTable) {
		t.Errorf("the document has\n%s\nthe table\n%s", strings.Join(inDoc, "\n"), strings.Join(inTable, "\n"))
	}
}

// The members of the bodies that are read are those of the document.
func TestDocumentAndBodiesAgree(t *testing.T) {
	doc := document(t)
	for route, known := range map[string][]string{
		"POST /api/v1/keys":                  {"announcement", "bunker", "invite", "passphrase", "secret", "since"},
		"POST /api/v1/keys/connect":          {"invite", "since"},
		"PUT /api/v1/notices/settings":       {"dm", "events", "mutedUntil"},
		"PUT /api/v1/notices/email":          {"address"},
		"POST /api/v1/notices/email/confirm": {"code"},
		"POST /api/v1/webhooks":              {"events", "url"},
	} {
		method, path, _ := strings.Cut(route, " ")
		schema := doc.Paths.Value(path).GetOperation(method).RequestBody.Value.Content.Get("application/json").Schema.Value
		if got := slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(got, known) {
			t.Errorf("%s: got %v, want %v", route, got, known)
		}
		h := newHouse(t, func(c *Config) { c.Notices = new(notify.Notifier) }) // which nobody asks
		who := newSigner(t)
		for _, name := range known {
			// A name that is not known is refused as such, before its value is looked at.
			p := h.refused(ask{method: method, path: path, as: who, body: `{"` + name + `":7}`}, 400, "malformed")
			if detail, _ := p["detail"].(string); !strings.HasPrefix(detail, name+" must be ") {
				t.Errorf("%s: %s: %s", route, name, detail)
			}
		}
	}
}

func TestDocumentKnowsEveryEvent(t *testing.T) {
	var got []notify.Event
	for _, name := range document(t).Components.Schemas["NoticeEvent"].Value.Enum {
		got = append(got, notify.Event(name.(string)))
	}
	if !slices.Equal(got, notify.Events) {
		t.Errorf("got %v, want %v", got, notify.Events)
	}
}

// conforms holds an answer against what the document says of it.
func (h *house) conforms(req *http.Request, resp *http.Response, body []byte) {
	h.t.Helper()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := resp.Header.Get(name); got != want {
			h.t.Errorf("%s %s: %s: %q", req.Method, req.URL.Path, name, got)
		}
	}
	_, pattern := h.api.Handler(req)
	method, path, _ := strings.Cut(pattern, " ")
	content := h.doc.Components.Responses["Problem"].Value.Content // also of what is in no route
	if op := h.doc.Paths.Value(inDocument(path)); op != nil {
		if r := op.GetOperation(method).Responses.Value(resp.Status[:3]); r != nil {
			content = r.Value.Content
		}
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if len(content) == 0 {
		if len(body) > 0 || kind != "" {
			h.t.Errorf("%s %s: %s with a body", req.Method, req.URL.Path, resp.Status)
		}
		return
	}
	media := content.Get(kind)
	if media == nil {
		h.t.Errorf("%s %s: %s of type %q, which is not in the document", req.Method, req.URL.Path, resp.Status, kind)
		return
	}
	if !strings.HasSuffix(kind, "json") || req.Method == "HEAD" {
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		h.t.Errorf("%s %s: %v", req.Method, req.URL.Path, err)
		return
	}
	if err := media.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		h.t.Errorf("%s %s: %s: %v", req.Method, req.URL.Path, resp.Status, err)
	}
}
