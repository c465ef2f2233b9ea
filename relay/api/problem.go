package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// The codes of what goes wrong before anything of the domain is asked.
const (
	codeMalformed   orders.Code = "malformed"
	codeSignIn      orders.Code = "unauthenticated"
	codeNoSuchPath  orders.Code = "no_such_path"
	codeMethod      orders.Code = "method_not_allowed"
	codeTimeout     orders.Code = "body_timeout"
	codeTooLarge    orders.Code = "too_large"
	codeType        orders.Code = "unsupported_type"
	codeRateLimited orders.Code = "rate_limited"
	codeStale       orders.Code = "stale"
	codeCrossSite   orders.Code = "cross_site"
)

// A kind is what all errors of one code have in common.
type kind struct {
	code    orders.Code
	status  int
	title   string
	meaning string // for whoever follows the problem's type
}

// kinds is the one table from codes to HTTP, in the order of the page that lists them.
var kinds = []kind{
	{codeMalformed, http.StatusBadRequest, "Malformed request",
		"The request cannot be read: a query key, a JSON key or the type of a value is not what this path takes. The members `parameter` or `field` say which."},
	{codeSignIn, http.StatusUnauthorized, "Not signed in",
		"The request needs the header `Authorization: Nostr …` (NIP-98): a signed event of kind 27235, made for this very request, or the cookie of a session. The member `reason` says what is wrong with the one that came: missing, scheme, too-long, encoding, kind, time, url, method, form, id, signature, payload, replayed, session."},
	{orders.EFORBIDDEN, http.StatusForbidden, "Not allowed",
		"The caller is known, and may not do this."},
	{codeCrossSite, http.StatusForbidden, "Another site's request",
		"A browser sent this request for a page of another site. With a session only the relay's own pages may change something."},
	{orders.ENOTFOUND, http.StatusNotFound, "Not found",
		"There is no such thing, or it is not the caller's to know of."},
	{codeNoSuchPath, http.StatusNotFound, "No such path",
		"The API has nothing at this path. /api/openapi.json lists what it has."},
	{codeMethod, http.StatusMethodNotAllowed, "Method not allowed",
		"The path is there, for other methods: the header `Allow` names them."},
	{codeTimeout, http.StatusRequestTimeout, "Body too slow",
		"The body of the request did not come in whole in time."},
	{orders.ECONFLICT, http.StatusConflict, "Conflict",
		"The present state does not allow it. Of an order, the members `from` (its status), `requested`, `actor_role`, `version` and `allowedActions` (also as `allowed_actions`) say what there is to do; `kept` that the message stands in its history, without effect."},
	{codeStale, http.StatusPreconditionFailed, "The order has changed",
		"The order has another version than the header `If-Match` names. The member `version` says which."},
	{codeTooLarge, http.StatusRequestEntityTooLarge, "Body too large",
		"The body of the request has more bytes than the API takes."},
	{codeType, http.StatusUnsupportedMediaType, "Unsupported type",
		"Bodies are JSON in UTF-8, uncompressed: `Content-Type: application/json`."},
	{orders.EINVALID, http.StatusUnprocessableEntity, "Invalid value",
		"The request can be read, but a value in it cannot be taken. The member `field` says which, where it is a single one."},
	{codeRateLimited, http.StatusTooManyRequests, "Too many requests",
		"Too much has come from this address or key. The header `Retry-After` says how many seconds to wait."},
	{orders.EINTERNAL, http.StatusInternalServerError, "Internal error",
		"A fault of the relay's. Its log says more."},
	{orders.EUNAVAILABLE, http.StatusServiceUnavailable, "Not available",
		"Something that the relay needs does not answer at the moment. The header `Retry-After` says how many seconds to wait."},
}

func kindOf(code orders.Code) (kind, bool) {
	for _, k := range kinds {
		if k.code == code {
			return k, true
		}
	}
	return kind{}, false
}

// A fault is an error that ends a request, with what its problem shows.
type fault struct {
	code   orders.Code
	detail string
	extra  map[string]any
	wait   string // seconds, for Retry-After
}

func (f *fault) Error() string { return f.detail }

func fail(code orders.Code, detail string) *fault { return &fault{code: code, detail: detail} }

// with adds a member to the problem.
func (f *fault) with(member string, value any) *fault {
	if f.extra == nil {
		f.extra = map[string]any{}
	}
	f.extra[member] = value
	return f
}

// after says when it is worth another try.
func (f *fault) after(seconds string) *fault {
	f.wait = seconds
	return f
}

// faultOf is what the client may learn of err. Of a fault of ours, and of what
// lies behind something that is unavailable, that is nothing: it may name hosts
// and files, or quote what came in.
func faultOf(err error) *fault {
	var f *fault
	var refused *refusal
	var known *orders.Error
	var parameter *orders.ParameterError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &parameter):
		return fail(codeMalformed, parameter.Message).with("parameter", parameter.Parameter)
	case errors.As(err, &refused):
		return fail(codeSignIn, err.Error()).with("reason", refused.reason)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fail(orders.EUNAVAILABLE, "")
	case errors.As(err, &known):
		if _, ok := kindOf(known.Code); ok && known.Code != orders.EINTERNAL && !(known.Code == orders.EUNAVAILABLE && known.Err != nil) {
			return fail(known.Code, known.Message)
		} else if ok {
			return fail(known.Code, "")
		}
	}
	return fail(orders.EINTERNAL, "")
}

// refuse answers with a problem (RFC 9457).
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	k, _ := kindOf(f.code)
	// What is told to the caller in its own words (a signer that is offline) is his to know.
	if own := (*fault)(nil); k.status >= 500 && f.detail == "" && !errors.As(err, &own) && r.Context().Err() == nil {
		s.cfg.Log.Error().Str("route", r.Pattern).Err(err).Msg("a request could not be served")
	}
	members := f.members(k, r.URL.Path)
	body, err := json.Marshal(members)
	if err != nil { // texts and numbers only
		panic(err)
	}
	h := w.Header()
	switch {
	case k.status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Nostr")
	case f.wait != "":
		h.Set("Retry-After", f.wait)
	case k.status == http.StatusServiceUnavailable, k.status == http.StatusTooManyRequests:
		h.Set("Retry-After", "10")
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(k.status)
	// A client that has gone does not read it.
	_, _ = w.Write(append(body, '\n'))
}

// members are those of f's problem at that path.
func (f *fault) members(k kind, path string) map[string]any {
	members := map[string]any{
		"type": "/problems/" + string(k.code), "title": k.title, "status": k.status,
		"instance": instance(path), "code": k.code,
	}
	for name, value := range f.extra {
		members[name] = value
	}
	if members["detail"] = f.detail; f.detail == "" {
		members["detail"] = k.meaning
	}
	return members
}

// instance is the path, but for a secret that was pasted in the place of an npub.
func instance(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if p := strings.ToLower(part); strings.Contains(p, "nsec1") || strings.Contains(p, "ncryptsec1") {
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}

// problem says what the type of a problem means.
func (s *server) problem(w http.ResponseWriter, c *call) error {
	k, ok := kindOf(orders.Code(c.PathValue("code")))
	if !ok {
		return fail(codeNoSuchPath, "There is no problem of that name.")
	}
	page(w, k)
	return nil
}

// problems lists them all.
func (s *server) problems(w http.ResponseWriter, _ *call) error {
	page(w, kinds...)
	return nil
}

func page(w http.ResponseWriter, list ...kind) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, k := range list {
		// A client that has gone does not read it.
		_, _ = io.WriteString(w, string(k.code)+": "+k.title+" ("+strconv.Itoa(k.status)+")\n\n"+k.meaning+"\n\n")
	}
}
