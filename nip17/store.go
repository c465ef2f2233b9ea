package nip17

import (
	"cmp"
	"os"
	"slices"
	"sync"
	"time"
)

// Entry is one delegated key of a Store, without the secret.
type Entry struct {
	Pubkey    string    `json:"pubkey"`             // hex, of the key
	Owner     string    `json:"owner"`              // hex, the identity it reads for
	Way       Way       `json:"way"`                // what was handed over
	Since     time.Time `json:"since,omitzero"`     // what arrived before is not to be opened with it; zero: everything is
	AddedAt   time.Time `json:"addedAt"`            //
	RetiredAt time.Time `json:"retiredAt,omitzero"` // its owner announced another one then; zero: not yet
}

func (e Entry) equal(other Entry) bool {
	return e.Pubkey == other.Pubkey && e.Owner == other.Owner && e.Way == other.Way &&
		e.Since.Equal(other.Since) && e.AddedAt.Equal(other.AddedAt) && e.RetiredAt.Equal(other.RetiredAt)
}

// Store keeps delegated keys in a file, each encrypted under a master key.
// Several processes may use one file: every method reads it anew, and changes
// are made under a lock.
type Store struct {
	path    string
	master  Master
	connect func(e Entry, connection []byte) (Key, error)

	mu   sync.Mutex  // Load, one at a time
	seen os.FileInfo // the file as it was loaded last; nil: it was not, or was not there
	read bool        // it was loaded

	cached sync.Mutex
	file   storeFile   // as it was read last
	info   os.FileInfo // of that, nil: none
}

// OpenStore opens the store in the file at path, which need not exist yet.
// ErrKeyFile says that something else is in it.
func OpenStore(path string, m Master) (*Store, error) {
	s := &Store{path: path, master: m}
	if _, err := s.contents(); err != nil {
		return nil, err
	}
	return s, nil
}

// Connect tells by what Load makes a Key of a remote signer's entry and of the
// connection to it, which it must not keep. Without it Load leaves those out.
// Call it before the first Load.
func (s *Store) Connect(connect func(e Entry, connection []byte) (Key, error)) { s.connect = connect }

// List returns the entries by owner and key.
func (s *Store) List() ([]Entry, error) {
	file, err := s.contents()
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

// Locked are the stored keys (hex) of the owner, "" for everybody's, that are of no use:
// the master key does not open what was stored for them, or that is another's.
func (s *Store) Locked(owner string) (map[string]bool, error) {
	file, err := s.contents()
	if err != nil {
		return nil, err
	}
	locked := map[string]bool{}
	for _, e := range file.Keys {
		if (owner == "" || e.Owner == owner) && !s.opens(e) {
			locked[e.Pubkey] = true
		}
	}
	return locked, nil
}

func (s *Store) opens(e storedEntry) bool {
	plain, err := s.master.open(e.Sealed, e.sealedAs(), e.Pubkey)
	clear(plain)
	return err == nil
}

// Add stores secret for owner (hex; "" for secret's own public key), in place
// of what was stored for the same key. since is the date from which on it may
// open what waits; zero for all. Errors: ErrSecret, ErrPublicKey, ErrMaster
// where nothing that is stored was encrypted under this master key.
func (s *Store) Add(secret Secret, owner string, since time.Time) (Entry, error) {
	pubkey := secret.PublicKey()
	if pubkey == "" {
		return Entry{}, ErrSecret
	}
	e := Entry{Pubkey: pubkey, Owner: cmp.Or(owner, pubkey), Way: WayEncryption, Since: since}
	if e.Owner == pubkey {
		e.Way = WayIdentity
	}
	sealed, err := s.master.Seal(secret, pubkey)
	if err != nil {
		return Entry{}, err
	}
	return s.add(e, sealed)
}

// AddRemote stores the connection to a remote signer that reads for owner (hex),
// in place of what was stored for that key. What a connection is, is for Connect's
// function to know. The errors are those of Add.
func (s *Store) AddRemote(owner string, connection []byte, since time.Time) (Entry, error) {
	sealed, err := s.master.seal(connection, sealedRemote, owner)
	if err != nil {
		return Entry{}, err
	}
	return s.add(Entry{Pubkey: owner, Owner: owner, Way: WayBunker, Since: since}, sealed)
}

func (s *Store) add(e Entry, sealed string) (Entry, error) {
	if !ValidPublicKey(e.Owner) {
		return Entry{}, ErrPublicKey
	}
	e.Since, e.AddedAt = stamp(e.Since), stamp(time.Now())
	return e, s.edit(func(keys []storedEntry) ([]storedEntry, error) {
		others := without(keys, e.Pubkey)
		// One file, one master key: with a second, half of it would be lost. A single one
		// that does not open keeps nobody else's out.
		if len(others) > 0 && !slices.ContainsFunc(others, s.opens) {
			return nil, ErrMaster
		}
		return append(others, storedEntry{e, sealed}), nil
	})
}

func (e Entry) sealedAs() string {
	if e.Way == WayBunker {
		return sealedRemote
	}
	return sealedKey
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

// Announced says that owner (hex) has announced pubkey as the encryption key to
// use from at on (NIP-17, kind 10044; "" for none): his others are retired then,
// and kept for what was encrypted before. It reports whether that changed one.
func (s *Store) Announced(owner, pubkey string, at time.Time) (changed bool, err error) {
	retire := func(keys []storedEntry) (changed bool) {
		for i, e := range keys {
			if e.Owner != owner || e.Way != WayEncryption {
				continue
			}
			switch retired := !e.RetiredAt.IsZero(); {
			case e.Pubkey == pubkey && retired:
				keys[i].RetiredAt, changed = time.Time{}, true
			case e.Pubkey != pubkey && !retired:
				keys[i].RetiredAt, changed = stamp(at), true
			}
		}
		return changed
	}
	// Most who announce a key have none here: that must not cost a lock.
	file, err := s.contents()
	if err != nil || !retire(file.Keys) {
		return false, err
	}
	err = s.edit(func(keys []storedEntry) ([]storedEntry, error) {
		keys = slices.Clone(keys)
		changed = retire(keys)
		return keys, nil
	})
	return changed, err
}
