package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A benchReport is what bench prints. The units are in the names; the help of
// bench ingest says what each is.
type benchReport struct {
	Run         string `json:"run"`
	URL         string `json:"url"`
	Recipient   string `json:"recipient"`
	Wraps       int    `json:"wraps"`
	Buyers      int    `json:"buyers"`
	Connections int    `json:"connections"`
	Window      int    `json:"window"`

	Accepted        int         `json:"accepted"`
	ElapsedS        float64     `json:"elapsed_s"`
	EventsPerS      float64     `json:"events_per_s"`
	OKMs            percentiles `json:"ok_ms"`
	Visible         int         `json:"visible"`
	VisibleElapsedS float64     `json:"visible_elapsed_s"`
	VisiblePerS     float64     `json:"visible_per_s"`
	VisibleMs       percentiles `json:"visible_ms"`

	CPUPerEventUs   *float64       `json:"cpu_us_per_event"`  // null: not known
	PeakMemoryBytes *int64         `json:"peak_memory_bytes"` // null: not known
	Errors          map[string]int `json:"errors"`
}

// percentiles of a set of times; all 0 for none.
type percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// report sums up a measurement; before and after are the relay's CPU times, nil
// where they are not known.
func (f *benchFlags) report(load *benchLoad, m *benchMeasure, before, after *time.Duration, peak *int64) benchReport {
	r := benchReport{
		Run: load.run, URL: f.url, Recipient: load.to.name, Wraps: len(load.orders), Buyers: load.buyers,
		Connections: f.conns, Window: f.window, PeakMemoryBytes: peak, Errors: m.errors,
	}
	r.Accepted, r.ElapsedS, r.EventsPerS, r.OKMs = m.sum(m.ok)
	r.Visible, r.VisibleElapsedS, r.VisiblePerS, r.VisibleMs = m.sum(m.visible)
	if before != nil && after != nil && r.Accepted > 0 {
		us := float64((*after - *before).Microseconds()) / float64(r.Accepted)
		r.CPUPerEventUs = &us
	}
	return r
}

// sum takes the times at which orders came to something, since the start.
func (m *benchMeasure) sum(at []time.Duration) (n int, elapsed, perS float64, ms percentiles) {
	var took []time.Duration
	last := time.Duration(0)
	for i, t := range at {
		if t > 0 {
			took = append(took, t-time.Duration(m.sent[i].Load()))
			last = max(last, t)
		}
	}
	if len(took) == 0 {
		return 0, 0, 0, percentiles{}
	}
	return len(took), last.Seconds(), float64(len(took)) / last.Seconds(), percentilesOf(took)
}

// percentilesOf goes by the nearest rank. It sorts took, which is not empty.
func percentilesOf(took []time.Duration) percentiles {
	slices.Sort(took)
	rank := func(percent int) float64 {
		return took[(len(took)*percent+99)/100-1].Seconds() * 1000
	}
	return percentiles{P50: rank(50), P99: rank(99), Max: rank(100)}
}

func (r benchReport) print(out io.Writer) error {
	fmt.Fprintf(out, "%d gift wraps from %d buyers to %s, on %d connections with up to %d on the way each\n\n",
		r.Wraps, r.Buyers, r.Recipient, r.Connections, r.Window)
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "accepted\t%d in %.2f s\t%.0f events/s\n", r.Accepted, r.ElapsedS, r.EventsPerS)
	fmt.Fprintf(w, "visible\t%d in %.2f s\t%.0f orders/s\n", r.Visible, r.VisibleElapsedS, r.VisiblePerS)
	fmt.Fprintf(w, "to the OK\tp50 %.1f ms\tp99 %.1f ms\tmax %.1f ms\n", r.OKMs.P50, r.OKMs.P99, r.OKMs.Max)
	fmt.Fprintf(w, "to visible\tp50 %.1f ms\tp99 %.1f ms\tmax %.1f ms\n", r.VisibleMs.P50, r.VisibleMs.P99, r.VisibleMs.Max)
	cpu, peak := "not known", "not known"
	if r.CPUPerEventUs != nil {
		cpu = fmt.Sprintf("%.0f µs per event", *r.CPUPerEventUs)
	}
	if r.PeakMemoryBytes != nil {
		peak = fmt.Sprintf("%.0f MiB", float64(*r.PeakMemoryBytes)/(1<<20))
	}
	fmt.Fprintf(w, "CPU\t%s\npeak memory\t%s\n", cpu, peak)
	reasons := byCount(r.Errors)
	for _, reason := range reasons {
		fmt.Fprintf(w, "error\t%d × %s\n", r.Errors[reason], reason)
	}
	if len(reasons) == 0 {
		fmt.Fprintf(w, "errors\tnone\n")
	}
	return w.Flush()
}

// verdict is an error where not every order went the whole way.
func (r benchReport) verdict() error {
	switch {
	case r.Accepted < r.Wraps:
		return orders.Errorf(orders.EINTERNAL, "%d of %d events were not accepted", r.Wraps-r.Accepted, r.Wraps)
	case r.Visible < r.Accepted:
		return orders.Errorf(orders.EINTERNAL, "%d of %d accepted orders never became visible", r.Accepted-r.Visible, r.Accepted)
	}
	return nil
}
