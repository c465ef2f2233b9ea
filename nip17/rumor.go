package nip17

import (
	"fmt"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

const (
	maxAhead = 10 * time.Minute

	// The last whole number that every JSON reader takes exactly. As a time in
	// seconds it can still be made milliseconds.
	maxCreatedAt = 1<<53 - 1
)

// openRumor reads the message itself. A rumor is unsigned: that its author is
// who it says holds only as far as it names the author of the seal.
func openRumor(plain, author string, now time.Time) (nostr.Event, []Flag, error) {
	rumor, has, err := parseEvent(plain)
	const needed = hasPubKey | hasCreatedAt | hasKind | hasTags | hasContent
	if err == nil && has&needed != needed {
		err = faultMissing
	}
	if err != nil {
		return nostr.Event{}, nil, fmt.Errorf("%w: %w", ErrRumorFormat, err)
	}
	if rumor.Sig != "" {
		return nostr.Event{}, nil, ErrRumorSigned
	}
	if rumor.PubKey != author {
		return nostr.Event{}, nil, ErrImpersonation
	}
	var flags []Flag
	switch {
	case rumor.ID == "":
		rumor.ID = rumor.GetID()
		flags = append(flags, FlagNoRumorID)
	case !rumor.CheckID():
		return nostr.Event{}, nil, ErrRumorID
	}
	ahead, err := checkCreatedAt(rumor.CreatedAt, now)
	if err != nil {
		return nostr.Event{}, nil, err
	}
	return rumor, append(flags, ahead...), nil
}

// checkCreatedAt flags a message from the future, and refuses one of no time.
func checkCreatedAt(at nostr.Timestamp, now time.Time) ([]Flag, error) {
	switch {
	case at < 0 || at > maxCreatedAt:
		return nil, ErrCreatedAt
	case int64(at) > now.Add(maxAhead).Unix():
		return []Flag{FlagFuture}, nil
	}
	return nil, nil
}
