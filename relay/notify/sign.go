package notify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// The headers and secrets of Standard Webhooks (https://www.standardwebhooks.com).
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
	secretPrefix    = "whsec_"
)

// NewSecret makes a secret of 32 bytes, as it is shown.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParseSecret checks a secret: whsec_ and base64 of 24 to 64 bytes. EINVALID, without a
// word of it.
func ParseSecret(text string) (string, error) {
	key, err := secretKey(text)
	if err != nil || len(key) < 24 || len(key) > 64 {
		return "", orders.Errorf(orders.EINVALID, "a webhook's secret is whsec_ and base64 of 24 to 64 bytes")
	}
	return text, nil
}

func secretKey(secret string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
}

// signatures is the header's value: one for each secret, the newest first, while two
// of them hold.
func signatures(secrets []string, id string, at time.Time, body []byte) string {
	var all []string
	for _, secret := range secrets {
		key, err := secretKey(secret)
		if err != nil {
			continue // it was checked when it came
		}
		h := hmac.New(sha256.New, key)
		h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		h.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// messageID names a notice to the outside: the same for every try, and for nothing
// else. It tells nothing of what it is made of.
func (n *Notifier) messageID(notice *ledger.Notice) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{n.ledger.ID(), notice.Fact, notice.Reader, notice.Lane}, "|")))
	return "msg_" + hex.EncodeToString(sum[:16])
}
