package api

import (
	"net/http"
	"time"
)

// observed tells cfg.Observe of every request.
func (s *server) observed(next http.Handler) http.Handler {
	if s.cfg.Observe == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := &witness{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			route := r.Pattern // the mux has set it
			if route == "/" {
				route = ""
			}
			s.cfg.Observe(route, seen.code, time.Since(begun))
		}()
		next.ServeHTTP(seen, r)
	})
}

// A witness remembers the status of an answer.
type witness struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (w *witness) WriteHeader(code int) {
	if !w.wrote {
		w.code, w.wrote = code, code >= http.StatusOK
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *witness) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }
