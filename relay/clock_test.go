package relay

import (
	"testing"
	"time"
)

func TestClockIsNotSetBack(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := newClock(noon.UnixMilli())
	for _, tt := range []struct{ system, want time.Duration }{
		{-time.Hour, 0}, {-time.Minute, 0}, {time.Second, time.Second}, {-time.Hour, time.Second},
		{time.Hour, time.Hour}, {-24 * time.Hour, -24 * time.Hour}, {0, 0},
	} {
		c.system = func() time.Time { return noon.Add(tt.system) }
		if got := c.now().Sub(noon); got != tt.want {
			t.Errorf("the system says noon %+v: got %+v, want %+v", tt.system, got, tt.want)
		}
	}
}
