package api

import (
	_ "embed"
	"net/http"
)

// orderTypes are the schemas of the OpenAPI document as TypeScript; a test writes
// them (go test ./relay/api -run TypeScript -update), and fails where they are stale.
//
//go:embed order.d.ts
var orderTypes []byte

// types: GET /api/order.d.ts.
func (s *server) types(w http.ResponseWriter, _ *call) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	// A client that has gone does not read it.
	_, _ = w.Write(orderTypes)
	return nil
}
