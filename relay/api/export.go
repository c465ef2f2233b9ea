package api

import (
	"bufio"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/export"
)

// An export holds one page of orders in memory, and a connection for as long as its
// reader takes.
const maxExports, maxExportsPerAddress = 16, 4

var exportKeys = slices.Concat(orders.FilterKeys, []string{"format", "bom"})

// exportOrders: GET /api/v1/orders/export.
func (s *server) exportOrders(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	format, bom := "csv", query.Has("bom")
	if query.Has("format") {
		if format = query.Get("format"); len(query["format"]) > 1 || format != "csv" && format != "json" {
			return badParameter("format", "format is csv or json.")
		}
	}
	if bom && (len(query["bom"]) > 1 || query.Get("bom") != "1" || format != "csv") {
		return badParameter("bom", "bom can be 1, for csv.")
	}
	f, err := s.filter(c, query)
	if err != nil {
		return err
	}
	if err := s.exports.enter(c.addr); err != nil {
		return err
	}
	defer s.exports.leave(c.addr)
	return s.stream(w, c, f, format, bom)
}

// stream writes order after order. What goes wrong before the first byte is a
// problem; after it the connection is cut, or what is missing would look like the end.
func (s *server) stream(w http.ResponseWriter, c *call, f orders.Filter, format string, bom bool) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var to export.Writer
	begin := func() {
		kind := "application/json"
		if to = export.NewJSON(out); format == "csv" {
			kind, to = "text/csv; charset=utf-8; header=present", export.NewCSV(out, false)
		}
		name := "orders-" + s.cfg.Now().UTC().Format(time.DateOnly) + "." + format
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		w.WriteHeader(http.StatusOK)
		if bom {
			_, _ = io.WriteString(out, export.Mark) // its error comes again
		}
	}
	for o, err := range s.orders.EachOrder(c.Context(), c.caller.Pubkey, f) {
		switch {
		case err != nil && to == nil:
			return err
		case err != nil:
			s.cfg.Log.Error().Str("route", c.Pattern).Err(err).Msg("an export broke off")
			panic(http.ErrAbortHandler)
		case to == nil:
			begin()
		}
		if err := to.Write(export.Entry{Order: o}); err != nil {
			panic(http.ErrAbortHandler) // the reader has gone
		}
	}
	if to == nil {
		begin()
	}
	if to.Close() != nil || out.Flush() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
