package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// listKeys: GET /api/v1/keys.
func (s *server) listKeys(w http.ResponseWriter, c *call) error {
	keys, err := s.desk.List(c.Context(), c.caller)
	if err != nil {
		return err
	}
	if keys == nil {
		keys = []enrol.Delegation{}
	}
	return answer(w, http.StatusOK, map[string]any{"data": keys})
}

// addKey: POST /api/v1/keys.
func (s *server) addKey(w http.ResponseWriter, c *call) error {
	var offer enrol.Offer
	var secret, passphrase, since string
	var announced bool
	err := fields{
		"secret": text(&secret), "passphrase": text(&passphrase), "bunker": text(&offer.Bunker),
		"since": text(&since), "invite": text(&offer.Invite),
		"announcement": func(value []byte) (string, bool) {
			evt, err := nip17.UnmarshalEvent(value)
			offer.Announcement, announced = &evt, true
			ok := err == nil && value[0] == '{' && lowerHex(evt.ID, 64) && lowerHex(evt.PubKey, 64) && lowerHex(evt.Sig, 128)
			return "a signed Nostr event", ok
		},
	}.read(c.body)
	if err != nil {
		return err
	}
	switch {
	case (secret == "") == (offer.Bunker == ""):
		return fail(orders.EINVALID, "Give one of secret and bunker.")
	case secret == "" && passphrase != "":
		return invalid("passphrase", "passphrase belongs to a secret.")
	case secret == "" && announced:
		return invalid("announcement", "announcement belongs to a secret.")
	case offer.Bunker != "" && !strings.HasPrefix(offer.Bunker, "bunker://"):
		return invalid("bunker", "bunker must be a bunker:// URL (NIP-46).")
	}
	if offer.Since, err = parseMoment("since", since); err != nil {
		return err
	}
	if secret != "" {
		if offer.Secret, err = s.parseSecret(c, secret, passphrase); err != nil {
			return err
		}
		// The strings above stay until the collector takes them: Go cannot wipe those.
		defer offer.Secret.Zero()
	}
	var added enrol.Delegation
	err = s.guess(c, func() (err error) {
		added, err = s.desk.Enrol(c.Context(), c.caller, offer)
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/keys/"+added.Pubkey)
	return answer(w, http.StatusCreated, added)
}

// connectSigner: POST /api/v1/keys/connect.
func (s *server) connectSigner(w http.ResponseWriter, c *call) error {
	var offer enrol.Offer
	var since string
	err := fields{"since": text(&since), "invite": text(&offer.Invite)}.read(c.body)
	if err != nil {
		return err
	}
	if offer.Since, err = parseMoment("since", since); err != nil {
		return err
	}
	var uri string
	err = s.guess(c, func() (err error) {
		uri, err = s.desk.Connect(c.Context(), c.caller, offer)
		return err
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusAccepted, map[string]string{"uri": uri})
}

// guess counts an enrolment that is refused, or invitations could be guessed, each
// guess by another key.
func (s *server) guess(c *call, enrol func() error) error {
	if err := s.guesses.check(c.addr, s.cfg.Now()); err != nil {
		return err
	}
	err := enrol()
	if orders.ErrorCode(err) == orders.EFORBIDDEN {
		s.guesses.note(c.addr, s.cfg.Now())
	}
	return err
}

// revokeKey: DELETE /api/v1/keys/{pubkey}.
func (s *server) revokeKey(w http.ResponseWriter, c *call) error {
	pubkey, ok := parsePubkey(c.PathValue("pubkey"))
	if !ok {
		return fail(codeMalformed, "pubkey must be an npub or 64 lower-case hex digits.").with("parameter", "pubkey")
	}
	if err := s.desk.Revoke(c.Context(), c.caller, pubkey); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// parseSecret may cost 256 MiB and a second, for whoever has made up a key to sign
// in with: so one passphrase at a time, and few for each address.
func (s *server) parseSecret(c *call, text, passphrase string) (nip17.Secret, error) {
	if passphrase != "" {
		if err := s.costly.take(c.addr, s.cfg.Now()); err != nil {
			return nip17.Secret{}, err
		}
		if err := s.takeTurn(c.Context()); err != nil {
			return nip17.Secret{}, err
		}
		defer func() { <-s.scrypt }()
	}
	secret, err := nip17.ParseSecret(text, passphrase)
	switch {
	case errors.Is(err, nip17.ErrPassphrase):
		return nip17.Secret{}, invalid("passphrase", "The passphrase is missing, or does not open the secret.")
	case err != nil:
		return nip17.Secret{}, invalid("secret", "secret must be an nsec, an ncryptsec or 64 hex digits.")
	}
	return secret, nil
}

// turn is how long somebody waits for it.
const turn = 5 * time.Second

func (s *server) takeTurn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	select {
	case s.scrypt <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fail(orders.EUNAVAILABLE, "Other passphrases are being tried.").after("5")
	}
}

func invalid(field, detail string) error {
	return fail(orders.EINVALID, detail).with("field", field)
}

// parseMoment takes a time, or a date for its beginning in UTC; "" for none.
func parseMoment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, invalid(field, field+" must be a date (2006-01-02) or a time (RFC 3339).")
}

// parsePubkey takes an npub or hex.
func parsePubkey(text string) (string, bool) {
	if strings.HasPrefix(text, "npub1") && len(text) == 63 {
		_, value, err := nip19.Decode(text)
		pubkey, ok := value.(string)
		return pubkey, err == nil && ok
	}
	return text, lowerHex(text, 64)
}
