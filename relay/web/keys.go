package web

import (
	"context"
	"net/http"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// Desk is where keys are seen and given back (*enrol.Desk). None is handed over to a
// page: a remote signer is by the page's own script, to the API, where the one door is
// with all its limits; a secret never is.
type Desk interface {
	List(ctx context.Context, who enrol.Caller) ([]enrol.Delegation, error)
	Revoke(ctx context.Context, who enrol.Caller, pubkey string) error
}

// Presence is how somebody takes part who has handed over no key.
type Presence struct {
	Named  bool  // his kind 10050 names this relay
	Copied int64 // ms: when he last copied the relay in; 0: not that the relay knows of
}

var keysRoutes = []route{
	{pattern: "GET /keys", signedIn: true, serve: (*server).keys},
	{pattern: "GET /keys/{pubkey}/revoke", signedIn: true, serve: (*server).askRevoke},
	{pattern: "POST /keys/{pubkey}/revoke", signedIn: true, serve: (*server).revoke},
}

// Keys is the page of keys.
type Keys struct {
	Presence
	Held    []HeldKey
	Waiting int // messages that no key has opened yet
	Ways    []enrol.WayInfo
	Policy  enrol.Mode
	Meets   bool   // signers come by a nostrconnect:// URL, too
	Npub    string // the relay's own
	URL     string // of the relay; "" where it has none
	Told    *Told  // nil: this relay sends no notices
	Done    string
}

// Part reports whether the viewer takes part in any way.
func (k Keys) Part() bool { return k.Named || k.Copied > 0 || len(k.Held) > 0 }

// Told sums up how the viewer is told of his orders.
type Told struct {
	DM       string // on, off or default
	Muted    bool
	Email    bool
	Webhooks int
	Disabled int // of them
}

// A HeldKey is one key of the viewer's.
type HeldKey struct {
	enrol.Delegation
	Npub string
}

// Configured reports whether the key is the operator's to take out.
func (k HeldKey) Configured() bool { return k.AddedAt.IsZero() }

// Own reports whether it is the identity's own secret that was handed over.
func (k HeldKey) Own() bool { return k.Way == nip17.WayIdentity }

// Remote reports whether a signer holds it.
func (k HeldKey) Remote() bool { return k.Way == nip17.WayBunker }

// Icon and Tone are how its state looks: shape and colour.
func (k HeldKey) Icon() string { return keyLooks[k.State].icon }

// Tone is one of the notes' colours: good, warning, bad, or "" for none.
func (k HeldKey) Tone() string { return keyLooks[k.State].tone }

// keyLooks are the states of a key (enrol.Delegation.State).
var keyLooks = map[string]struct{ icon, tone string }{
	"open": {"circle-check", "good"}, "online": {"circle-check", "good"}, "connecting": {"refresh-cw", "warning"},
	"offline": {"clock", "warning"}, "approval": {"hourglass", "warning"}, "denied": {"circle-x", "bad"}, "retired": {"pause", ""},
	enrol.StateLocked: {"circle-x", "bad"},
}

// who is the viewer at the desk: he came by HTTP, as a caller of the API does.
func (v *visit) who() enrol.Caller { return enrol.Caller{Pubkey: v.viewer, Door: enrol.DoorHTTP} }

// held are the viewer's own keys.
func (s *server) held(v *visit) ([]HeldKey, error) {
	if s.cfg.Desk == nil {
		return nil, nil
	}
	list, err := s.cfg.Desk.List(v.Context(), v.who())
	if err != nil {
		return nil, err
	}
	held := make([]HeldKey, len(list))
	for i, d := range list {
		if _, known := keyLooks[d.State]; !known {
			d.State = "offline" // of a signer that has not been asked yet
		}
		held[i] = HeldKey{Delegation: d, Npub: orders.Npub(d.Pubkey)}
	}
	return held, nil
}

// keys: GET /keys.
func (s *server) keys(v *visit) error {
	query, err := v.asked("done")
	if err != nil {
		return err
	}
	page := Keys{Ways: enrol.Ways(), Policy: s.cfg.Policy, Meets: s.cfg.MeetsSigners, Npub: orders.Npub(s.cfg.Self)}
	if page.Done, err = did(query, "revoked", "added"); err != nil {
		return err
	}
	if len(s.cfg.PublicURLs) > 0 {
		page.URL = s.cfg.PublicURLs[0]
	}
	if page.Held, err = s.held(v); err != nil {
		return err
	}
	for _, k := range page.Held {
		page.Waiting = max(page.Waiting, k.Waiting) // keys of one inbox: not each has its own
	}
	if s.cfg.Presence != nil {
		if page.Presence, err = s.cfg.Presence(v.Context(), v.viewer); err != nil {
			return err
		}
	}
	if page.Told, err = s.told(v); err != nil {
		return err
	}
	return s.show(v, http.StatusOK, "keys", page)
}

func (s *server) told(v *visit) (*Told, error) {
	if s.cfg.Notices == nil {
		return nil, nil
	}
	settings, err := s.cfg.Notices.Get(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	hooks, err := s.cfg.Notices.Webhooks(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	t := &Told{DM: switchName(settings.DM), Muted: settings.MutedUntil.After(v.now), Email: settings.Email != "", Webhooks: len(hooks)}
	for _, h := range hooks {
		if h.Disabled != "" {
			t.Disabled++
		}
	}
	return t, nil
}

// Revoke is the page that asks whether a key is to be given back.
type Revoke struct {
	HeldKey
	Last  bool   // no other key of the viewer's would be here
	Fault string // why it was not, as a key of the catalogue
}

// keyOf finds the viewer's own key that the path names. ENOTFOUND, also for keys of
// others.
func (s *server) keyOf(v *visit) (Revoke, error) {
	held, err := s.held(v)
	if err != nil {
		return Revoke{}, err
	}
	for _, k := range held {
		if k.Pubkey == v.PathValue("pubkey") {
			return Revoke{HeldKey: k, Last: len(held) == 1}, nil
		}
	}
	return Revoke{}, orders.Errorf(orders.ENOTFOUND, "no such key of yours is here")
}

// askRevoke: GET /keys/{pubkey}/revoke.
func (s *server) askRevoke(v *visit) error {
	if _, err := v.asked(); err != nil {
		return err
	}
	page, err := s.keyOf(v)
	if err != nil {
		return err
	}
	return s.show(v, http.StatusOK, "keys-revoke", page)
}

// revoke: POST /keys/{pubkey}/revoke. Whose key it is, is for the desk to say.
func (s *server) revoke(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	page, err := s.keyOf(v)
	if err != nil {
		return err
	}
	err = s.cfg.Desk.Revoke(v.Context(), v.who(), page.Pubkey)
	switch code := orders.ErrorCode(err); {
	case err == nil:
		v.redirect("/keys?done=revoked")
		return nil
	case code == orders.EFORBIDDEN || code == orders.EUNAVAILABLE:
		page.Fault = "keys.revoke.fault." + string(code)
		return s.show(v, statusOf[code], "keys-revoke", page)
	}
	return err
}

// millis is a time for templates; 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Added, From and Retired are its times (ms); 0 for none.
func (k HeldKey) Added() int64 { return millis(k.AddedAt) }

// From is since when what arrives is opened.
func (k HeldKey) From() int64 { return millis(k.Since) }

// Retired is when another key was announced.
func (k HeldKey) Retired() int64 { return millis(k.RetiredAt) }
