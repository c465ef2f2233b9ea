package enrol

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/nip17"
)

// A Record is one line of the audit log. It names keys, and never holds a secret.
type Record struct {
	At      time.Time `json:"at"`
	Door    Door      `json:"door"`
	Caller  string    `json:"caller"`           // hex
	Action  string    `json:"action"`           // "enrol", "connect", "revoke"
	Outcome string    `json:"outcome"`          // "asked", then "done" or "refused"
	Key     string    `json:"key,omitempty"`    // hex
	Way     nip17.Way `json:"way,omitempty"`    //
	Reason  string    `json:"reason,omitempty"` // why it was refused
	Invite  string    `json:"invite,omitempty"` // the id of the one that was used
}

// The outcomes. A line says "asked" before anything is done about it.
const (
	Asked   = "asked"
	Done    = "done"
	Refused = "refused"
)

// Audit is the log of everything that was asked of the desk: a file of JSON lines
// that is only ever appended to, by several processes. Safe for concurrent use.
type Audit struct {
	path string
	mu   sync.Mutex
}

// NewAudit keeps the log in the file at path, which need not exist yet.
func NewAudit(path string) *Audit { return &Audit{path: path} }

// write is on disk when it returns: what is not written down does not happen.
func (a *Audit) write(r Record) (err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if cut, err := cutShort(f); err != nil {
		return err
	} else if cut {
		line = append([]byte{'\n'}, line...)
	}
	// One write: the lines of two processes do not mix.
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// cutShort reports whether a crash left a line without its end.
func cutShort(f *os.File) (bool, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false, err
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, size-1)
	return last[0] != '\n', err
}

// Read returns the log, the oldest line first. A line that a crash cut short is
// left out: what it was about did not happen.
func (a *Audit) Read() ([]Record, error) {
	f, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var records []Record
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Record
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			records = append(records, r)
		}
	}
	return records, lines.Err()
}
