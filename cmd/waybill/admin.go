package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// A sideDoor is a listener for the operator's monitors, apart from the relay's so
// that no client reaches it.
type sideDoor struct {
	listener net.Listener
	server   *http.Server
	served   chan error
}

// openSide listens already, so that an address that is taken ends the start.
func (d *daemon) openSide(listen string, h http.Handler) (*sideDoor, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	s := &sideDoor{listener: l, served: make(chan error, 1), server: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: sideWithin, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	d.sides = append(d.sides, s)
	d.closers = append(d.closers, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil // it was served
	})
	return s, nil
}

// sideWithin is more than the probes and a scrape take.
const sideWithin = 15 * time.Second

// openAdmin opens the listener for /healthz and /readyz.
func (d *daemon) openAdmin(context.Context) (err error) {
	d.maxLag.Store(int64(d.cfg.Admin.MaxLag))
	if d.cfg.Admin.Listen == "" {
		return nil
	}
	mux := adminHandler(newHealth(probeWithin, d.readiness()...))
	if d.cfg.metricsByAdmin() {
		mux.Handle("GET /metrics", d.metrics.Handler())
	}
	if d.admin, err = d.openSide(d.cfg.Admin.Listen, mux); err != nil {
		return fmt.Errorf("admin.listen: %w", err)
	}
	d.log.Info().Str("listen", d.admin.listener.Addr().String()).Msg("the admin listener is open")
	if exposed(d.cfg.Admin.Listen) {
		d.log.Warn().Msg("admin.listen is not a loopback address: whoever reaches it learns how this relay is doing")
	}
	return nil
}

// serveSides answers until the function that it returns is called: longer than
// the relay, so that a monitor sees it stop.
func (d *daemon) serveSides() (stop func() error) {
	for _, s := range d.sides {
		go func() { s.served <- s.server.Serve(s.listener) }()
	}
	return func() (err error) {
		for _, s := range d.sides {
			err = errors.Join(err, s.server.Close())
			if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
				err = errors.Join(err, served)
			}
		}
		return err
	}
}

// adminHandler answers /healthz (the process is alive) and /readyz (everything it
// leans on is there: 200, else 503, with a diagnosis as JSON).
func adminHandler(h *health) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		plainHeaders(w, "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		d := h.ask()
		plainHeaders(w, "application/json")
		if !d.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		json.NewEncoder(w).Encode(d)
	})
	return mux
}

func plainHeaders(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}
