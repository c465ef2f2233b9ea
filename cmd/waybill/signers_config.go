package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
)

// A configuredBunker is a [[keys.delegated]] table with a remote signer.
type configuredBunker struct {
	url   string
	owner string // hex; "" until the signer has said whose it is
	stop  context.CancelFunc
	key   *bunker.Key // what is in the keyring, nil for nothing
}

// readBunkers reads the tables that name a remote signer: all of them or none.
func readBunkers(list []delegatedConfig) (bunkers []*configuredBunker, err error) {
	for i, k := range list {
		if !k.remote() {
			continue
		}
		b := &configuredBunker{url: k.Bunker}
		if b.owner, err = k.check(); err == nil && k.BunkerFile != "" {
			b.url, err = nip17.ReadSecretLine(k.BunkerFile)
		}
		if err == nil {
			var conn bunker.Connection
			conn, err = bunker.Parse(b.url)
			conn.Client.Zero()
		}
		if err != nil {
			return nil, fmt.Errorf("keys.delegated %d: %w", i+1, err)
		}
		bunkers = append(bunkers, b)
	}
	return bunkers, nil
}

// connection is the same at every start, for the signer knows its client by the
// key: that follows from the master key and the URL.
func (s *signers) connection(url string) (bunker.Connection, error) {
	conn, err := bunker.Parse(url)
	if err != nil {
		return conn, err
	}
	conn.Client.Zero()
	raw, err := s.master.Derive("bunker|" + strings.TrimSpace(url))
	if err != nil {
		return conn, err
	}
	defer clear(raw)
	conn.Client, err = nip17.ParseSecret(hex.EncodeToString(raw), "")
	return conn, err
}

// configure brings the signers of the configuration in line with the tables. It
// returns the owners for whom something has changed.
func (s *signers) configure(bunkers []*configuredBunker) (changed []string, err error) {
	now := map[string]bool{}
	for _, b := range bunkers {
		conn, err := s.connection(b.url)
		if err != nil {
			return changed, err
		}
		id := conn.Client.PublicKey()
		now[id] = true
		s.mu.Lock()
		held, known := s.configured[id]
		same := known && (b.owner == "" || b.owner == held.owner)
		s.mu.Unlock()
		if same {
			conn.Client.Zero()
			continue
		}
		if known {
			changed = append(changed, s.unconfigure(id)...)
		}
		if b.owner == "" {
			b.owner = s.remembered(id)
		}
		changed = append(changed, s.take(id, b, conn)...)
	}
	s.mu.Lock()
	var gone []string
	for id := range s.configured {
		if !now[id] {
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	for _, id := range gone {
		changed = append(changed, s.unconfigure(id)...)
	}
	return changed, nil
}

// take begins to ask a signer of the configuration; where its owner is not known,
// the signer is asked for him first, however long that takes.
func (s *signers) take(id string, b *configuredBunker, conn bunker.Connection) (changed []string) {
	ctx, stop := context.WithCancel(s.ctx)
	b.stop = stop
	s.mu.Lock()
	s.configured[id] = b
	s.mu.Unlock()
	if b.owner != "" {
		defer conn.Client.Zero()
		return s.hold(id, b, conn)
	}
	s.work.Go(func() {
		defer conn.Client.Zero()
		owner, ok := s.identify(ctx, conn)
		if !ok {
			return
		}
		s.mu.Lock()
		b.owner = owner
		s.mu.Unlock()
		s.changed(s.hold(id, b, conn)...)
	})
	return nil
}

// hold puts a signer's key into the keyring, unless its table is gone meanwhile.
func (s *signers) hold(id string, b *configuredBunker, conn bunker.Connection) (changed []string) {
	if _, held := s.keyring.Lookup(b.owner); held {
		s.log.Warn().Msg("a remote signer in keys.delegated is not asked: another key for the same person is held already")
		return nil
	}
	k := s.start(conn, b.owner, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.configured[id] != b || s.keyring.Add(k) != nil {
		k.Zero()
		return nil
	}
	b.key = k
	return []string{b.owner}
}

// identify asks a signer whose it is until it says so.
func (s *signers) identify(ctx context.Context, conn bunker.Connection) (owner string, ok bool) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		within, cancel := context.WithTimeout(ctx, proofWithin)
		owner, err := bunker.Identify(within, conn, s.options(true)...)
		cancel()
		if err == nil {
			return owner, true
		}
		if !errors.Is(err, bunker.ErrOffline) {
			s.log.Warn().Err(err).Msg("a remote signer in keys.delegated does not say whose it is; set owner")
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return "", false
}

func (s *signers) unconfigure(id string) (changed []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.configured[id]
	delete(s.configured, id)
	b.stop()
	if b.key != nil && s.keyring.Take(b.key) {
		return []string{b.owner}
	}
	return nil
}
