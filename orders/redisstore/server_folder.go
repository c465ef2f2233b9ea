//go:build unix

package redisstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/waybill-relay/waybill/orders"
)

const (
	// serverFolder is where everything of the child is, in the data folder.
	serverFolder = "redis"
	// longestSocket is what a socket's path may have on every system: Linux takes
	// 107 bytes, others 103.
	longestSocket = 103
	// mostLog is the size at which the child's log begins anew.
	mostLog = 1 << 20
)

// folder is the place of the child, for us alone to read and to use.
type folder struct {
	path     string
	socket   string // its path; elsewhere where path is too long for one
	password string
	lock     *os.File
}

// openFolder makes or opens the folder in dir and keeps others out of it.
func openFolder(dir string) (f *folder, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f = &folder{path: filepath.Join(dir, serverFolder)}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(f.path, 0o700); err != nil { // it may come from a backup
		return nil, err
	}
	if f.lock, err = os.OpenFile(f.file("lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.close()
		return nil, orders.Errorf(orders.EUNAVAILABLE, "another process runs the Redis in %s", f.path)
	}
	if err := errors.Join(f.choosePassword(), f.chooseSocket()); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

func (f *folder) close() { _ = f.lock.Close() } // which gives the lock back

// url is what Open takes. It holds the password.
func (f *folder) url() string {
	u := url.URL{Scheme: "unix", User: url.UserPassword("", f.password), Path: f.socket}
	return u.String()
}

// choosePassword takes the one of last time, so that a server that outlived its
// daemon is still reached.
func (f *folder) choosePassword() error {
	const length = 26 // of rand.Text
	path := f.file("password")
	text, err := os.ReadFile(path)
	if f.password = strings.TrimSpace(string(text)); err == nil && len(f.password) == length {
		return nil
	}
	f.password = rand.Text()
	return writePrivate(path, f.password+"\n")
}

// chooseSocket places the socket in the folder where its path is short enough,
// and else in a private folder elsewhere, whose name is left in the first.
func (f *folder) chooseSocket() error {
	f.socket = f.file("redis.sock")
	if len(f.socket) <= longestSocket {
		return nil
	}
	word := f.file("socket")
	if text, err := os.ReadFile(word); err == nil {
		if dir := strings.TrimSpace(string(text)); private(dir) {
			f.socket = filepath.Join(dir, "redis.sock")
			return nil
		}
	}
	var failed error
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if len(base) > longestSocket-len("/waybill-0123456789/redis.sock") || !filepath.IsAbs(base) {
			continue
		}
		dir, err := os.MkdirTemp(base, "waybill-") // 0700
		if err != nil {
			failed = err
			continue
		}
		f.socket = filepath.Join(dir, "redis.sock")
		return writePrivate(word, dir+"\n")
	}
	return errors.Join(orders.Errorf(orders.EUNAVAILABLE, "the path of the data folder is too long for a socket, and no other place for one was found"), failed)
}

// away reports whether the socket is outside the folder.
func (f *folder) away() bool { return filepath.Dir(f.socket) != f.path }

// private reports whether dir is a folder that only we can have put things into.
func private(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// clear removes what a server that has ended leaves of its socket.
func (f *folder) clear() {
	_ = os.Remove(f.socket)
	if f.away() {
		_ = os.Remove(filepath.Dir(f.socket))
		_ = os.Remove(f.file("socket"))
	}
}

// writeConf writes the child's configuration and returns its path. The password
// is in this file because a command line is there for every user to read.
func (f *folder) writeConf() (path string, err error) {
	path = f.file("redis.conf")
	return path, writePrivate(path, strings.Join([]string{
		"# Written by Waybill at every start.",
		"port 0",
		"unixsocket " + confQuote(f.socket),
		"unixsocketperm 700",
		"requirepass " + confQuote(f.password),
		"dir " + confQuote(f.path),
		"daemonize no",
		"supervised no",
		"logfile " + confQuote(f.file("redis.log")),
		"loglevel warning",
		"# Its report of a crash quotes commands.",
		"crash-log-enabled no",
		"appendonly yes",
		"appendfsync everysec",
		"aof-use-rdb-preamble yes",
		"aof-load-truncated yes",
		`save ""`,
		"maxmemory 0",
		"maxmemory-policy noeviction",
	}, "\n")+"\n")
}

// confQuote writes s as one argument of a Redis configuration file.
func confQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f || c == '"' || c == '\\':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// writePrivate replaces a file with one that only we can read.
func writePrivate(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
