//go:build unix

package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// launch adopts the server that is there, or starts one, and returns when it has
// loaded its data.
func (s *Server) launch(ctx context.Context) (*process, error) {
	p, err := s.folder.adopt(ctx)
	if err != nil {
		return nil, err
	}
	if p != nil && s.stays(ctx, p) {
		s.log.Info().Msg("the Redis of an earlier run is still there, and goes on")
		err := s.await(ctx, p)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, errors.Join(err, p.kill())
		}
	}
	for aside := false; ; {
		if s.faults >= mostFaults {
			if err := s.setAside(); err != nil {
				return nil, err
			}
			aside = true
		}
		p, logged, err := s.start()
		if err != nil {
			return nil, err
		}
		if err = s.await(ctx, p); err == nil {
			return p, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(err, end(p))
		case aside: // it was not the data
			return nil, err
		case s.folder.damaged(logged):
			s.faults = mostFaults
		case p.crashed:
			s.faults++
		default:
			return nil, err
		}
	}
}

// stays reports whether a server that was left behind goes on. Where the system
// has told it to end, it looks alive for another 0.1 s.
func (s *Server) stays(ctx context.Context, p *process) bool {
	late := time.NewTimer(lastBreath)
	defer late.Stop()
	select {
	case <-p.ended:
		return false
	case <-late.C:
	case <-ctx.Done():
	}
	return true
}

// start starts the child, and tells where its words begin in the log.
func (s *Server) start() (p *process, logged int64, err error) {
	conf, err := s.folder.writeConf()
	if err != nil {
		return nil, 0, err
	}
	log, logged, err := s.folder.openLog()
	if err != nil {
		return nil, 0, err
	}
	defer log.Close()
	p, err = startChild(s.program, conf, log)
	return p, logged, err
}

// await returns when the server has loaded its data: nil; or has ended, or ctx
// has: EUNAVAILABLE.
func (s *Server) await(ctx context.Context, p *process) error {
	look := time.NewTicker(lookReady)
	defer look.Stop()
	for {
		// An error is a server that is busy with its start: whether it lives is
		// what counts.
		if ok, err := s.folder.ready(); ok && err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-p.ended:
			return orders.Errorf(orders.EUNAVAILABLE, "%s ended before it was ready (%s): see %s", s.program, p.how, s.folder.file("redis.log"))
		case <-ctx.Done():
			return &orders.Error{Code: orders.EUNAVAILABLE, Message: "this relay's Redis was not ready in time", Err: ctx.Err()}
		}
	}
}

func (s *Server) setAside() error {
	where, err := s.folder.setAside()
	if err == nil {
		s.faults = 0
		s.log.Error().Str("moved_to", where).Msg("this relay's Redis cannot load what it had saved: it starts empty, " +
			"and the order indexes are built anew from the ledger")
	}
	return err
}

// end has the server save and end, and kills it where that takes too long.
func end(p *process) error {
	err := p.stop()
	late := time.NewTimer(endTime)
	defer late.Stop()
	select {
	case <-p.ended:
		return nil
	case <-late.C:
	}
	err = errors.Join(orders.Errorf(orders.EUNAVAILABLE, "this relay's Redis did not end within %s", endTime), err, p.kill())
	<-p.ended
	return err
}
