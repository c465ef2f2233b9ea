//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestClosedTerminal: a relay that was started in a terminal ends with it, in
// spite of SIGHUP being the signal to reload.
func TestClosedTerminal(t *testing.T) {
	terminal := must(os.OpenFile("/dev/ptmx", os.O_RDWR, 0))(t)
	defer terminal.Close()
	fd := int(terminal.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number := must(unix.IoctlGetInt(fd, unix.TIOCGPTN))(t)
	tty := must(os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0))(t)

	d := newDaemon(t, "", nil)
	cmd := d.command("serve")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	p := start(t, cmd)
	tty.Close()
	lines := bufio.NewScanner(terminal)
	for lines.Scan() && !strings.Contains(lines.Text(), "the relay is open") {
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	select {
	case <-p.exited:
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
	case <-time.After(stopWithin):
		t.Error("the relay runs on without its terminal")
	}
}
