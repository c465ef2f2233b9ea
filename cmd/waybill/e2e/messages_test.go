//go:build e2e

package e2e

import (
	"fmt"
	"time"
)

// The order messages of the Gamma specification, with Waybill's extensions, as a
// client would write them.

// message is a rumor to somebody about an order.
func message(kind int, to *person, id, content string, tags ...[]string) rumor {
	all := [][]string{{"p", to.pubkey}, {"order", id}}
	return rumor{Kind: kind, Content: content, Tags: append(all, tags...), CreatedAt: time.Now().Unix()}
}

func tag(values ...string) []string { return values }

// status is a kind 16 of type 3.
func status(to *person, id, word, content string, tags ...[]string) rumor {
	return message(16, to, id, content, append([][]string{tag("subject", "order-info"), tag("type", "3"), tag("status", word)}, tags...)...)
}

func intent(to *person, id, content string, sats int, tags ...[]string) rumor {
	return message(16, to, id, content, append([][]string{
		tag("subject", "order-info"), tag("type", "1"), tag("amount", fmt.Sprint(sats)),
		tag("item", "30402:"+to.pubkey+":mug", "2", "", "Blue mug", fmt.Sprint(sats/2)),
	}, tags...)...)
}

func request(to *person, id, link string, sats int, tags ...[]string) rumor {
	return message(16, to, id, "Please pay.", append([][]string{
		tag("subject", "order-payment"), tag("type", "2"), tag("amount", fmt.Sprint(sats)), tag("payment", "lightning", link),
	}, tags...)...)
}

func receipt(to *person, id, reference, proof string, sats int) rumor {
	return message(17, to, id, "Paid.", tag("subject", "order-receipt"), tag("amount", fmt.Sprint(sats)),
		tag("payment", "lightning", reference, proof))
}

func parcel(to *person, id, tracking, carrier string, tags ...[]string) rumor {
	return message(16, to, id, "It is on its way.", append([][]string{
		tag("subject", "shipping-info"), tag("type", "4"), tag("status", "shipped"), tag("tracking", tracking), tag("carrier", carrier),
	}, tags...)...)
}

// at dates a rumor.
func (r rumor) at(t time.Time) rumor {
	r.CreatedAt = t.Unix()
	return r
}
