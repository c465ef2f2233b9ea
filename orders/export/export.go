// Package export writes orders as CSV for spreadsheets and as JSON for programs, one
// after the other, so that it holds one of them in memory at a time. JSON loses
// nothing; CSV is what a person wants to see in a table.
//
// What is private is sealed, and stays so: CSV has it only where the caller opened it.
package export

import (
	"io"

	"github.com/waybill-relay/waybill/orders"
)

// A Writer takes orders one by one. Close ends the document, and closes nothing else.
type Writer interface {
	Write(e Entry) error
	Close() error
}

// An Entry is one order, and what was opened of it.
type Entry struct {
	*orders.Order
	Opened map[string]orders.Private `json:"opened,omitempty"` // by fact; nil: nothing was opened
}

// text is the private value that s points to: "" where there is none, or where it
// is not opened.
func (e *Entry) text(s *orders.Sealed) string {
	if s == nil {
		return ""
	}
	return e.Opened[s.Fact].Text(s.Field)
}

// flusher is what a writer may be beside.
type flusher interface{ Flush() }

func flush(w io.Writer) {
	if f, ok := w.(flusher); ok {
		f.Flush()
	}
}
