package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay/posting"
)

// Office takes posted order messages (*posting.Office).
type Office interface {
	Post(ctx context.Context, m posting.Message) (posting.Receipt, error)
	PostAll(ctx context.Context, messages []posting.Message) []posting.Result
	// Can tells of each order whether caller (hex) may say the verb of it now.
	Can(ctx context.Context, caller string, verb orders.Verb, intentIDs []string) ([]posting.Chance, error)
}

// beginOrder: POST /api/v1/orders.
func (s *server) beginOrder(w http.ResponseWriter, c *call) error {
	return s.post(w, c, posting.Message{Begins: true})
}

// sayOfOrder: POST /api/v1/orders/{id}/messages.
func (s *server) sayOfOrder(w http.ResponseWriter, c *call) error {
	return s.post(w, c, posting.Message{Order: c.PathValue("id")})
}

var errNoOffice = fail(orders.EUNAVAILABLE, "This relay takes no orders over HTTP.")

func (s *server) post(w http.ResponseWriter, c *call, m posting.Message) (err error) {
	if s.cfg.Office == nil {
		return errNoOffice
	}
	if m.Anyway, err = flagOf(c.URL.Query(), "anyway"); err != nil {
		return err
	}
	if m.IfVersion, err = ifMatch(c.Header["If-Match"]); err != nil {
		return err
	}
	if m.Event, err = readEvent(c.body); err != nil {
		return err
	}
	if err := checkEvent(m.Event, c.caller.Pubkey); err != nil {
		return err
	}
	receipt, err := s.cfg.Office.Post(c.Context(), m)
	if err != nil {
		return orderFault(err)
	}
	h := w.Header()
	h.Set("ETag", etag(receipt.Order))
	h.Set("Location", "/api/v1/orders/"+url.PathEscape(receipt.Order.IntentID))
	status := http.StatusCreated
	switch {
	case receipt.Replayed:
		s.cfg.Replayed()
		h.Set("Idempotent-Replayed", "true")
		status = http.StatusOK
	case !receipt.Tracked:
		status = http.StatusAccepted
	}
	return answer(w, status, receipt.Order)
}

// etag names the state of an order, by its version.
func etag(o *orders.Order) string { return `"` + strconv.FormatInt(o.Version, 10) + `"` }

// ifMatch reads the versions in If-Match; none is any. The ETag of an order that was
// read begins with its version, and goes on with what else there is to its reader.
func ifMatch(headers []string) (versions []int64, err error) {
	for _, tag := range strings.Split(strings.Join(headers, ","), ",") {
		tag = strings.TrimSpace(tag)
		switch {
		case tag == "*":
			return nil, nil
		case tag == "":
			continue
		}
		text, _, _ := strings.Cut(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), "-")
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return nil, fail(codeMalformed, `If-Match takes the ETag of an order, which begins with its version: "12", "12-…".`).with("parameter", "If-Match")
		}
		versions = append(versions, n)
	}
	return versions, nil
}

// flagOf reads a query key that is true, false or not there.
func flagOf(query url.Values, name string) (bool, error) {
	switch values := query[name]; {
	case len(values) == 0:
		return false, nil
	case len(values) == 1 && (values[0] == "true" || values[0] == "false"):
		return values[0] == "true", nil
	}
	return false, fail(codeMalformed, name+" is true or false.").with("parameter", name)
}

// readEvent reads a Nostr event, strictly.
func readEvent(body []byte) (*nostr.Event, error) {
	evt := new(nostr.Event)
	var at int64
	err := fields{
		"id": text(&evt.ID), "pubkey": text(&evt.PubKey), "sig": text(&evt.Sig), "content": text(&evt.Content), "kind": decoded("a number", &evt.Kind),
		"created_at": decoded("a number of seconds", &at), "tags": decoded("a list of lists of strings", &evt.Tags),
	}.read(body, "id", "pubkey", "created_at", "kind", "tags", "content", "sig")
	if err != nil {
		return nil, err
	}
	evt.CreatedAt = nostr.Timestamp(at)
	return evt, nil
}

// checkEvent holds an event to its form, its author and its signature.
func checkEvent(evt *nostr.Event, author string) error {
	switch {
	case !lowerHex(evt.ID, 64):
		return invalid("id", "id must be 64 lower-case hex digits.")
	case !lowerHex(evt.PubKey, 64):
		return invalid("pubkey", "pubkey must be 64 lower-case hex digits.")
	case !lowerHex(evt.Sig, 128):
		return invalid("sig", "sig must be 128 lower-case hex digits.")
	case evt.Kind != 16 && evt.Kind != 17:
		return invalid("kind", "An order message is of kind 16 or 17.")
	case evt.PubKey != author:
		return fail(orders.EFORBIDDEN, "The message is not by whoever is signed in.").with("field", "pubkey")
	case !evt.CheckID():
		return invalid("id", "id is not the hash of the event.")
	}
	// go-nostr's errors quote the event.
	if ok, err := evt.CheckSignature(); !ok || err != nil {
		return invalid("sig", "The signature does not verify.")
	}
	return nil
}

// orderFault tells what was wrong with a posted message, and what is to be done.
func orderFault(err error) error {
	var refusal *posting.Refusal
	var off *posting.FieldError
	var tag *dialect.TagError
	switch {
	case errors.As(err, &refusal):
		return refusalFault(refusal)
	case errors.As(err, &off):
		return invalid(off.Field, off.Error())
	case orders.ErrorCode(err) == orders.EFORBIDDEN:
		return fail(orders.EFORBIDDEN, err.Error())
	case orders.ErrorCode(err) != orders.EINVALID:
		return err
	}
	f := fail(orders.EINVALID, err.Error())
	if errors.As(err, &tag) {
		f = f.with("field", named(tag.Tag))
	}
	if reason := dialect.Reason(err); reason != "" {
		f = f.with("reason", reason)
	}
	return f
}

func refusalFault(r *posting.Refusal) *fault {
	code := orders.ErrorCode(r.Err)
	switch {
	case r.Stale:
		code = codeStale
	case r.OverLimit:
		code = codeRateLimited
	}
	f := fail(code, r.Error()).with("requested", r.Requested)
	if r.Kept {
		f = f.with("kept", true)
	}
	if r.Order == nil {
		return f
	}
	actions := r.Order.AllowedActions
	if actions == nil {
		actions = []orders.Verb{}
	}
	// By the name that an order has for them, and by that of the other members here.
	f = f.with("allowedActions", actions).with("allowed_actions", actions)
	return f.with("from", r.Order.Status).with("actor_role", r.Role.String()).with("version", r.Order.Version)
}
