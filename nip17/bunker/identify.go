package bunker

import (
	"context"
	"fmt"

	"github.com/waybill-relay/waybill/nip17"
)

// Identify asks the signer of conn for its user's public key (hex), to which Prove
// is then put. It uses the Token up: where it returns without an error the caller
// sets it to "". Errors: ErrOffline, ErrApproval, ErrDenied, ErrReply,
// ErrConnection; where ctx ends ErrOffline, and with it the context's.
func Identify(ctx context.Context, conn Connection, opts ...Option) (owner string, err error) {
	if !conn.valid() {
		return "", ErrConnection
	}
	set := newSettings(opts)
	i := &identifying{woken: make(chan struct{}, 1), show: set.onApproval}
	x, err := newExchange(conn, set, i)
	if err != nil {
		return "", ErrConnection
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer x.close()
	defer context.AfterFunc(ctx, x.close)()
	x.lines.open(ctx)
	if err := i.reach(ctx, x.lines); err != nil {
		return "", err
	}
	g := &greeting{x: x, token: conn.Token}
	err = g.ask(func() (err error) {
		owner, err = publicKey(x)
		return err
	})
	if ctx.Err() != nil {
		return "", fmt.Errorf("%w: %w", ErrOffline, ctx.Err())
	}
	return owner, err
}

func publicKey(x *exchange) (string, error) {
	c, err := x.start(methodPublicKey, []string{}, x.set.patience, func() {})
	if err != nil {
		return "", err
	}
	<-c.done
	switch {
	case c.err != nil:
		return "", c.err
	case c.reply.verdict != answered:
		return "", ErrDenied
	case !nip17.ValidPublicKey(c.reply.result):
		return "", ErrReply
	}
	return c.reply.result, nil
}

// identifying waits for the first line.
type identifying struct {
	woken chan struct{}
	show  func(url string)
}

func (i *identifying) settled(*call) {}

func (i *identifying) approving(url string) {
	if i.show != nil && url != "" {
		i.show(url)
	}
}

func (i *identifying) linesChanged(bool) {
	select {
	case i.woken <- struct{}{}:
	default:
	}
}

func (i *identifying) reach(ctx context.Context, ls *lines) error {
	for {
		switch up, trying := ls.count(); {
		case up > 0:
			return nil
		case trying == 0:
			return ErrOffline
		}
		select {
		case <-i.woken:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrOffline, ctx.Err())
		}
	}
}
