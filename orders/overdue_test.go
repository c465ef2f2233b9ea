package orders

import (
	"testing"
	"time"
)

// What is to come on a day is not late on that day.
func TestOverdue(t *testing.T) {
	at := func(text string) int64 {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment.UnixMilli()
	}
	for _, tt := range []struct {
		due, now string
		want     bool
	}{
		{"2026-03-14T12:00:00Z", "2026-03-14T23:59:59Z", false}, {"2026-03-14T12:00:00Z", "2026-03-15T00:00:01Z", true},
		{"2026-03-14T00:00:00Z", "2026-03-14T18:00:00Z", false}, {"2026-03-14T00:00:00Z", "2026-03-15T00:00:01Z", true},
		{"2026-03-14T15:30:00Z", "2026-03-14T15:29:59Z", false}, {"2026-03-14T15:30:00Z", "2026-03-14T15:30:01Z", true},
	} {
		o := Order{EstimatedDeliveryDate: at(tt.due)}
		if got := o.Overdue(at(tt.now)); got != tt.want {
			t.Errorf("due %s, at %s: %v", tt.due, tt.now, got)
		}
	}
	if (&Order{}).Overdue(at("2026-03-14T12:00:00Z")) {
		t.Error("late without a day")
	}
}
