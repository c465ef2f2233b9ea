package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/orders"
)

// inviteWithin is how long a nostrconnect:// URL is good for.
const inviteWithin = 10 * time.Minute

// mostInvited bounds how many are waited for at once.
const mostInvited = 100

// errNobodyCame is how an invitation ends that no signer has taken.
var errNobodyCame error = orders.Errorf(orders.EUNAVAILABLE, "no remote signer has come by the nostrconnect:// URL in its time")

// Await makes a nostrconnect:// URL and waits for owner's signer to come by it
// (enrol.Signers). A second one for the same owner takes the place of the first.
func (s *signers) Await(owner string, proven func(connection []byte) error, refused func(error)) (uri string, err error) {
	if len(s.relays) == 0 {
		return "", orders.Errorf(orders.EUNAVAILABLE, "this relay has no keys.signer_relays to meet a remote signer at: hand over a bunker:// URL instead")
	}
	invitation, err := bunker.Offer(s.relays, s.name, "")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.ctx, inviteWithin)
	p := &proof{owner: owner, since: time.Now(), end: cancel, done: make(chan struct{})}
	if !s.invite(p) {
		cancel()
		invitation.Close()
		return "", orders.Errorf(orders.EUNAVAILABLE, "too many wait for their remote signers: try again in some minutes")
	}
	s.work.Go(func() {
		defer cancel()
		defer invitation.Close()
		err := s.welcome(ctx, invitation, owner, proven, refused)
		close(p.done)
		s.leave(p)
		s.ended(err)
	})
	return invitation.URI(), nil
}

// invite makes p the one invitation of its owner; false where too many wait.
func (s *signers) invite(p *proof) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if former := s.invited[p.owner]; former != nil {
		former.end()
	} else if len(s.invited) >= mostInvited {
		return false
	}
	s.invited[p.owner], s.proofs[p] = p, true
	return true
}

// welcome waits for the signer, and takes it.
func (s *signers) welcome(ctx context.Context, invitation *bunker.Invitation, owner string, proven func(connection []byte) error, refused func(error)) error {
	conn, err := invitation.Wait(ctx, s.options(true)...)
	if err != nil {
		return errNobodyCame
	}
	var once sync.Once
	connection, err := s.prove(ctx, conn, owner, true, func(page string) {
		once.Do(func() { s.work.Go(func() { s.asks(owner, page) }) })
	})
	if err != nil {
		err = unproven(err)
		refused(err)
		return err
	}
	defer clear(connection)
	if err := ctx.Err(); err != nil { // forgotten, or another invitation took its place
		return unproven(err)
	}
	return proven(connection)
}

// logEnd says of an invitation that a signer came by it and was refused. That nobody
// came is no news: the audit log says that it was asked for.
func (s *signers) logEnd(err error) {
	if err != nil && !errors.Is(err, errNobodyCame) {
		s.log.Warn().Err(err).Msg("a remote signer came by invitation and was not taken")
	}
}

// signerAsks tells an owner at which page he approves what his signer, which came by
// invitation, is asked for.
func (d *daemon) signerAsks(owner, page string) {
	ctx, cancel := context.WithTimeout(d.answerUntil, answerWithin)
	defer cancel()
	d.notify(ctx, owner, "Your remote signer waits for your approval. Give it at "+page)
}
