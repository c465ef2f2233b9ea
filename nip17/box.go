package nip17

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Sealer encrypts boxes for their readers with a sealing key that nobody keeps:
// it lives in memory only, and is replaced and wiped after a while. From then
// on a box opens for its reader alone, not for the sealer, whatever is taken
// from it. Safe for concurrent use.
type Sealer struct {
	rotate time.Duration
	now    func() time.Time

	mu      sync.Mutex
	current *LocalKey // nil until needed
	until   time.Time
	wipe    *time.Timer
}

// NewSealer makes a Sealer whose key lives for rotate at most; 0 or less means
// an hour. Of the options, Clock applies.
func NewSealer(rotate time.Duration, opts ...Option) *Sealer {
	if rotate <= 0 {
		rotate = time.Hour
	}
	return &Sealer{rotate: rotate, now: newOptions(opts).now}
}

// Seal encrypts plaintext (1 to 65,535 bytes) to each reader (hex) with NIP-44
// v2. A reader opens his payload as one from the key sealedBy (hex):
// nip44.decrypt(sealedBy, payload). Errors: ErrEmpty, ErrTooLarge, ErrPublicKey
// for any of the readers; then nothing is sealed.
func (s *Sealer) Seal(plaintext []byte, readers []string) (sealedBy string, payloads map[string]string, err error) {
	if err := encryptable(len(plaintext)); err != nil {
		return "", nil, err
	}
	for {
		key, err := s.key()
		if err != nil {
			return "", nil, err
		}
		payloads, err := sealAll(key, string(plaintext), readers)
		if errors.Is(err, ErrNotForUs) {
			continue // the key was wiped while it was in use
		}
		if err != nil {
			return "", nil, err
		}
		return key.public, payloads, nil
	}
}

func sealAll(key *LocalKey, plaintext string, readers []string) (map[string]string, error) {
	payloads := make(map[string]string, len(readers))
	for _, reader := range readers {
		if _, done := payloads[reader]; done {
			continue
		}
		payload, err := key.encrypt(reader, plaintext)
		if err != nil {
			return nil, err
		}
		payloads[reader] = payload
	}
	return payloads, nil
}

// key is the sealing key of the moment. It is made when it is needed; the timer
// wipes it also where nothing more is sealed.
func (s *Sealer) key() (*LocalKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.now().Before(s.until) {
		return s.current, nil
	}
	s.drop()
	secret, err := GenerateSecret()
	if err != nil {
		return nil, err
	}
	defer secret.Zero()
	key, err := NewLocalKey(secret, "")
	if err != nil {
		return nil, fmt.Errorf("nip17: make a sealing key: %w", err)
	}
	s.current, s.until = key, s.now().Add(s.rotate)
	s.wipe = time.AfterFunc(s.rotate, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.current == key {
			s.drop()
		}
	})
	return key, nil
}

func (s *Sealer) drop() {
	if s.current != nil {
		s.wipe.Stop()
		s.current.Zero()
		s.current = nil
	}
}

// Close wipes the sealing key. A Seal after it begins with a new one.
func (s *Sealer) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}
