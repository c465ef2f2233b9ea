package nip17

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

type storeFile struct {
	Version int           `json:"version"`
	Keys    []storedEntry `json:"keys"`
}

type storedEntry struct {
	Entry
	Sealed string `json:"sealed"` // Master's
}

func without(keys []storedEntry, pubkey string) []storedEntry {
	return slices.DeleteFunc(slices.Clone(keys), func(e storedEntry) bool { return e.Pubkey == pubkey })
}

// edit writes what change makes of the keys in the file.
func (s *Store) edit(change func([]storedEntry) ([]storedEntry, error)) error {
	return locked(s.path, func() error {
		file, err := s.contents()
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

// contents is what stands in the file. It is parsed where it is another than the
// last time; the keys in it are the caller's own.
func (s *Store) contents() (storeFile, error) {
	s.cached.Lock()
	defer s.cached.Unlock()
	info, err := s.stat() // before it is read
	if err == nil && sameFile(info, s.info) && info != nil {
		return storeFile{s.file.Version, slices.Clone(s.file.Keys)}, nil
	}
	file, err := s.parse()
	if s.info = nil; err == nil {
		s.file, s.info = storeFile{file.Version, slices.Clone(file.Keys)}, info
	}
	return file, err
}

func (s *Store) parse() (storeFile, error) {
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
	for i, e := range file.Keys {
		if !ValidPublicKey(e.Pubkey) || !ValidPublicKey(e.Owner) {
			return empty, fmt.Errorf("%s: %w: %w", s.path, ErrKeyFile, ErrPublicKey)
		}
		if e.Way == "" { // written before there were others
			file.Keys[i].Way = WayIdentity
			if e.Owner != e.Pubkey {
				file.Keys[i].Way = WayEncryption
			}
		}
	}
	return file, nil
}
