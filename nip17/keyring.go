package nip17

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Key reads what is encrypted to one public key. It has no method that signs:
// nothing that holds a participant's key can speak as that participant.
//
// Decrypt opens a NIP-44 v2 payload from the key from (hex). A Key that cannot
// be asked at the moment returns an error that is ErrKeyUnavailable or the
// context's; every other error means that this payload will never open with it.
type Key interface {
	Owner() string     // the identity (hex) it reads for
	PublicKey() string // hex; another than Owner's for an encryption key (kind 10044)
	Decrypt(ctx context.Context, from, payload string) (string, error)
}

// A RemoteKey is a Key whose secret is elsewhere, such as in a remote signer
// (NIP-46): to ask it takes as long as the network and its owner take.
type RemoteKey interface {
	Key
	// Available reports whether it can be asked now. Where it cannot, Decrypt
	// returns ErrKeyUnavailable at once.
	Available() bool
}

// maxReaders bounds how many decryptions one wrap can cost: the key it names,
// the others of now, and of those before them the last ones.
const maxReaders = 8

// Keyring holds the delegated keys. Its zero value is empty and ready. Safe for
// concurrent use.
type Keyring struct {
	mu     sync.RWMutex
	keys   map[string]held
	owners map[string][]string // identity to public keys, in the order in which they are tried
	added  int
}

// held keeps what the key named when it came in, for it may answer otherwise later.
type held struct {
	Key
	owner string
	turn  int    // the higher, the later it came
	store *Store // it was loaded from, nil for none
	entry Entry  // of the store
}

// NewKeyring makes a keyring of keys. It fails where Add does.
func NewKeyring(keys ...Key) (*Keyring, error) {
	kr := new(Keyring)
	for _, k := range keys {
		if err := kr.Add(k); err != nil {
			return nil, err
		}
	}
	return kr, nil
}

// Add puts k in, in place of one with the same public key, which is zeroed.
// The error is ErrPublicKey.
func (kr *Keyring) Add(k Key) error { return kr.put(held{Key: k}) }

func (kr *Keyring) put(h held) error {
	public := h.PublicKey()
	h.owner = h.Owner()
	if !ValidPublicKey(public) || !ValidPublicKey(h.owner) {
		return ErrPublicKey
	}
	kr.mu.Lock()
	defer kr.mu.Unlock()
	if kr.keys == nil {
		kr.keys, kr.owners = map[string]held{}, map[string][]string{}
	}
	if old, ok := kr.keys[public]; ok && old.Key == h.Key {
		return nil
	}
	kr.remove(public)
	kr.added++
	h.turn = kr.added
	kr.keys[public] = h
	kr.arrange(h.owner, append(kr.owners[h.owner], public))
	return nil
}

// arrange sets the order in which an owner's keys are tried: those that are not
// retired, the newest first, then the retired ones, the last one first.
func (kr *Keyring) arrange(owner string, keys []string) {
	slices.SortFunc(keys, func(a, b string) int {
		x, y := kr.keys[a], kr.keys[b]
		if retired := x.entry.RetiredAt.IsZero(); retired != y.entry.RetiredAt.IsZero() {
			if retired {
				return -1
			}
			return 1
		}
		return cmp.Or(y.entry.RetiredAt.Compare(x.entry.RetiredAt), cmp.Compare(y.turn, x.turn))
	})
	kr.owners[owner] = keys
}

// Remove takes the key out and zeroes it. It reports whether there was one.
func (kr *Keyring) Remove(public string) bool {
	kr.mu.Lock()
	defer kr.mu.Unlock()
	return kr.remove(public)
}

// Take takes out that very key and zeroes it. It reports whether it was there: in
// its place may be another by now, with the same public key.
func (kr *Keyring) Take(k Key) bool {
	public := k.PublicKey()
	kr.mu.Lock()
	defer kr.mu.Unlock()
	return kr.keys[public].Key == k && kr.remove(public)
}

// Clear takes every key out and zeroes it.
func (kr *Keyring) Clear() {
	kr.mu.Lock()
	defer kr.mu.Unlock()
	for public := range kr.keys {
		kr.remove(public)
	}
}

func (kr *Keyring) remove(public string) bool {
	k, ok := kr.keys[public]
	if !ok {
		return false
	}
	delete(kr.keys, public)
	all := kr.owners[k.owner]
	all = slices.DeleteFunc(all, func(other string) bool { return other == public })
	if kr.owners[k.owner] = all; len(all) == 0 {
		delete(kr.owners, k.owner)
	}
	if z, ok := k.Key.(interface{ Zero() }); ok {
		z.Zero()
	}
	return true
}

// Lookup returns the key with that public key.
func (kr *Keyring) Lookup(public string) (Key, bool) {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	k, ok := kr.keys[public]
	return k.Key, ok
}

// Reads reports whether that very key is held, for what arrived at.
func (kr *Keyring) Reads(public string, at time.Time) bool {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	k, ok := kr.keys[public]
	return ok && k.may(at)
}

// AddedAt is when the key was stored, zero for one that no Store holds.
func (kr *Keyring) AddedAt(public string) time.Time {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	return kr.keys[public].entry.AddedAt
}

func (kr *Keyring) has(public string) bool {
	_, ok := kr.Lookup(public)
	return ok
}

// Owners returns the identities (hex, ascending) for which a key is held.
func (kr *Keyring) Owners() []string {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	owners := make([]string, 0, len(kr.owners))
	for owner := range kr.owners {
		owners = append(owners, owner)
	}
	slices.Sort(owners)
	return owners
}

// OwnerOf returns the identity (hex) for which a key is held that may open what
// is addressed to public: the owner of that very key, else public itself.
func (kr *Keyring) OwnerOf(public string) (owner string, ok bool) {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	if k, ok := kr.keys[public]; ok {
		return k.owner, true
	}
	return public, len(kr.owners[public]) > 0
}

// Holds reports whether a wrap addressed to public may open: it is the public
// key of a key, or the identity that a key reads for.
func (kr *Keyring) Holds(public string) bool {
	_, ok := kr.OwnerOf(public)
	return ok
}

// Of returns the keys that read for owner (hex), in the order in which they are
// tried.
func (kr *Keyring) Of(owner string) []Key {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	var keys []Key
	for _, public := range kr.owners[owner] {
		keys = append(keys, kr.keys[public].Key)
	}
	return keys
}

// readers are the keys that may open a wrap addressed to public that arrived at:
// that key itself, then the owner's others in their order, eight at most. A wrap to
// an identity may be encrypted to the encryption key that it announced (NIP-17,
// kind 10044), or to the one before.
func (kr *Keyring) readers(public string, at time.Time) []Key {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	var keys []Key
	if k, ok := kr.keys[public]; ok && k.may(at) {
		keys = append(keys, k.Key)
	}
	for _, other := range kr.owners[public] {
		if k := kr.keys[other]; other != public && len(keys) < maxReaders && k.may(at) {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// may reports whether the key is to open what arrived at.
func (h *held) may(at time.Time) bool { return !at.Before(h.entry.Since) }

// from are the keys that were loaded from a store, by public key.
func (kr *Keyring) from(s *Store) map[string]Entry {
	kr.mu.RLock()
	defer kr.mu.RUnlock()
	entries := map[string]Entry{}
	for public, k := range kr.keys {
		if k.store == s {
			entries[public] = k.entry
		}
	}
	return entries
}
