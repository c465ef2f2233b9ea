package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/waybill-relay/waybill/nip17"
)

// signersState is what a running relay writes down of its remote signers, for the
// commands beside it. There is no secret in it.
type signersState struct {
	States map[string]signerState `json:"states"`           // by owner (hex)
	Owners map[string]string      `json:"owners,omitempty"` // of those in the configuration: client's public key → owner
}

type signerState struct {
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

func readSignersState(path string) (signersState, error) {
	var st signersState
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &st)
	}
	return st, err
}

// state is how the owner's signer was, as the running relay has written it down
// (enrol.Desk.SignerState).
func (st signersState) state(owner string) string {
	if is, ok := st.States[owner]; ok {
		return is.State
	}
	return "unknown"
}

// save writes down how the signers are. A reader sees the old file or the new one;
// what a crash loses is written anew at the next start.
func (s *signers) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := signersState{States: map[string]signerState{}, Owners: map[string]string{}}
	for owner, k := range s.open {
		now := k.State()
		st.States[owner] = signerState{string(now.Code), now.Since}
	}
	for id, b := range s.configured {
		if b.owner != "" {
			st.Owners[id] = b.owner
		}
	}
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	fresh := s.file + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, s.file)
}

// remembered is the owner that a signer of the configuration named before, "" for
// none. That it is his is proved all the same before it is asked anything.
func (s *signers) remembered(id string) string {
	st, err := readSignersState(s.file)
	if err != nil || !nip17.ValidPublicKey(st.Owners[id]) {
		return ""
	}
	return st.Owners[id]
}
