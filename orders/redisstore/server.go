//go:build unix

package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
)

// ServerOptions say how StartServer runs its Redis.
type ServerOptions struct {
	// Dir is the data folder. All of it lies in <Dir>/redis, for us alone to read.
	Dir string
	Log zerolog.Logger
}

// Server is a redis-server of our own beside this process: nobody else reaches
// it, what it holds outlasts both, and it is started again when it dies. It ends
// with this process however that ends, on Linux; elsewhere a kill -9 leaves it
// behind, and the next StartServer adopts it.
type Server struct {
	log     zerolog.Logger
	program string
	folder  *folder

	closing context.Context // ends when Close is called
	close   context.CancelFunc
	done    chan struct{} // closed when supervise has returned
	err     error         // of the last end, set before done is closed

	// These are supervise's alone.
	faults int           // how often in a row it crashed soon after a start
	delay  time.Duration // before the next start
}

const (
	firstDelay = 100 * time.Millisecond
	mostDelay  = 5 * time.Second
	shortLife  = 10 * time.Second
	// mostFaults is how many crashes in a row make the data suspect, whatever the
	// log says.
	mostFaults = 3
	// endTime is how long it may take to save and end. The daemon has 10 s.
	endTime = 5 * time.Second
	// lastBreath is how long a server may look alive that is about to end.
	lastBreath = 500 * time.Millisecond
	lookLog    = time.Minute
	lookReady  = 20 * time.Millisecond
)

// StartServer starts a redis-server or valkey-server that is installed (7.0 or
// later), on a Unix socket and with an append-only file in the data folder, and
// returns when it has loaded its data; ctx bounds that wait and nothing else.
// What it cannot load it puts aside, and starts empty: a projection is rebuilt.
//
// ErrNoServer: none is installed. EUNAVAILABLE: it does not start, or another
// process runs the Redis of that folder. Errors of the file system.
func StartServer(ctx context.Context, options ServerOptions) (*Server, error) {
	program, version, err := findServer(ctx)
	if err != nil {
		return nil, err
	}
	f, err := openFolder(options.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{log: options.Log, program: program, folder: f, done: make(chan struct{})}
	s.closing, s.close = context.WithCancel(context.Background())
	p, err := s.launch(ctx)
	if err == nil {
		err = s.check(ctx)
		if err != nil {
			err = errors.Join(err, end(p))
		}
	}
	if err != nil {
		f.close()
		return nil, err
	}
	s.log.Info().Str("program", program).Str("version", version).Str("socket", f.socket).Msg("this relay runs a Redis of its own")
	if f.away() {
		s.log.Info().Msg("its socket is outside the data folder, whose path is too long for one")
	}
	go s.supervise(p)
	return s, nil
}

// URL is what Open takes, the same for the life of the Server. It holds the
// password: not for a log.
func (s *Server) URL() string { return s.folder.url() }

// Close has the server save what it holds and end, and kills it after 5 s, which
// loses no more than a crash would. Closing twice is closing once.
func (s *Server) Close() error {
	s.close()
	<-s.done
	return s.err
}

func (s *Server) check(ctx context.Context) error {
	store, err := Dial(ctx, s.URL())
	if err != nil {
		return err
	}
	return store.Close()
}

// supervise starts the server again whenever it has ended, until Close.
func (s *Server) supervise(p *process) {
	defer close(s.done)
	defer s.folder.close()
	for p != nil {
		born := time.Now()
		if !s.watch(p) {
			if s.err = end(p); s.err != nil {
				return
			}
			break
		}
		s.log.Warn().Str("how", p.how).Msg("this relay's Redis has ended, and is started again")
		switch {
		case time.Since(born) >= shortLife:
			s.faults, s.delay = 0, 0
		case p.crashed:
			s.faults++
		}
		p = s.revive()
	}
	s.folder.clear()
}

// watch returns true when the server has ended, and false when it shall end.
func (s *Server) watch(p *process) bool {
	look := time.NewTicker(lookLog)
	defer look.Stop()
	for {
		select {
		case <-p.ended:
			return true
		case <-s.closing.Done():
			return false
		case <-look.C:
			if err := s.folder.boundLog(); err != nil {
				s.log.Warn().Err(err).Msg("the log of this relay's Redis cannot be begun anew")
			}
		}
	}
}

// revive starts the server as often as it takes; nil where Close was called.
func (s *Server) revive() *process {
	for {
		pause(s.closing, s.delay)
		s.delay = min(max(firstDelay, 2*s.delay), mostDelay)
		if s.closing.Err() != nil {
			return nil
		}
		p, err := s.launch(s.closing)
		if err == nil {
			return p
		}
		if s.closing.Err() == nil {
			s.log.Error().Err(err).Dur("retry", s.delay).Msg("this relay's Redis does not start")
		}
	}
}
