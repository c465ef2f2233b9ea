package main

import (
	"context"
	"errors"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/orders"
)

// A proof is somebody's signer that is being asked, or waited for, to show whose it
// is: what may still become a key.
type proof struct {
	owner string
	since time.Time
	end   context.CancelFunc
	done  chan struct{} // for an invitation: closed once no key can come of it any more
}

// proofWithin is how long a participant waits at most for his signer to show that
// it is his.
const proofWithin = time.Minute

// Prove connects to the signer of a bunker:// URL and has it open something that
// only owner can (enrol.Signers). Where the signer sends its user to a page first, the
// error names that page, and the next call with the same URL goes on from there; the
// operator at the shell, who is shown it by asks, waits.
func (s *signers) Prove(ctx context.Context, bunkerURL, owner string, trusted bool) ([]byte, error) {
	within := proofWithin
	if trusted {
		within = approveWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	p := &proof{owner: owner, since: time.Now(), end: cancel}
	s.enter(p)
	defer s.leave(p)
	conn, err := s.begin(bunkerURL, owner)
	if err != nil {
		return nil, orders.Errorf(orders.EINVALID, "%w", err)
	}
	ctx, sent := context.WithCancelCause(ctx)
	defer sent(nil)
	asks := func(page string) { sent(approvalAt(page)) }
	if trusted {
		asks = func(page string) { s.asks(owner, page) }
	}
	connection, err := s.prove(ctx, conn, owner, trusted, asks)
	var page approvalAt
	switch {
	case err == nil:
		s.over(owner)
		return connection, nil
	case errors.As(context.Cause(ctx), &page):
		s.renew(owner)
		return nil, page.told()
	case errors.Is(err, bunker.ErrApproval):
		s.renew(owner)
	}
	return nil, unproven(err)
}

// approvalAt is the page to which a signer sends its user.
type approvalAt string

func (approvalAt) Error() string { return "the remote signer asks its user for approval" }

// told is the error for the owner, whom alone the page is for: nobody logs it.
func (page approvalAt) told() error {
	return orders.Errorf(orders.EUNAVAILABLE,
		"your remote signer waits for your approval: give it at %s and then hand over the same bunker:// URL again, within 10 minutes", string(page))
}

// prove has the signer of conn show that it is owner's, and returns what is to be
// stored. asks is called with the page at which its user has to approve first.
func (s *signers) prove(ctx context.Context, conn bunker.Connection, owner string, trusted bool, asks func(url string)) ([]byte, error) {
	defer conn.Client.Zero()
	k := bunker.Open(conn, owner, append(s.options(trusted), bunker.Patience(inviteWithin), bunker.OnApproval(asks))...)
	defer k.Zero()
	if err := k.Prove(ctx); err != nil {
		return nil, err
	}
	conn.Token = "" // it is used up
	return pack(conn, trusted)
}

// unproven is a signer's failure for the participant's eyes.
func unproven(err error) error {
	switch {
	case errors.Is(err, bunker.ErrDenied), errors.Is(err, bunker.ErrNotOwner):
		return orders.Errorf(orders.EFORBIDDEN, "the remote signer does not decrypt for this public key: it holds another key, or does not permit nip44_decrypt")
	case errors.Is(err, bunker.ErrApproval):
		return orders.Errorf(orders.EUNAVAILABLE, "the remote signer waits for its user's approval: give it there, and then try again")
	case errors.Is(err, context.Canceled):
		return orders.Errorf(orders.EUNAVAILABLE, "this was broken off before the remote signer had answered: try again later")
	}
	return orders.Errorf(orders.EUNAVAILABLE, "the remote signer did not answer in time: is it online, and is its relay reachable?")
}

// enter notes a proof that begins.
func (s *signers) enter(p *proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proofs[p] = true
}

// leave notes that it has ended. Another invitation may be its owner's by now.
func (s *signers) leave(p *proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.proofs, p)
	if s.invited[p.owner] == p {
		delete(s.invited, p.owner)
	}
}

// forget ends every proof and invitation of owner (hex) that began by until: no key
// comes of an invitation once it has returned.
func (s *signers) forget(owner string, until time.Time) {
	s.mu.Lock()
	var ending []*proof
	for p := range s.proofs {
		if p.owner == owner && !p.since.After(until) {
			ending = append(ending, p)
		}
	}
	if b := s.begun[owner]; b != nil && !b.since.After(until) {
		s.drop(owner, b)
	}
	s.mu.Unlock()
	for _, p := range ending {
		p.end()
		if p.done != nil {
			<-p.done
		}
	}
}
