package api

import (
	"net/http"
	"strings"
)

// Pages of other sites, web shops above all, may call the API from their visitors'
// browsers (CORS): with a token, which nobody but the caller's own signer makes. The
// cookie of a session does not come along: it is SameSite=Strict, and an answer to any
// origin is not shown to a page that sent credentials (Fetch, 3.2.5).
const (
	sharedHeaders = "ETag, Link, Location, Retry-After, Idempotent-Replayed, Content-Disposition"
	askedHeaders  = "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID"
	preflightFor  = "7200" // seconds, the most that Chromium keeps
)

func share(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", sharedHeaders)
}

// isPreflight reports whether a browser asks what it may ask.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

func answerPreflight(w http.ResponseWriter, allowed []string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(allowed, ", "))
	h.Set("Access-Control-Allow-Headers", askedHeaders)
	h.Set("Access-Control-Max-Age", preflightFor)
	w.WriteHeader(http.StatusNoContent)
}
