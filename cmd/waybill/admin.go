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

// An admin is the listener for the operator's monitors, apart from the relay's so
// that no client reaches it.
type admin struct {
	listener net.Listener
	server   *http.Server
	served   chan error
}

// openAdmin listens already, so that an address that is taken ends the start.
func (d *daemon) openAdmin(context.Context) error {
	d.maxLag.Store(int64(d.cfg.Admin.MaxLag))
	if d.cfg.Admin.Listen == "" {
		return nil
	}
	l, err := net.Listen("tcp", d.cfg.Admin.Listen)
	if err != nil {
		return fmt.Errorf("admin.listen: %w", err)
	}
	d.admin = &admin{listener: l, served: make(chan error, 1), server: &http.Server{
		Handler:           adminHandler(newHealth(probeWithin, d.readiness()...)),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 3 * probeWithin, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	d.closers = append(d.closers, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil // it was served
	})
	d.log.Info().Str("listen", l.Addr().String()).Msg("the admin listener is open")
	if d.cfg.Admin.exposed() {
		d.log.Warn().Msg("admin.listen is not a loopback address: whoever reaches it learns how this relay is doing")
	}
	return nil
}

// serveAdmin answers until the function that it returns is called: longer than
// the relay, so that a monitor sees it stop.
func (d *daemon) serveAdmin() (stop func() error) {
	a := d.admin
	if a == nil {
		return func() error { return nil }
	}
	go func() { a.served <- a.server.Serve(a.listener) }()
	return func() error {
		err := a.server.Close()
		if served := <-a.served; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
}

// adminHandler answers /healthz (the process is alive) and /readyz (everything it
// leans on is there: 200, else 503, with a diagnosis as JSON).
func adminHandler(h *health) http.Handler {
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
