//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// nodeProcess is one Node with nostr-tools, driven over JSON lines (nostrtools/driver.mjs).
type nodeProcess struct {
	t  *testing.T
	in io.Writer

	mu      sync.Mutex
	next    int
	answers map[int]chan nodeAnswer
}

type nodeAnswer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

func startNode(t *testing.T) *nodeProcess {
	t.Helper()
	needNode(t)
	cmd := exec.Command("node", "driver.mjs")
	cmd.Dir = nodeFolder
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirs, err := os.Pipe() // not StdoutPipe: Wait would close it under the reader
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = theirs
	n := &nodeProcess{t: t, in: in, answers: map[int]chan nodeAnswer{}}
	start(t, cmd)
	theirs.Close()
	go n.read(out)
	return n
}

func (n *nodeProcess) read(out io.ReadCloser) {
	defer out.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a nodeAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			continue // a console line of a library
		}
		n.mu.Lock()
		ch := n.answers[a.ID]
		delete(n.answers, a.ID)
		n.mu.Unlock()
		if ch != nil {
			ch <- a
		}
	}
}

// call runs a command of the driver as who and reads its answer into result.
func (n *nodeProcess) call(who, cmd string, args map[string]any, result any) error {
	return n.callWithin(30*time.Second, who, cmd, args, result)
}

// callWithin is call for what may take that long.
func (n *nodeProcess) callWithin(most time.Duration, who, cmd string, args map[string]any, result any) error {
	ch := make(chan nodeAnswer, 1)
	n.mu.Lock()
	n.next++
	line := map[string]any{"id": n.next, "cmd": cmd, "who": who}
	n.answers[n.next] = ch
	for k, v := range args {
		line[k] = v
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = n.in.Write(append(text, '\n'))
	}
	n.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case a := <-ch:
		if a.Error != "" {
			return errors.New(a.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-time.After(most):
		return errors.New("node does not answer")
	}
}

// must is call for what has to succeed.
func (n *nodeProcess) must(who, cmd string, args map[string]any, result any) {
	n.t.Helper()
	if err := n.call(who, cmd, args, result); err != nil {
		n.t.Fatalf("nostr-tools, %s as %s: %v", cmd, who, err)
	}
}

// What the driver's commands answer.
type (
	// A copy is one published event, and the relay's OK.
	copyOf struct {
		ID, To, Reason string
		OK             bool
	}
	delivery struct {
		Rumor  string // id
		Copies []copyOf
	}
	received struct {
		Wrap, Error string
		Live        bool // it came by the open subscription, not as a stored event
		Rumor       rumor
	}
	heard struct {
		Events []nostr.Event
		Closed string
	}
	counted struct {
		Count   int
		Refused string
	}
)

// A rumor as nostr-tools takes and gives it.
type rumor struct {
	ID        string     `json:"id,omitempty"`
	Pubkey    string     `json:"pubkey,omitempty"`
	Kind      int        `json:"kind"`
	Content   string     `json:"content"`
	Tags      [][]string `json:"tags"`
	CreatedAt int64      `json:"created_at,omitempty"`
}
