package bunker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
)

func TestApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const page = "https://signer.example/approve?id=1"
	approve := make(chan struct{})
	var asked atomic.Int32
	w.bunker.Handle(func(r *bunkertest.Request) {
		if asked.Add(1) == 1 {
			r.AskApproval(page)
			<-approve
		}
		r.Pass()
	})
	const timeout = short
	shown := make(chan string, 8)
	k := open(t, w.conn, w.user.PublicKey(), bunker.Timeout(timeout), bunker.OnApproval(func(url string) { shown <- url }))
	proved := make(chan error, 1)
	go func() { proved <- k.Prove(t.Context()) }()
	k.await(t, bunker.Approval)
	if got := <-shown; got != page {
		t.Errorf("shown %q", got)
	}
	w.failsFast(t, k, bunker.ErrApproval)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	wantErr(t, k.Prove(ctx), bunker.ErrApproval, context.DeadlineExceeded)
	if got := k.ApprovalURL(); got != page {
		t.Errorf("got %q", got)
	}
	// A user takes his time; what waits for him has Patience.
	select {
	case err := <-proved:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(2 * timeout):
	}
	close(approve)
	if err := <-proved; err != nil {
		t.Error(err)
	}
	k.await(t, bunker.Online)
	if got := k.ApprovalURL(); got != "" {
		t.Errorf("still %q", got)
	}
	w.reads(t, k)
}

// A caller's request that has to be approved is answered in the end.
func TestApprovalOfAPayload(t *testing.T) {
	w := newWorld(t)
	k := w.open(t, bunker.Backoff(patience, patience))
	approve := make(chan struct{})
	payload := w.payload(t, "approved")
	w.bunker.Handle(func(r *bunkertest.Request) {
		if isPayload(r, payload) {
			r.AskApproval("javascript:alert(1)") // no page to send a user to
			<-approve
		}
		r.Pass()
	})
	go func() {
		k.await(t, bunker.Approval)
		close(approve)
	}()
	if got, err := w.decrypt(t.Context(), k, payload); got != "approved" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got := k.ApprovalURL(); got != "" {
		t.Errorf("got %q", got)
	}
	k.await(t, bunker.Online) // at once, not after the back-off
	w.reads(t, k)
}
