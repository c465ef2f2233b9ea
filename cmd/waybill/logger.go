package main

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// newLogger writes for people on a terminal and JSON elsewhere. Its level is that
// of the process (setLogLevel).
func newLogger(c logConfig, out *os.File) (zerolog.Logger, error) {
	if err := setLogLevel(c.Level); err != nil {
		return zerolog.Nop(), err
	}
	var w io.Writer = out
	if c.Format == "human" || c.Format == "auto" && term.IsTerminal(int(out.Fd())) {
		w = zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).With().Timestamp().Logger(), nil
}

// setLogLevel may be called while others log.
func setLogLevel(name string) error {
	level, err := zerolog.ParseLevel(name)
	if err == nil {
		zerolog.SetGlobalLevel(level)
	}
	return err
}
