package api

import (
	"net/http"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// What an admin may filter everybody's orders by.
var (
	adminKeys   = slices.DeleteFunc(slices.Clone(findKeys), func(k string) bool { return k == "role" })
	disputeKeys = slices.DeleteFunc(slices.Clone(adminKeys), func(k string) bool { return k == "status" })
)

// nowhere is what everybody else is told of the admins' paths.
func nowhere() error { return fail(codeNoSuchPath, "There is nothing at this path.") }

// adminOrders: GET /api/v1/admin/orders.
func (s *server) adminOrders(w http.ResponseWriter, c *call) error { return s.everybodys(w, c) }

// adminDisputes: GET /api/v1/admin/disputes.
func (s *server) adminDisputes(w http.ResponseWriter, c *call) error {
	return s.everybodys(w, c, orders.StatusDisputed)
}

func (s *server) everybodys(w http.ResponseWriter, c *call, statuses ...orders.Status) error {
	if !s.cfg.Admin(c.caller.Pubkey) {
		return nowhere()
	}
	query := c.URL.Query()
	f, err := s.filter(c, query)
	if err != nil {
		return err
	}
	if f.ByUpdated {
		return badParameter("sort", "Everybody's orders are sorted by -created or created.")
	}
	f.As = orders.Admin
	if len(statuses) > 0 {
		f.Statuses = statuses
	}
	return s.page(w, c, f, query)
}

// adminExplain: GET /api/v1/admin/explain/{id}.
func (s *server) adminExplain(w http.ResponseWriter, c *call) error {
	if !s.cfg.Admin(c.caller.Pubkey) || s.cfg.Explain == nil {
		return nowhere()
	}
	found, err := s.cfg.Explain(c.Context(), c.PathValue("id"))
	switch {
	case orders.ErrorCode(err) == orders.EINVALID:
		return badParameter("id", "id must be 64 lower-case hex digits, of an event or of the message in it, or a name in the log (m-17).")
	case err != nil:
		return err
	}
	return answer(w, http.StatusOK, found)
}
