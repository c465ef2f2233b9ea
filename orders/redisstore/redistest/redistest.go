// Package redistest starts a real redis-server for the tests of this and other
// packages. The server is the test's own: reached by a Unix socket that only
// this user may open, in a directory that goes with the test, and ended by its
// process id.
package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Server is one redis-server. Its data outlives Kill and Restart: a command
// is handed to the system (not yet to the disk) before its reply.
type Server struct {
	t      testing.TB
	dir    string
	args   []string
	mu     sync.Mutex
	cmd    *exec.Cmd     // nil while it is down
	exited chan struct{} // closed when cmd has ended
}

// Start starts a redis-server (7.0 or later, found on PATH) and returns when it
// answers; args are more of its own ("--requirepass", "x"). Without one the test
// fails: a real Redis is what is tested.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	// Not t.TempDir: a socket's path may have 107 bytes, and a test's name is
	// part of that one.
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: dir, args: args}
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s.start()
	return s
}

// URL is where the server listens, the same after a Restart.
func (s *Server) URL() string { return "unix://" + s.socket() }

func (s *Server) socket() string { return filepath.Join(s.dir, "s") }

// Kill ends the server at once (SIGKILL), as a crash does. Killing it twice is
// killing it once.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// Restart kills the server, if it runs, and starts it on the same data.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.start()
}

// Replace is Restart on no data: another, empty Redis at the same address.
func (s *Server) Replace() {
	s.t.Helper()
	s.Kill()
	if err := os.RemoveAll(filepath.Join(s.dir, "appendonlydir")); err != nil {
		s.t.Fatal(err)
	}
	s.start()
}

func (s *Server) start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Fatal("redis-server is not on PATH: install it (apt-get install redis-server, brew install redis)")
	}
	cmd := exec.Command(program, append([]string{"--port", "0", "--unixsocket", s.socket(), "--unixsocketperm", "700",
		"--dir", s.dir, "--save", "", "--appendonly", "yes", "--appendfsync", "no",
		"--daemonize", "no", "--loglevel", "notice", "--logfile", ""}, s.args...)...)
	dieWithUs(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	started, ready, exited := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go run(cmd, out, started, ready, exited)
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	s.cmd, s.exited = cmd, exited
	select {
	case <-ready:
	case <-exited:
		s.cmd = nil
		s.t.Fatal("redis-server ended at once: " + cmd.ProcessState.String())
	case <-time.After(30 * time.Second):
		s.t.Fatal("redis-server does not get ready")
	}
}

// run owns the process: it starts it, reads its log to the end and waits for it.
// It keeps its thread, as the system ties the child's life to the thread that
// made it.
func run(cmd *exec.Cmd, out io.Reader, started chan<- error, ready, exited chan<- struct{}) {
	defer lockThread()()
	if err := cmd.Start(); err != nil {
		started <- fmt.Errorf("redis-server does not start: %w", err)
		return
	}
	started <- nil
	lines := bufio.NewScanner(out)
	for is := false; lines.Scan(); {
		// 7.0 says "The server is now ready to accept connections at /path",
		// 7.2 "Ready to accept connections unix".
		if !is && bytes.Contains(bytes.ToLower(lines.Bytes()), []byte("ready to accept connections")) {
			is = true
			close(ready)
		}
	}
	_ = cmd.Wait()
	close(exited)
}
