package api

import (
	"net/http"
	"time"

	"github.com/waybill-relay/waybill/relay/edge"
)

// observed tells cfg.Observe of every request.
func (s *server) observed(next http.Handler) http.Handler {
	if s.cfg.Observe == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := edge.Watch(w)
		defer func() {
			route := r.Pattern // the mux has set it
			if route == "/" {
				route = ""
			}
			s.cfg.Observe(route, seen.Status(), time.Since(begun))
		}()
		next.ServeHTTP(seen, r)
	})
}
