package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// openerVariable names the file that the test binary, started again as its own
// child, opens once its standard input ends.
const openerVariable = "LEDGER_TEST_OPENER"

// runAsOpener opens the file, stores one message and prints the ledger's id.
func runAsOpener() bool {
	path, number := os.Getenv(openerVariable), os.Getenv(openerVariable+"_NUMBER")
	if path == "" {
		return false
	}
	i, err := strconv.Atoi(number)
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		panic(err)
	}
	l, err := Open(context.Background(), path)
	if err != nil {
		panic(err)
	}
	if _, err := l.Arrive(context.Background(), crashArrival(i)); err != nil {
		panic(err)
	}
	fmt.Println(l.ID())
	if err := l.Close(); err != nil {
		panic(err)
	}
	return true
}

// TestOpenedTogether has several processes open one file that does not exist, or
// that is to be migrated: one of them makes it, all of them work, and none of
// them prints anything that we did not.
func TestOpenedTogether(t *testing.T) {
	const processes = 4
	for name, path := range map[string]string{"new": filepath.Join(t.TempDir(), "ledger.db"), "old": oldFile(t, 1)} {
		cmds := make([]*exec.Cmd, processes)
		starts := make([]io.Closer, processes)
		printed := make([]*bufio.Reader, processes)
		failures := make([]strings.Builder, processes)
		for i := range processes {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), openerVariable+"="+path, openerVariable+"_NUMBER="+strconv.Itoa(i))
			cmd.Stderr = &failures[i]
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmds[i], starts[i], printed[i] = cmd, in, bufio.NewReader(out)
		}
		for i := range processes {
			if line, err := printed[i].ReadString('\n'); err != nil || line != "ready\n" {
				t.Fatalf("%s: a child printed %q, %v", name, line, err)
			}
		}
		for i := range processes {
			if err := starts[i].Close(); err != nil {
				t.Fatal(err)
			}
		}
		var ids []string
		for i := range processes {
			out, err := io.ReadAll(printed[i])
			if werr := cmds[i].Wait(); err != nil || werr != nil || failures[i].Len() > 0 {
				t.Fatalf("%s: a child ended with %v, %v:\n%s", name, err, werr, failures[i].String())
			}
			ids = append(ids, string(out))
		}
		l := openAt(t, path)
		for i, id := range ids {
			if id != l.ID()+"\n" {
				t.Errorf("%s: a child printed %q, want the id %s", name, id, l.ID())
			}
			if !serves(t, l, crashArrival(i).Event, bob) {
				t.Errorf("%s: what a child stored is not there", name)
			}
		}
	}
}
