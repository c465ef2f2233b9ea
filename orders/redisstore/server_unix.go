//go:build unix && !linux

package redisstore

import "syscall"

// childAttr puts the child into a process group of its own, as Ctrl-C in a
// terminal ends a whole group and the child must not go before us. If we are
// killed, it goes on, and the next start adopts it.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
