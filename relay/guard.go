package relay

import (
	"runtime/debug"

	"github.com/rs/zerolog"
)

// guard runs one hook so that a panic in it ends neither the process nor more
// than this message. The panic's value is not logged: it may quote the message.
func guard(log zerolog.Logger, hook string, run func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			ok = false
			log.Error().Str("hook", hook).Type("panic", r).Bytes("stack", debug.Stack()).Msg("a hook panicked; the message was dropped")
		}
	}()
	run()
	return true
}
