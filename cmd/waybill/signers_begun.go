package main

import (
	"strings"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
)

// A begun proof can be gone on with: a signer knows its client by the key, and what
// its user approved for one client holds for no other.
type begun struct {
	url    string
	stored []byte // the connection (bunker.Connection.Marshal)
	since  time.Time
	expiry *time.Timer
}

const (
	// approveWithin is how long a proof can be gone on with.
	approveWithin = 10 * time.Minute
	// mostBegun is more than the desk lets in within that time.
	mostBegun = 256
)

// begin returns the connection with which to ask the signer of a bunker:// URL: that
// of the owner's former attempt with the same URL, where it was made within
// approveWithin, else a new one. The errors are those of bunker.Parse.
func (s *signers) begin(url, owner string) (bunker.Connection, error) {
	url = strings.TrimSpace(url)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.begun[owner]
	if b != nil && b.url == url {
		return bunker.Unmarshal(b.stored)
	}
	conn, err := bunker.Parse(url)
	if err != nil {
		return conn, err
	}
	stored, err := conn.Marshal()
	if err != nil {
		conn.Client.Zero()
		return conn, err
	}
	if b != nil {
		s.drop(owner, b)
	}
	if len(s.begun) >= mostBegun {
		clear(stored)
		return conn, nil // it can be proved all the same, in one go
	}
	b = &begun{url: url, stored: stored, since: time.Now()}
	b.expiry = time.AfterFunc(approveWithin, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(owner, b)
	})
	s.begun[owner] = b
	return conn, nil
}

// renew gives the owner's proof its whole time again.
func (s *signers) renew(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.begun[owner]; b != nil {
		b.expiry.Reset(approveWithin)
	}
}

// over forgets the owner's proof: it has succeeded.
func (s *signers) over(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.begun[owner]; b != nil {
		s.drop(owner, b)
	}
}

// drop wipes what was kept of a proof. The caller holds mu.
func (s *signers) drop(owner string, b *begun) {
	b.expiry.Stop()
	clear(b.stored)
	if s.begun[owner] == b {
		delete(s.begun, owner)
	}
}
