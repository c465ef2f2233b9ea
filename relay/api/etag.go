package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// answerTagged writes v as JSON under an ETag of this caller's alone: what begins it
// (the version of an order, to write with If-Match), then a digest of the very bytes.
// Who has them already (If-None-Match) is told so instead.
func answerTagged(w http.ResponseWriter, c *call, begins string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	digest := sha256.New()
	digest.Write([]byte(c.caller.Pubkey))
	digest.Write(body)
	tag := `"` + begins + hex.EncodeToString(digest.Sum(nil)[:12]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Authorization, Cookie")
	if matches(c.Request.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	// A client that has gone does not read it.
	_, _ = w.Write(append(body, '\n'))
	return nil
}

// matches reports whether an If-None-Match (RFC 9110, 13.1.2) names the tag. Proxies
// that compress make a tag a weak one, W/"…".
func matches(headers []string, tag string) bool {
	for _, header := range headers {
		for one := range strings.SplitSeq(header, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
