package relay

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// A journal logs one line for each message. Strangers decide how many messages come:
// at level info it writes so many lines of each sort in a minute, then counts, and
// says at the minute's end what it has left out. At level debug every message has
// its line. No line holds anything of a message, or a key.
type journal struct {
	log zerolog.Logger

	mu      sync.Mutex
	minute  *time.Timer // running while there is something to forget or to say
	written map[string]int
	omitted map[string]int
}

const (
	// What cannot be read, and what is no order message, says little each time.
	refusalsPerMinute = 30
	readPerMinute     = 300
)

func newJournal(log zerolog.Logger) *journal {
	return &journal{log: log, written: map[string]int{}, omitted: map[string]int{}}
}

// MessageID is by which name the log speaks of a message: of its row in the inbox.
func MessageID(seq int64) string { return "m-" + strconv.FormatInt(seq, 10) }

// ParseMessageID is the reverse of MessageID.
func ParseMessageID(id string) (seq int64, ok bool) {
	digits, ok := strings.CutPrefix(id, "m-")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseInt(digits, 10, 64)
	return seq, err == nil && seq > 0 && MessageID(seq) == id
}

// message logs what became of the message in row seq of the inbox.
func (j *journal) message(seq int64, a *ledger.Arrival) {
	level, most, what := zerolog.InfoLevel, refusalsPerMinute, "a message cannot be read"
	sort := string(a.State)
	switch {
	case a.State == ledger.Unreadable:
	case a.State == ledger.Waiting:
		level, what = zerolog.DebugLevel, "a message waits for its key"
	case len(a.Facts) > 0:
		most, what = readPerMinute, "a message was read"
	case unremarkable(a.Reason):
		level, what = zerolog.DebugLevel, "a message says nothing about an order"
	default:
		sort, what = "refused", "a message is no order message"
	}
	e := j.line(level, most, sort, a.Reason)
	if !e.Enabled() {
		return
	}
	e.Str("id", MessageID(seq)).Str("kind", class(a.Event.Kind)).Str("state", string(a.State))
	if a.Reason != "" {
		e.Str("reason", a.Reason)
	}
	if len(a.Facts) > 0 {
		var verbs []string
		for i := range a.Facts {
			verbs = append(verbs, string(a.Facts[i].Verb))
		}
		e.Str("dialect", a.Facts[0].Dialect).Strs("says", verbs)
	}
	e.Msg(what)
}

// failure logs what goes wrong again with every message.
func (j *journal) failure(err error, what string) {
	j.line(zerolog.ErrorLevel, refusalsPerMinute, "failure", what).Err(err).Msg(what)
}

// line begins a line of a sort, of which there may be so many in a minute: beyond
// that one of level debug, and where nobody reads those it is counted for reason.
func (j *journal) line(level zerolog.Level, most int, sort, reason string) *zerolog.Event {
	e := j.log.WithLevel(level)
	if level == zerolog.DebugLevel || !e.Enabled() {
		return e
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.minute == nil {
		j.minute = time.AfterFunc(time.Minute, j.flush)
	}
	if j.written[sort] < most {
		j.written[sort]++
		return e
	}
	debug := j.log.Debug()
	if !debug.Enabled() {
		name := sort
		if reason != "" {
			name += ": " + reason
		}
		j.omitted[name]++
	}
	return debug
}

// flush ends the minute.
func (j *journal) flush() {
	j.mu.Lock()
	omitted := j.omitted
	if j.minute != nil {
		j.minute.Stop()
	}
	j.minute, j.written, j.omitted = nil, map[string]int{}, map[string]int{}
	j.mu.Unlock()
	if len(omitted) == 0 {
		return
	}
	counts := zerolog.Dict()
	for _, name := range slices.Sorted(maps.Keys(omitted)) {
		counts.Int(name, omitted[name])
	}
	j.log.Info().Dict("omitted", counts).Msg("more messages than have a line each")
}
