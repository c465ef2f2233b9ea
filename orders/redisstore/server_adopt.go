//go:build unix

package redisstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// answerTime is how long a server on the same machine may think about a PING.
const answerTime = 3 * time.Second

var errStranger = errors.New("a server that does not know our password, or wants none")

// talk is a bare connection to the server on our socket, which has taken our
// password. (go-redis would hold back after a few failed dials.)
type talk struct {
	net.Conn
	replies *bufio.Reader
}

// knock connects. ok is false where nothing is there. A server that would take
// anybody, or not us, is not ours, and an error.
func (f *folder) knock() (t *talk, ok bool, err error) {
	conn, err := net.DialTimeout("unix", f.socket, answerTime)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	t = &talk{conn, bufio.NewReader(conn)}
	for _, step := range []struct{ ask, want string }{{"PING", "-NOAUTH"}, {"AUTH " + f.password, "+OK"}} {
		reply, err := t.ask(step.ask)
		if err == nil && !strings.HasPrefix(reply, step.want) {
			err = errStranger
		}
		if err != nil {
			_ = t.Close()
			return nil, false, err
		}
	}
	return t, true, nil
}

// ask sends one command and reads a reply of one line.
func (t *talk) ask(command string) (string, error) {
	if err := t.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(t, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := t.replies.ReadString('\n')
	return strings.TrimSpace(line), err
}

// ready reports whether the server on the socket has loaded its data.
func (f *folder) ready() (bool, error) {
	t, ok, err := f.knock()
	if !ok {
		return false, err
	}
	defer t.Close()
	reply, err := t.ask("PING")
	return err == nil && !strings.HasPrefix(reply, "-LOADING"), err
}

// adopt returns the server that an earlier daemon left behind on our socket, or
// nil where there is none. Starting another beside it would ruin what both save.
func (f *folder) adopt(ctx context.Context) (*process, error) {
	t, ok, err := f.knock()
	for start := time.Now(); err != nil && !errors.Is(err, errStranger) && time.Since(start) < endTime && ctx.Err() == nil; {
		pause(ctx, lookReady) // it may be about to end
		t, ok, err = f.knock()
	}
	if err != nil {
		e := orders.Errorf(orders.EUNAVAILABLE, "the socket %s is taken, and not by a Redis of this relay that answers", f.socket)
		e.Err = err
		return nil, e
	}
	if !ok {
		return nil, nil
	}
	watching, leave := context.WithCancel(context.Background())
	p := &process{ended: make(chan struct{}), stop: f.shutdown}
	p.kill = func() error { leave(); return nil } // it is not ours to kill: it is left alone
	go func() {
		defer close(p.ended)
		p.how = "it is gone"
		for ok := true; ok && watching.Err() == nil; {
			if t != nil {
				t.untilClosed(watching)
			}
			if t, ok, err = f.knock(); err != nil {
				ok = true // there, but busy
				pause(watching, answerTime)
			}
		}
		if t != nil {
			_ = t.Close()
		}
	}()
	return p, nil
}

// untilClosed returns when the other side has closed the connection, as the
// system does when the process ends and not before; or when ctx ends.
func (t *talk) untilClosed(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = t.Close() })()
	if t.SetDeadline(time.Time{}) == nil {
		_, _ = t.replies.ReadByte()
	}
	_ = t.Close()
}

// shutdown has the server save and end, as SIGTERM would.
func (f *folder) shutdown() error {
	t, ok, err := f.knock()
	if !ok {
		return err
	}
	defer t.Close()
	reply, err := t.ask("SHUTDOWN NOSAVE")
	if err != nil { // no reply, as it should be
		return nil
	}
	word, _, _ := strings.Cut(reply, " ")
	return orders.Errorf(orders.EINTERNAL, "the Redis of an earlier run does not shut down: %s", word)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
