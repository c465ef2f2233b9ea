package notify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Preferences is what a participant (public key, hex) may see and say about notices:
// of the direct messages to the relay, and of the API.
type Preferences interface {
	Get(ctx context.Context, pubkey string) (Settings, error)
	// Set changes all but the address. EINVALID.
	Set(ctx context.Context, pubkey string, s Settings) error
	// SetEmail sends a code to the address, which is used once that came back to
	// ConfirmEmail. "" takes the address away. EINVALID; EUNAVAILABLE where no mail goes
	// out, or too many were asked for (ErrTooManyCodes); EFORBIDDEN for who takes no part here.
	SetEmail(ctx context.Context, pubkey, address string) error
	// ConfirmEmail: EFORBIDDEN where the code is wrong, ENOTFOUND where none is awaited.
	ConfirmEmail(ctx context.Context, pubkey, code string) (address string, err error)

	Webhooks(ctx context.Context, pubkey string) ([]Webhook, error)
	AddWebhook(ctx context.Context, pubkey, url string, events Choice) (Webhook, error)
	RotateWebhook(ctx context.Context, pubkey, id string) (Webhook, error)
	EnableWebhook(ctx context.Context, pubkey, id string) error
	RemoveWebhook(ctx context.Context, pubkey, id string) error
	Deliveries(ctx context.Context, pubkey, id string, before int64, limit int) ([]ledger.Delivery, error)

	// Notices lists what pubkey was told, the newest first, before a notice's id (0: all).
	Notices(ctx context.Context, pubkey string, before int64, limit int) ([]ledger.Notice, error)
	// Again sends one of pubkey's notices again, under the same message id. ENOTFOUND,
	// ECONFLICT where it is due already.
	Again(ctx context.Context, pubkey string, id int64) error
}

var _ Preferences = (*Notifier)(nil)

// Settings are what a participant wants.
type Settings struct {
	DM         Switch    `json:"dm"`
	Events     Choice    `json:"events"` // of direct messages and e-mail; empty: all
	MutedUntil time.Time `json:"mutedUntil,omitzero"`
	Email      string    `json:"email,omitempty"`        // where notices go by e-mail
	Pending    string    `json:"pendingEmail,omitempty"` // waits for its code
}

// Switch is on, off, or what the relay does by default: direct messages go to who
// takes part.
type Switch string

// The positions.
const (
	ByDefault Switch = ""
	On        Switch = "on"
	Off       Switch = "off"
)

var switches = map[Switch]int{ByDefault: 0, On: 1, Off: -1}

// forGood is how long somebody is muted who says no end.
const forGood = 100 * 365 * 24 * time.Hour

// pending is an address that waits for its code. It is only ever stored sealed.
type pending struct {
	Address string    `json:"address"`
	Code    string    `json:"code"` // its hash
	Until   time.Time `json:"until"`
	Tries   int       `json:"tries"`
}

const (
	codeFor      = time.Hour
	codeTries    = 5
	sealedWaited = "pending-email"
)

// Get implements Preferences.
func (n *Notifier) Get(ctx context.Context, pubkey string) (s Settings, err error) {
	row, err := n.ledger.NoticeSettings(ctx, pubkey)
	if err != nil {
		return s, err
	}
	if s.Events, err = ParseChoice(row.Events); err != nil {
		return s, err
	}
	s.DM = map[int]Switch{1: On, -1: Off}[row.DM]
	if row.MutedUntil > n.now().UnixMilli() {
		s.MutedUntil = time.UnixMilli(row.MutedUntil).UTC()
	}
	if row.Email != "" {
		if s.Email, err = n.cfg.Master.OpenText(row.Email, sealedEmail, pubkey); err != nil {
			return s, err
		}
	}
	if p, ok := n.openPending(pubkey, row.Pending); ok && n.now().Before(p.Until) {
		s.Pending = p.Address
	}
	return s, nil
}

// Set implements Preferences.
func (n *Notifier) Set(ctx context.Context, pubkey string, s Settings) error {
	dm, known := switches[s.DM]
	if !known {
		return orders.Errorf(orders.EINVALID, "dm is on, off or empty")
	}
	events, err := ParseChoice(s.Events.String())
	if err != nil {
		return err
	}
	return n.change(ctx, pubkey, func(row *ledger.NoticeSettings) error {
		row.DM, row.Events, row.MutedUntil = dm, events.String(), 0
		if !s.MutedUntil.IsZero() {
			row.MutedUntil = s.MutedUntil.UnixMilli()
		}
		return nil
	})
}

func (n *Notifier) change(ctx context.Context, pubkey string, change func(*ledger.NoticeSettings) error) error {
	_, err := n.ledger.ChangeNoticeSettings(ctx, pubkey, n.now().UnixMilli(), change)
	return err
}

// SetEmail implements Preferences.
func (n *Notifier) SetEmail(ctx context.Context, pubkey, address string) error {
	if address == "" {
		return n.change(ctx, pubkey, func(row *ledger.NoticeSettings) error { row.Email, row.Pending = "", ""; return nil })
	}
	if n.cfg.Mail == nil {
		return orders.Errorf(orders.EUNAVAILABLE, "this relay sends no e-mail")
	}
	address, err := ParseAddress(address)
	if err != nil {
		return err
	}
	// Else anybody could have the relay write to anybody.
	takes, err := n.cfg.TakesPart(ctx, pubkey)
	switch {
	case err != nil:
		return err
	case !takes:
		return orders.Errorf(orders.EFORBIDDEN, "notices by e-mail are for those who take part here: name this relay in your kind 10050")
	case !n.codes.allow(pubkey, address, n.now()):
		return ErrTooManyCodes
	}
	number, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return err
	}
	code := fmt.Sprintf("%08d", number)
	sealed, err := n.sealPending(pubkey, pending{Address: address, Code: hashed(pubkey, code), Until: n.now().Add(codeFor)})
	if err != nil {
		return err
	}
	if err := n.change(ctx, pubkey, func(row *ledger.NoticeSettings) error { row.Pending = sealed; return nil }); err != nil {
		return err
	}
	err = n.cfg.Mail.send(ctx, letter{to: address, subject: "Your code: " + code, text: fmt.Sprintf(
		"Somebody wants notices about orders from %s, a Nostr relay, at this address.\n\n"+
			"If that is you, enter the code where you were asked for it, or send the relay this direct message, within an hour: notices confirm %s\n\n"+
			"If not, you need not do anything: nothing more comes.\n", n.cfg.Name, code)})
	if r := mailResult(err); r.code != "" {
		n.log.Warn().Str("code", r.code).Msg("a code could not be sent by e-mail")
		return orders.Errorf(orders.EUNAVAILABLE, "no mail could be sent there (%s)", r.code)
	}
	return nil
}

// ConfirmEmail implements Preferences.
func (n *Notifier) ConfirmEmail(ctx context.Context, pubkey, code string) (address string, err error) {
	var wrong error // which counts a try, and so is no error of the change
	err = n.change(ctx, pubkey, func(row *ledger.NoticeSettings) error {
		p, ok := n.openPending(pubkey, row.Pending)
		if !ok || !n.now().Before(p.Until) || p.Tries >= codeTries {
			return orders.Errorf(orders.ENOTFOUND, "no address of yours waits for a code: begin with notices email")
		}
		if subtle.ConstantTimeCompare([]byte(p.Code), []byte(hashed(pubkey, strings.TrimSpace(code)))) != 1 {
			wrong = orders.Errorf(orders.EFORBIDDEN, "this is not the code that was sent")
			p.Tries++
			row.Pending, err = n.sealPending(pubkey, p)
			return err
		}
		address, row.Pending = p.Address, ""
		row.Email, err = n.cfg.Master.SealText(address, sealedEmail, pubkey)
		return err
	})
	if err == nil {
		err = wrong
	}
	return address, err
}

func hashed(pubkey, code string) string {
	sum := sha256.Sum256([]byte(pubkey + "|" + code))
	return hex.EncodeToString(sum[:])
}

func (n *Notifier) sealPending(pubkey string, p pending) (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return n.cfg.Master.SealText(string(text), sealedWaited, pubkey)
}

func (n *Notifier) openPending(pubkey, sealed string) (p pending, ok bool) {
	if sealed == "" {
		return p, false
	}
	text, err := n.cfg.Master.OpenText(sealed, sealedWaited, pubkey)
	return p, err == nil && json.Unmarshal([]byte(text), &p) == nil
}

// Notices implements Preferences.
func (n *Notifier) Notices(ctx context.Context, pubkey string, before int64, limit int) ([]ledger.Notice, error) {
	return n.ledger.Notices(ctx, ledger.NoticeQuery{Reader: &pubkey, Before: before, Limit: limit})
}

// Again implements Preferences.
func (n *Notifier) Again(ctx context.Context, pubkey string, id int64) error {
	err := n.ledger.RetryNotice(ctx, id, &pubkey, n.now().UnixMilli())
	if err == nil {
		knock(n.due)
	}
	return err
}
