// Package edge is what the doors to strangers have in common: an answer whose status is
// known afterwards, a panic that ends one request only, and by what an address is counted.
// What is answered, and who is let in, is each door's own (relay/api, relay/web, relay/wire).
package edge

import (
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"
)

// An Answer is an http.ResponseWriter that remembers the status it was given.
type Answer struct {
	http.ResponseWriter
	status int
	sent   bool
}

// Watch returns w, watched.
func Watch(w http.ResponseWriter) *Answer {
	return &Answer{ResponseWriter: w, status: http.StatusOK}
}

// Status is that of the answer: the first final one (RFC 9110, 15), 200 where none was said.
func (a *Answer) Status() int { return a.status }

func (a *Answer) WriteHeader(status int) {
	if !a.sent {
		a.status, a.sent = status, status >= http.StatusOK
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *Answer) Write(b []byte) (int, error) {
	a.sent = true
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Recover, deferred by a handler, has a panic end this request only, which refuse then
// answers. The panic's value is not written down: it may quote what came in.
// http.ErrAbortHandler goes on.
func Recover(log zerolog.Logger, r *http.Request, refuse func()) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	log.Error().Str("route", r.Pattern).Type("panic", p).Bytes("stack", debug.Stack()).Msg("a request failed")
	refuse()
}
