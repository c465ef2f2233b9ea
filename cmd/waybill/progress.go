package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how far something has come, and leaves nothing
// behind.
func progress(what string) func(done, of int64) {
	var bar *progressbar.ProgressBar
	return func(done, of int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(of, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))))
		}
		_ = bar.Set64(done) // only a picture
	}
}
