package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/outgoing"
)

const (
	// postWithin bounds one post, its answer included.
	postWithin = 15 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be used
	// again; what is in it is nobody's business.
	maxAnswer = 16 << 10
)

// poster is a client that follows no redirect, uses no proxy, and dials what it may.
func poster(private bool) *http.Client {
	return &http.Client{
		Timeout: postWithin,
		Transport: &http.Transport{
			DialContext: outgoing.Dialer(private), TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second,
			MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: 32 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendHook posts a notice to a webhook.
func (n *Notifier) sendHook(ctx context.Context, notice *ledger.Notice, news *News) result {
	w, known, err := n.ledger.Webhook(ctx, notice.Lane)
	switch {
	case err != nil:
		return result{code: "not-read", lane: true}
	case !known:
		return result{code: "removed", drop: true}
	case w.Disabled != "":
		return result{code: "disabled", drop: true}
	}
	target, client, err := n.target(w)
	if err != nil {
		return result{code: "sealed", final: true} // under another master key
	}
	start := n.now()
	d := &ledger.Delivery{At: start.UnixMilli()}
	r := post(ctx, client, target, n.messageID(notice), start, news.payload(), d)
	d.Took, d.Error = n.now().Sub(start).Milliseconds(), r.code
	r.post, r.lane = d, true
	return r
}

// post sends one signed body, and reads what came back.
func post(ctx context.Context, client *http.Client, to target, id string, at time.Time, body []byte, d *ledger.Delivery) result {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return result{code: "no-url", final: true}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Waybill")
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(headerSignature, signatures(to.secrets(at), id, at, body))
	resp, err := client.Do(req)
	if err != nil {
		var timeout interface{ Timeout() bool }
		switch {
		case errors.Is(err, outgoing.ErrForbidden):
			return result{code: "forbidden-address", final: true}
		case errors.As(err, &timeout) && timeout.Timeout():
			return result{code: "timeout"}
		}
		return result{code: "not-connected"}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // it does not matter whether it is whole
	d.Status = resp.StatusCode
	return answered(resp)
}

// answered reads an answer: 2xx has it, a redirect is none, 410 wants no more, of the
// other 4xx only 408 and 429 may be different next time.
func answered(resp *http.Response) result {
	code := fmt.Sprint("http-", resp.StatusCode)
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return result{}
	case s == http.StatusGone:
		return result{code: code, final: true, away: "gone"}
	case s >= 400 && s < 500 && s != http.StatusRequestTimeout && s != http.StatusTooManyRequests:
		return result{code: code, final: true}
	}
	return result{code: code, wait: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
}

// retryAfter reads the header: seconds, or a time (RFC 9110).
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
