package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/live"
)

// Follower tells of changes (*live.Hub).
type Follower interface {
	Follow(ctx context.Context, reader, since string) (s *live.Stream, missed []live.Event, err error)
}

const (
	defaultHeartbeat = 15 * time.Second
	// writeWithin is how long a client may take for what is written to it at once.
	writeWithin = 10 * time.Second

	// Streams stay open, so they have places of their own.
	maxStreams, maxStreamsPerAddress = 4096, 64
)

// events: GET /api/v1/events, as server-sent events (WHATWG HTML, 9.2).
func (s *server) events(w http.ResponseWriter, c *call) error {
	if s.cfg.Live == nil {
		return fail(orders.EUNAVAILABLE, "This relay has no live updates.")
	}
	if err := s.streams.enter(c.addr); err != nil {
		return err
	}
	defer s.streams.leave(c.addr)
	stream, missed, err := s.cfg.Live.Follow(c.Context(), c.caller.Pubkey, c.Header.Get("Last-Event-ID"))
	switch {
	case errors.Is(err, live.ErrTooMany):
		return fail(codeRateLimited, err.Error()).after("10")
	case errors.Is(err, live.ErrPosition):
		return fail(codeMalformed, err.Error()).with("parameter", "Last-Event-ID")
	case err != nil:
		return err
	}
	defer stream.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	w.WriteHeader(http.StatusOK)
	out := eventWriter{w: w, control: http.NewResponseController(w)}
	defer out.done()
	out.put("retry: 3000\n\n")
	for _, e := range missed {
		out.event(e)
	}
	s.follow(c, stream, &out)
	return nil // a client that has gone does not read it
}

// follow writes what comes until the stream, the client or the session ends.
func (s *server) follow(c *call, stream *live.Stream, out *eventWriter) {
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for out.flush() == nil {
		select {
		case e := <-stream.Events():
			out.event(e)
		case <-beat.C:
			if c.session != nil && !s.cookies.stands(c.Context(), c.session.Token) {
				return
			}
			out.put(":\n")
			// So that who comes back after a quiet day asks for nothing old.
			if id, ok := stream.Position(); ok {
				out.put("id: " + id + "\n")
			}
			out.put("\n")
		case <-stream.Done():
			return
		case <-c.Context().Done():
			return
		}
	}
}

// eventWriter gathers what is to be written, up to a flush.
type eventWriter struct {
	w       io.Writer
	control *http.ResponseController
	text    strings.Builder
}

func (o *eventWriter) put(text string) { o.text.WriteString(text) }

func (o *eventWriter) event(e live.Event) {
	if e.Name != "" {
		o.put("event: " + e.Name + "\ndata: " + string(e.Data) + "\n")
	}
	if e.ID != "" {
		o.put("id: " + e.ID + "\n")
	}
	o.put("\n")
}

func (o *eventWriter) flush() error {
	if o.text.Len() == 0 {
		return nil
	}
	// Where it cannot be set (a recorder in a test) nobody is slow.
	_ = o.control.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, err := io.WriteString(o.w, o.text.String()); err != nil {
		return err
	}
	o.text.Reset()
	return o.control.Flush()
}

// done lets the connection be used for something else.
func (o *eventWriter) done() { _ = o.control.SetWriteDeadline(time.Time{}) }
