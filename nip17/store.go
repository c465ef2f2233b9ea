package nip17

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// Entry is one delegated key of a Store, without the secret.
type Entry struct {
	Pubkey  string    `json:"pubkey"`         // hex, of the key
	Owner   string    `json:"owner"`          // hex, the identity it reads for
	Since   time.Time `json:"since,omitzero"` // what arrived before is not to be opened with it; zero: everything is
	AddedAt time.Time `json:"addedAt"`
}

func (e Entry) equal(other Entry) bool {
	return e.Pubkey == other.Pubkey && e.Owner == other.Owner &&
		e.Since.Equal(other.Since) && e.AddedAt.Equal(other.AddedAt)
}

// Store keeps delegated keys in a file, each encrypted under a master key.
// Several processes may use one file: every method reads it anew, and changes
// are made under a lock.
type Store struct {
	path   string
	master Master
	mu     sync.Mutex // Load, one at a time
}

type storeFile struct {
	Version int           `json:"version"`
	Keys    []storedEntry `json:"keys"`
}

type storedEntry struct {
	Entry
	Sealed string `json:"sealed"` // Master.Seal
}

// OpenStore opens the store in the file at path, which need not exist yet.
// ErrKeyFile says that something else is in it.
func OpenStore(path string, m Master) (*Store, error) {
	s := &Store{path: path, master: m}
	if _, err := s.read(); err != nil {
		return nil, err
	}
	return s, nil
}

// List returns the entries by owner and key.
func (s *Store) List() ([]Entry, error) {
	file, err := s.read()
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(file.Keys))
	for _, e := range file.Keys {
		entries = append(entries, e.Entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Pubkey, b.Pubkey))
	})
	return entries, nil
}

// Add stores secret for owner (hex; "" for secret's own public key), in place
// of what was stored for the same key. since is the date from which on it may
// open what waits; zero for all. Errors: ErrSecret, ErrPublicKey, ErrMaster
// where what is stored was not encrypted under this master key.
func (s *Store) Add(secret Secret, owner string, since time.Time) (Entry, error) {
	pubkey := secret.PublicKey()
	if pubkey == "" {
		return Entry{}, ErrSecret
	}
	owner = cmp.Or(owner, pubkey)
	if !ValidPublicKey(owner) {
		return Entry{}, ErrPublicKey
	}
	sealed, err := s.master.Seal(secret, pubkey)
	if err != nil {
		return Entry{}, err
	}
	added := storedEntry{Entry{pubkey, owner, stamp(since), stamp(time.Now())}, sealed}
	err = s.edit(func(keys []storedEntry) ([]storedEntry, error) {
		// One file, one master key: with a second, half of it would be lost.
		if len(keys) > 0 {
			first, err := s.master.Open(keys[0].Sealed, keys[0].Pubkey)
			if err != nil {
				return nil, err
			}
			first.Zero()
		}
		return append(without(keys, pubkey), added), nil
	})
	return added.Entry, err
}

// stamp is t as the file holds it.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// Remove takes the key out of the file. It reports whether there was one. A
// keyring that holds it loses it with the next Load.
func (s *Store) Remove(pubkey string) (bool, error) {
	var found bool
	err := s.edit(func(keys []storedEntry) ([]storedEntry, error) {
		rest := without(keys, pubkey)
		found = len(rest) < len(keys)
		return rest, nil
	})
	return found && err == nil, err
}

func without(keys []storedEntry, pubkey string) []storedEntry {
	return slices.DeleteFunc(slices.Clone(keys), func(e storedEntry) bool { return e.Pubkey == pubkey })
}

// edit writes what change makes of the keys in the file.
func (s *Store) edit(change func([]storedEntry) ([]storedEntry, error)) error {
	return locked(s.path, func() error {
		file, err := s.read()
		if err != nil {
			return err
		}
		if file.Keys, err = change(file.Keys); err != nil {
			return err
		}
		text, err := json.MarshalIndent(file, "", "  ")
		if err != nil {
			return err
		}
		return replaceFile(s.path, append(text, '\n'))
	})
}

func (s *Store) read() (storeFile, error) {
	empty := storeFile{Version: 1, Keys: []storedEntry{}}
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, err
	}
	var file storeFile
	if json.Unmarshal(text, &file) != nil || file.Version != 1 {
		return empty, fmt.Errorf("%s: %w", s.path, ErrKeyFile)
	}
	for _, e := range file.Keys {
		if !ValidPublicKey(e.Pubkey) || !ValidPublicKey(e.Owner) {
			return empty, fmt.Errorf("%s: %w: %w", s.path, ErrKeyFile, ErrPublicKey)
		}
	}
	return file, nil
}
