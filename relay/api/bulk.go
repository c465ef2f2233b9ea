package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/posting"
)

const (
	maxBulk     = 200
	maxBulkBody = 1 << 20
	// So many bodies of that size may come in.
	maxBulks, maxBulksPerAddress = 16, 2
)

// A bulkItem is what became of one message, or what would become of one order.
type bulkItem struct {
	IntentID string         `json:"intentId,omitempty"`
	Event    string         `json:"event,omitempty"`
	OK       bool           `json:"ok"`
	Replayed bool           `json:"replayed,omitempty"`
	Status   orders.Status  `json:"status,omitempty"` // of the order
	Version  int64          `json:"version,omitempty"`
	Problem  map[string]any `json:"problem,omitempty"`
}

// A bulkAnswer has one item for each message, or order, in their order, and why so
// many of them are refused.
type bulkAnswer struct {
	Data    []bulkItem   `json:"data"`
	OK      int          `json:"ok"`
	Refused int          `json:"refused"`
	Because []bulkReason `json:"because"`
	More    bool         `json:"more,omitempty"` // the filter means others, too
}

// A bulkReason counts those that were refused for the same reason.
type bulkReason struct {
	Code  orders.Code   `json:"code"`
	From  orders.Status `json:"from,omitempty"` // of the orders
	Count int           `json:"count"`
}

// bulk: POST /api/v1/orders/bulk.
func (s *server) bulk(w http.ResponseWriter, c *call) error {
	if s.cfg.Office == nil {
		return errNoOffice
	}
	if !utf8.Valid(c.body) || !json.Valid(c.body) {
		return fail(codeMalformed, "The body is not JSON.")
	}
	if bytes.HasPrefix(bytes.TrimSpace(c.body), []byte("[")) {
		return s.postMany(w, c)
	}
	return s.preview(w, c)
}

// postMany takes a list of signed messages.
func (s *server) postMany(w http.ResponseWriter, c *call) error {
	anyway, err := flagOf(c.URL.Query(), "anyway")
	if err != nil {
		return err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(c.body, &raw); err != nil {
		return fail(codeMalformed, "The body is not a list.")
	}
	if len(raw) == 0 || len(raw) > maxBulk {
		return fail(orders.EINVALID, "A list has 1 to 200 messages.")
	}
	items := make([]bulkItem, len(raw))
	var messages []posting.Message
	var of []int // the messages' places in the list
	for i, text := range raw {
		evt, err := readEvent(text)
		if err == nil {
			items[i].Event = evt.ID
			err = checkEvent(evt, c.caller.Pubkey)
		}
		if err != nil {
			items[i].Event = "" // it may be anything
			items[i].Problem = s.problemOf(c, err)
			continue
		}
		messages = append(messages, posting.Message{Event: evt, Anyway: anyway})
		of = append(of, i)
	}
	for n, r := range s.cfg.Office.PostAll(c.Context(), messages) {
		item := &items[of[n]]
		if r.Err != nil {
			item.Problem = s.problemOf(c, orderFault(r.Err))
			continue
		}
		if item.OK, item.Replayed = true, r.Replayed; r.Replayed {
			s.cfg.Replayed()
		}
		item.IntentID, item.Status, item.Version = r.Order.IntentID, r.Order.Status, r.Order.Version
	}
	return answer(w, http.StatusOK, sumUp(items))
}

// preview tells of many orders whether something can be said of them: nothing is.
func (s *server) preview(w http.ResponseWriter, c *call) error {
	if len(c.URL.Query()["anyway"]) > 0 {
		return fail(codeMalformed, "anyway is for messages.").with("parameter", "anyway")
	}
	var dry bool
	var action string
	var ids []string
	var filter map[string]any
	var more bool
	err := fields{
		"dry_run": decoded("true", &dry), "action": text(&action), "ids": decoded("a list of strings", &ids),
		"filter": decoded("an object", &filter),
	}.read(c.body)
	if err != nil {
		return err
	}
	verb := orders.Verb(action)
	switch {
	case !dry:
		return invalid("dry_run", "Orders are changed by signed messages: send a list of them, or dry_run.")
	case !verb.Valid():
		return invalid("action", "action must be one of the verbs.")
	case (ids == nil) == (filter == nil):
		return fail(orders.EINVALID, "Give one of ids and filter.")
	case len(ids) > maxBulk:
		return invalid("ids", "ids are 200 at most.")
	}
	if filter != nil {
		if ids, more, err = s.selected(c, filter); err != nil {
			return err
		}
	}
	chances, err := s.cfg.Office.Can(c.Context(), c.caller.Pubkey, verb, ids)
	if err != nil {
		return err
	}
	items := make([]bulkItem, len(chances))
	for i, chance := range chances {
		items[i] = bulkItem{IntentID: chance.Order, OK: chance.OK}
		if chance.State != nil {
			items[i].Status, items[i].Version = chance.State.Status, chance.State.Version
		}
		if !chance.OK {
			items[i].Problem = s.problemOf(c, refusalFault(chance.Refusal(verb)))
		}
	}
	a := sumUp(items)
	a.More = more
	return answer(w, http.StatusOK, a)
}

// selected are the first orders that a filter means: as in a list's query, each value a
// string, or several.
func (s *server) selected(c *call, filter map[string]any) (ids []string, more bool, err error) {
	if s.cfg.Select == nil {
		return nil, false, invalid("filter", "This relay selects no orders. Give ids.")
	}
	query := url.Values{}
	for name, value := range filter {
		several, ok := value.([]any)
		if !ok {
			several = []any{value}
		}
		for _, one := range several {
			text, ok := one.(string)
			if !ok {
				return nil, false, fail(codeMalformed, "filter must have strings, or lists of them.").with("field", "filter")
			}
			query.Add(name, text)
		}
	}
	return s.cfg.Select(c.Context(), c.caller.Pubkey, query, maxBulk)
}

// problemOf is an error as one item's problem.
func (s *server) problemOf(c *call, err error) map[string]any {
	f := faultOf(err)
	k, _ := kindOf(f.code)
	if k.status >= http.StatusInternalServerError && c.Context().Err() == nil {
		s.cfg.Log.Error().Str("route", c.Pattern).Err(err).Msg("one of many messages could not be taken")
	}
	return f.members(k, c.URL.Path)
}

func sumUp(items []bulkItem) bulkAnswer {
	a := bulkAnswer{Data: items, Because: []bulkReason{}}
	for _, item := range items {
		if item.OK {
			a.OK++
			continue
		}
		a.Refused++
		code, _ := item.Problem["code"].(orders.Code)
		from, _ := item.Problem["from"].(orders.Status)
		i := slices.IndexFunc(a.Because, func(r bulkReason) bool { return r.Code == code && r.From == from })
		if i < 0 {
			i = len(a.Because)
			a.Because = append(a.Because, bulkReason{Code: code, From: from})
		}
		a.Because[i].Count++
	}
	slices.SortFunc(a.Because, func(x, y bulkReason) int {
		return cmp.Or(y.Count-x.Count, cmp.Compare(x.Code, y.Code), cmp.Compare(x.From, y.From))
	})
	return a
}
