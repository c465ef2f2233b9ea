package api

import "net/http"

// about is what a client needs to know before its user decides to take part.
type about struct {
	Pubkey string   `json:"pubkey"`
	URLs   []string `json:"urls"`
	Policy string   `json:"policy,omitempty"`
	Ways   any      `json:"ways,omitempty"`
}

// relay: GET /api/v1/relay.
func (s *server) relay(w http.ResponseWriter, _ *call) error {
	return answer(w, http.StatusOK, about{s.cfg.Self, s.cfg.PublicURLs, s.cfg.Policy, s.cfg.Ways})
}
