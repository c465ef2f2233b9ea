package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// The targets, in per cent.
const (
	completionTarget = 80
	disputeTarget    = 5
)

// printReport is a report in words: each measure, what it is made of, and its target.
func printReport(out io.Writer, r *report) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if r.Since == 0 {
		fmt.Fprintf(w, "All orders: %d\n\n", r.Orders)
	} else {
		fmt.Fprintf(w, "Orders since %s: %d\n\n", clock(r.Since), r.Orders)
	}
	if r.Tracking != nil {
		verdict := "target 100 %"
		if r.Tracking.N < r.Tracking.Of {
			verdict += ": MISSED, see waybill rebuild --check"
		}
		measureLine(w, "Tracking", *r.Tracking, fmt.Sprintf("%d of %d orders that messages have begun are in the indexes", r.Tracking.N, r.Tracking.Of), verdict)
	}
	measureLine(w, "Answered", r.Answered, fmt.Sprintf("in %d of %d orders the seller has said something", r.Answered.N, r.Answered.Of), "")
	c := r.Completion
	verdict := fmt.Sprintf("target above %d %%", completionTarget)
	if c.Of > 0 && c.N*100 <= c.Of*completionTarget {
		verdict += ": MISSED"
	}
	words := fmt.Sprintf("%d of %d orders that ended were delivered", c.N, c.Of)
	var others []string
	for _, how := range orders.Closings[1:] {
		if n := c.ByOutcome[how]; n > 0 {
			others = append(others, fmt.Sprintf("%d %s", n, how))
		}
	}
	if len(others) > 0 {
		words += " (" + strings.Join(others, ", ") + ")"
	}
	measureLine(w, "Completion", c.share, words, verdict)
	d := r.Disputes
	verdict = fmt.Sprintf("target below %d %%", disputeTarget)
	if d.Of > 0 && d.N*100 >= d.Of*disputeTarget {
		verdict += ": MISSED"
	}
	measureLine(w, "Disputes", d.share, fmt.Sprintf("%d disputed, %d were paid; %d open now", d.N, d.Of, d.Open), verdict)
	if r.Engagement != nil {
		measureLine(w, "Engagement", *r.Engagement, fmt.Sprintf("at %d of %d orders their buyer looked within 7 days", r.Engagement.N, r.Engagement.Of), "")
	}
	if len(r.Stays) > 0 {
		fmt.Fprintln(w, "\nTime in a status\thalf within\tnine in ten within\torders")
		for _, s := range r.Stays {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%d\n", s.Status, span(s.P50), span(s.P90), s.N)
		}
	}
	if m := r.Messages; m != nil {
		fmt.Fprintf(w, "\nMessages that wait for a key\t%d\n", m.Waiting)
		var all int64
		for _, n := range m.Unreadable {
			all += n
		}
		fmt.Fprintf(w, "Messages that cannot be read\t%d\n", all)
		for _, reason := range byCount(m.Unreadable) {
			fmt.Fprintf(w, "  %s\t%d\n", reason, m.Unreadable[reason])
		}
	}
	return w.Flush()
}

func measureLine(w io.Writer, name string, s share, words, target string) {
	percent := "–"
	if s.Ratio != nil {
		percent = fmt.Sprintf("%.1f %%", *s.Ratio*100)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, percent, words, target)
}

// span is a time span (s) for people.
func span(seconds int64) string {
	switch d := time.Duration(seconds) * time.Second; {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", seconds)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", seconds/60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", float64(seconds)/86400)
}
