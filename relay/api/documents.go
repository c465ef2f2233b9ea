package api

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// orderTypes are the schemas of the OpenAPI document as TypeScript; a test writes
// them (go test ./relay/api -run TypeScript -update), and fails where they are stale.
//
//go:embed order.d.ts
var orderTypes []byte

// builtIn answers with what is the same for everybody until the next version.
func builtIn(contentType string, content []byte) func(*server, http.ResponseWriter, *call) error {
	return func(_ *server, w http.ResponseWriter, _ *call) error {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		// A client that has gone does not read it.
		_, _ = w.Write(content)
		return nil
	}
}
