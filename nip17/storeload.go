package nip17

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Stale reports whether the file is another than at the last Load. It costs one look at
// the folder, a microsecond: who is to notice at once that a key was taken away can
// ask before every message.
func (s *Store) Stale() bool {
	now, err := s.stat()
	s.mu.Lock()
	defer s.mu.Unlock()
	return err != nil || !s.read || !sameFile(now, s.seen)
}

// sameFile reports whether nothing has changed between the two looks: every change
// is a new file (replaceFile). nil is a file that is not there.
func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Held reports whether kr holds the key (hex) as it stands in this store, and not
// one from elsewhere with the same public key.
func (s *Store) Held(kr *Keyring, pubkey string) bool {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	k, ok := kr.keys[pubkey]
	return ok && k.store == s
}

// stat is nil where there is no file.
func (s *Store) stat() (os.FileInfo, error) {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, err
}

// Load brings kr in line with the file: it adds the keys that are new or whose
// entry changed, and removes and zeroes those that are gone. Keys that kr has
// from elsewhere stay as they are, also against an entry for the same key.
//
// It returns what it added and removed, which holds also where err is not nil:
// a key that does not open (ErrMaster) does not keep the others out.
func (s *Store) Load(kr *Keyring) (added, removed []Entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, err := s.stat() // before it is read: what is changed meanwhile is then seen the next time
	if err != nil {
		return nil, nil, err
	}
	file, err := s.contents()
	if err != nil {
		return nil, nil, err
	}
	mine := kr.from(s)
	var failed []error
	for _, e := range file.Keys {
		held, loaded := mine[e.Pubkey]
		delete(mine, e.Pubkey)
		if loaded && held.equal(e.Entry) || !loaded && kr.has(e.Pubkey) || e.Way == WayBunker && s.connect == nil {
			continue
		}
		if err := s.load(e, kr); err != nil {
			failed = append(failed, err)
			continue
		}
		added = append(added, e.Entry)
	}
	for public, gone := range mine {
		if kr.Remove(public) {
			removed = append(removed, gone)
		}
	}
	s.seen, s.read = seen, true
	return added, removed, errors.Join(failed...)
}

func (s *Store) load(e storedEntry, kr *Keyring) error {
	k, err := s.open(e)
	if err != nil {
		return fmt.Errorf("%s: a key: %w", s.path, err)
	}
	return kr.put(held{Key: k, store: s, entry: e.Entry})
}

func (s *Store) open(e storedEntry) (Key, error) {
	if e.Way == WayBunker {
		connection, err := s.master.open(e.Sealed, sealedRemote, e.Pubkey)
		if err != nil {
			return nil, err
		}
		defer clear(connection)
		return s.connect(e.Entry, connection)
	}
	secret, err := s.master.Open(e.Sealed, e.Pubkey)
	if err != nil {
		return nil, err
	}
	defer secret.Zero()
	return NewLocalKey(secret, e.Owner)
}
