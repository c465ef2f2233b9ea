//go:build e2e && !linux

package e2e

// usage: here a process does not tell what it holds, and leaks go unseen.
type usage map[string]int

func (m *market) rest() {}

func (m *market) nothingHeld() { m.daemon.stop() }
