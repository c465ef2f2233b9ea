package nip17

import (
	"errors"
	"fmt"
)

// Load brings kr in line with the file: it adds the keys that are new or whose
// entry changed, and removes and zeroes those that are gone. Keys that kr has
// from elsewhere stay as they are, also against an entry for the same key.
//
// It returns what it added and removed, which holds also where err is not nil:
// a key that does not open (ErrMaster) does not keep the others out.
func (s *Store) Load(kr *Keyring) (added, removed []Entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file, err := s.read()
	if err != nil {
		return nil, nil, err
	}
	mine := map[string]*LocalKey{}
	for _, k := range kr.all() {
		if local, ok := k.(*LocalKey); ok && local.store == s {
			mine[local.public] = local
		}
	}
	var failed []error
	for _, e := range file.Keys {
		held, loaded := mine[e.Pubkey]
		delete(mine, e.Pubkey)
		if loaded && held.origin.equal(e.Entry) || !loaded && kr.has(e.Pubkey) {
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
			removed = append(removed, *gone.origin)
		}
	}
	return added, removed, errors.Join(failed...)
}

func (s *Store) load(e storedEntry, kr *Keyring) error {
	secret, err := s.master.Open(e.Sealed, e.Pubkey)
	if err != nil {
		return fmt.Errorf("%s: a key: %w", s.path, err)
	}
	defer secret.Zero()
	k, err := NewLocalKey(secret, e.Owner)
	if err != nil {
		return err
	}
	k.store, k.origin = s, &e.Entry
	return kr.Add(k)
}
