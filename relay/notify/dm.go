package notify

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/outgoing"
)

// wrapped is a direct message with the notice's one sentence. All copies of it, of
// later tries and on other relays too, are one rumor, which clients show once.
func (n *Notifier) wrapped(ctx context.Context, notice *ledger.Notice, news *News) (*nostr.Event, error) {
	rumor := nostr.Event{
		Kind: nostr.KindDirectMessage, CreatedAt: nostr.Timestamp(notice.CreatedAt / 1000), Content: news.sentence(),
		Tags: nostr.Tags{{"p", notice.Reader}, enrol.NoticeTag},
	}
	wraps, err := nip17.Wrap(ctx, n.cfg.Self, rumor, []string{notice.Reader}, nip17.NoCopy())
	if err != nil {
		return nil, err
	}
	return &wraps[0], nil
}

// unwanted is why the reader does not want it any more, "" while he does.
func (n *Notifier) unwanted(ctx context.Context, notice *ledger.Notice, news *News) (why string, err error) {
	s, err := n.ledger.NoticeSettings(ctx, notice.Reader)
	if err != nil {
		return "", err
	}
	events, err := ParseChoice(s.Events)
	switch {
	case s.MutedUntil > n.now().UnixMilli():
		return "muted", nil
	case Channel(notice.Lane) == laneDM && (s.DM < 0 || !n.cfg.DM), Channel(notice.Lane) == laneMail && (s.Email == "" || n.cfg.Mail == nil):
		return "off", nil
	case err != nil || !events.Has(news.Event):
		return "not-wanted", nil
	}
	return "", nil
}

// sendHere puts a notice into its reader's inbox.
func (n *Notifier) sendHere(ctx context.Context, notice *ledger.Notice, news *News) result {
	if r, ok := n.stillWanted(ctx, notice, news); !ok {
		return r
	}
	if err := n.pace.Wait(ctx); err != nil {
		return result{code: "stopped"}
	}
	wrap, err := n.wrapped(ctx, notice, news)
	if err != nil {
		return result{code: "not-wrapped"}
	}
	if err := n.cfg.Deliver(ctx, wrap, notice.ID); err != nil {
		return result{code: "not-stored", lane: true}
	}
	return result{done: true}
}

// stillWanted is false with what became of it.
func (n *Notifier) stillWanted(ctx context.Context, notice *ledger.Notice, news *News) (result, bool) {
	why, err := n.unwanted(ctx, notice, news)
	switch {
	case err != nil:
		return result{code: "not-read"}, false
	case why != "":
		return result{code: why, drop: true}, false
	}
	return result{}, true
}

// elsewhere is a relay that a participant reads beside this one, as it is dialled.
func (n *Notifier) elsewhere(text string) (string, bool) {
	u, err := url.Parse(nostr.NormalizeURL(text))
	if err != nil || u.Host == "" || u.User != nil || n.cfg.IsOurs(u.String()) || len(text) > 200 {
		return "", false
	}
	if u.Scheme != "wss" && !(u.Scheme == "ws" && n.cfg.Private) {
		return "", false
	}
	u.Fragment = ""
	return u.String(), true
}

// relayWithin bounds the whole exchange with another relay.
const relayWithin = 15 * time.Second

// sendElsewhere publishes a notice on another relay.
func (n *Notifier) sendElsewhere(ctx context.Context, notice *ledger.Notice, news *News) result {
	if r, ok := n.stillWanted(ctx, notice, news); !ok {
		return r
	}
	if !n.cfg.Outgoing {
		return result{code: "off", drop: true}
	}
	wrap, err := n.wrapped(ctx, notice, news)
	if err != nil {
		return result{code: "not-wrapped"}
	}
	ctx, cancel := context.WithTimeout(ctx, relayWithin)
	defer cancel()
	to := strings.TrimPrefix(notice.Lane, dmTo)
	client := &http.Client{
		Transport:     &http.Transport{DialContext: outgoing.Dialer(n.cfg.Private), DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	conn, _, err := websocket.Dial(ctx, to, &websocket.DialOptions{HTTPClient: client})
	switch {
	case errors.Is(err, outgoing.ErrForbidden):
		return result{code: "forbidden-address", final: true}
	case err != nil:
		return result{code: "not-connected", lane: true}
	}
	defer conn.CloseNow()
	conn.SetReadLimit(64 << 10)
	return n.publish(ctx, conn, to, wrap)
}

// publish sends the wrap and waits for its OK; it authenticates as the relay itself
// where that is asked for (NIP-42).
func (n *Notifier) publish(ctx context.Context, conn *websocket.Conn, to string, wrap *nostr.Event) result {
	challenge, asked := "", false
	if err := wsjson.Write(ctx, conn, []any{"EVENT", wrap}); err != nil {
		return result{code: "not-connected", lane: true}
	}
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return result{code: "no-answer", lane: true}
		}
		envelope, _ := nostr.NewMessageParser().ParseMessage(string(message)) // what is none is passed over
		switch env := envelope.(type) {
		case *nostr.AuthEnvelope:
			if env.Challenge != nil {
				challenge = *env.Challenge
			}
		case *nostr.OKEnvelope:
			switch {
			case env.EventID == wrap.ID && env.OK:
				return result{}
			case env.EventID == wrap.ID && strings.HasPrefix(env.Reason, "auth-required:") && challenge != "" && !asked:
				asked = true
				auth := nostr.Event{Kind: nostr.KindClientAuthentication, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"relay", to}, {"challenge", challenge}}}
				if err := n.cfg.Self.Sign(ctx, &auth); err != nil {
					return result{code: "not-signed"}
				}
				for _, m := range [][]any{{"AUTH", auth}, {"EVENT", wrap}} {
					if err := wsjson.Write(ctx, conn, m); err != nil {
						return result{code: "not-connected", lane: true}
					}
				}
			case env.EventID == wrap.ID:
				return result{code: "refused", final: final(env.Reason)}
			}
		}
	}
}

// final reports whether a relay refuses for good, by its prefix (NIP-01).
func final(reason string) bool {
	prefix, _, _ := strings.Cut(reason, ":")
	return prefix == "blocked" || prefix == "invalid" || prefix == "restricted" || prefix == "pow" || prefix == "auth-required"
}
