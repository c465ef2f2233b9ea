//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// TestForeignLedger: a second relay with a ledger of its own on the same Redis
// database keeps away from what it finds there, and says so, until the first is
// gone, however that went; then the indexes are those of its own ledger whole.
func TestForeignLedger(t *testing.T) {
	redis := redistest.Start(t)
	var daemons []*daemon
	for i := range 2 {
		seller := newSpeaker(t)
		d := newDaemon(t, fmt.Sprintf("[[keys.delegated]]\nsecret = %q\n", seller.secret), map[string]string{"REDIS_URL": redis.URL()})
		d.start()
		daemons = append(daemons, d)
		publishAll(t, d.url, manyOrders(t, 20+10*i, random(t), seller, selfOf(t, d)), func(string) {})
		if i == 0 {
			caughtUp(t, d, redis.URL())
		}
	}
	first, second := daemons[0], daemons[1]
	if out := first.do("rebuild", "--check"); !strings.Contains(out, "no difference") {
		t.Errorf("the first's indexes: %s", out)
	}
	if !strings.Contains(second.log.text(), "another ledger") {
		t.Errorf("the second does not say why its orders are not there:\n%s", second.log.text())
	}
	if a := second.cli("rebuild"); a.code != 6 || !strings.Contains(a.err, "database number") {
		t.Errorf("waybill rebuild beside the first: %v", a)
	}
	first.serves.kill()
	caughtUp(t, second, redis.URL())
	if out := second.do("rebuild", "--check"); !strings.Contains(out, "no difference") {
		t.Errorf("the second's indexes: %s", out)
	}
	first.start()
	if out := second.do("rebuild", "--check"); !strings.Contains(out, "no difference") {
		t.Errorf("after the first came back: %s", out)
	}
	first.stop()
	second.stop()
}
