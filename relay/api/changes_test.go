package api

import (
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// One count is for all doors, by the address and in the course of time.
func TestChanges(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	c := NewChanges(nil, func() time.Time { return now })
	from := func(addr string) error {
		r := httptest.NewRequest("POST", "/keys/notices", nil)
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 4000).String()
		return c.Take(r)
	}
	for i := range 60 {
		if err := from("192.0.2.1"); err != nil {
			t.Fatalf("change %d: %v", i+1, err)
		}
	}
	if from("192.0.2.1") == nil {
		t.Error("one too many is taken")
	}
	if err := from("192.0.2.2"); err != nil {
		t.Errorf("another address: %v", err)
	}
	now = now.Add(5 * time.Second)
	if err := from("192.0.2.1"); err != nil {
		t.Errorf("later: %v", err)
	}
}
