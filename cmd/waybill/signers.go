package main

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/outgoing"
)

// signers are the remote signers (NIP-46) that this process asks: those that were
// enrolled, and those of the configuration. It implements enrol.Signers.
type signers struct {
	master  nip17.Master
	private bool     // participants' signers may be on private addresses
	relays  []string // where nostrconnect:// URLs lead
	name    string   // by which a signer shows this relay to its user
	file    string   // what `waybill keys list` reads; "": none
	log     zerolog.Logger

	keyring *nip17.Keyring
	late    func(owner string)      // the owner's signer can be asked again
	changed func(owners ...string)  // another key is held for them
	asks    func(owner, url string) // the owner's signer waits for his approval at that page, which is for no log
	ended   func(err error)         // an invitation is over; nil: a key came of it

	mu         sync.Mutex
	open       map[string]*bunker.Key       // by owner
	configured map[string]*configuredBunker // by the client's public key
	invited    map[string]*proof            // by owner
	proofs     map[*proof]bool              // all that run, those of invitations included
	begun      map[string]*begun            // by owner
	work       sync.WaitGroup
	ctx        context.Context
	stop       context.CancelFunc
}

func newSigners(cfg config, master nip17.Master, keyring *nip17.Keyring, log zerolog.Logger) *signers {
	s := &signers{
		master: master, private: cfg.Participants.PrivateSigners, relays: cfg.Keys.SignerRelays,
		name: cfg.Relay.Name, file: signersFile(cfg), log: log, keyring: keyring,
		late: func(string) {}, changed: func(...string) {}, asks: func(_, _ string) {},
		open: map[string]*bunker.Key{}, configured: map[string]*configuredBunker{},
		invited: map[string]*proof{}, proofs: map[*proof]bool{}, begun: map[string]*begun{},
	}
	s.ended = s.logEnd
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

func signersFile(cfg config) string { return filepath.Join(cfg.DataDir, "signers.json") }

// close ends what waits for a signer. The keys themselves are the keyring's.
func (s *signers) close() {
	s.stop()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for owner, b := range s.begun {
		s.drop(owner, b)
	}
}

// options are how a signer is reached. Only the operator may lead the relay to an
// address that is not public.
func (s *signers) options(trusted bool) []bunker.Option {
	opts := []bunker.Option{bunker.Application(s.name, "")}
	if !trusted {
		opts = append(opts, bunker.Dialer(outgoing.Dialer(s.private)))
	}
	return opts
}

// start opens the key of a signer and follows its state.
func (s *signers) start(conn bunker.Connection, owner string, trusted bool) *bunker.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := bunker.Open(conn, owner, append(s.options(trusted), bunker.OnChange(func(bunker.State) { s.turned(owner) }))...)
	s.open[owner] = k
	return k
}

// turned tells of a signer whose state has changed.
func (s *signers) turned(owner string) {
	s.mu.Lock()
	k := s.open[owner]
	if k != nil && k.State().Code == bunker.Closed {
		delete(s.open, owner)
	}
	s.mu.Unlock()
	if err := s.save(); err != nil {
		s.log.Warn().Err(err).Msg("how the remote signers are could not be written down")
	}
	if k == nil {
		return
	}
	code := k.State().Code
	s.log.Info().Str("state", string(code)).Msg("a remote signer's state has changed")
	if code == bunker.Online {
		s.late(owner)
	}
}

// state is how the owner's signer is, "" where none is held (enrol.Desk.SignerState).
func (s *signers) state(owner string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.open[owner]; k != nil {
		return string(k.State().Code)
	}
	return ""
}

// census counts the signers by state, every state named.
func (s *signers) census() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, code := range bunker.Codes {
		n[string(code)] = 0
	}
	for _, k := range s.open {
		n[string(k.State().Code)]++
	}
	return n
}

// connect makes the key of an entry of the store (nip17.Store.Connect).
func (s *signers) connect(e nip17.Entry, stored []byte) (nip17.Key, error) {
	conn, trusted, err := unpack(stored)
	if err != nil {
		return nil, err
	}
	defer conn.Client.Zero()
	return s.start(conn, e.Owner, trusted), nil
}

// A stored connection says first whether the operator has vouched for it.
const (
	byOperator    = 'o'
	byParticipant = 'p'
)

func pack(conn bunker.Connection, trusted bool) ([]byte, error) {
	text, err := conn.Marshal()
	if err != nil {
		return nil, err
	}
	defer clear(text)
	by := byte(byParticipant)
	if trusted {
		by = byOperator
	}
	return append([]byte{by}, text...), nil
}

func unpack(stored []byte) (conn bunker.Connection, trusted bool, err error) {
	if len(stored) == 0 {
		return conn, false, bunker.ErrConnection
	}
	conn, err = bunker.Unmarshal(stored[1:])
	return conn, stored[0] == byOperator, err
}

var _ enrol.Signers = (*signers)(nil)
