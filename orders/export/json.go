package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/waybill-relay/waybill/orders"
)

// NewJSON writes an object with the member data, a list of the orders, each on a
// line of its own. What Read reads.
func NewJSON(w io.Writer) Writer { return &document{w: w} }

type document struct {
	w     io.Writer
	begun bool
}

func (d *document) Write(e Entry) error {
	before := ",\n"
	if !d.begun {
		before = "{\"data\":[\n"
	}
	d.begun = true
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("order %s cannot be encoded: %w", e.IntentID, err)
	}
	_, err = d.w.Write(append([]byte(before), line...))
	return err
}

func (d *document) Close() error {
	end := "\n]}\n"
	if !d.begun {
		end = "{\"data\":[\n]}\n"
	}
	_, err := io.WriteString(d.w, end)
	flush(d.w)
	return err
}

// errNoExport does not quote what was read.
var errNoExport = orders.Errorf(orders.EINVALID, "this is no whole export of orders in JSON")

// Read reads what NewJSON wrote, one order at a time, and calls each with it; it
// ends with the error that each returns. EINVALID where it is something else, or has
// no end.
func Read(r io.Reader, each func(*orders.Order) error) error {
	d := json.NewDecoder(r)
	for _, want := range []json.Token{json.Delim('{'), "data", json.Delim('[')} {
		if got, err := d.Token(); err != nil || got != want {
			return readError(err)
		}
	}
	for d.More() {
		var o orders.Order
		if err := d.Decode(&o); err != nil || o.IntentID == "" {
			return readError(err)
		}
		if err := each(&o); err != nil {
			return err
		}
	}
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if got, err := d.Token(); err != nil || got != want {
			return readError(err)
		}
	}
	return nil
}

func readError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if err == nil || errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNoExport
	}
	return err
}
