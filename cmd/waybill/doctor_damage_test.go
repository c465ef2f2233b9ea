package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// What is lost or damaged: each by itself, on what a relay left behind.
func TestDoctorOnDamage(t *testing.T) {
	p := newPatient(t)
	p.run(func() {})
	keep := func(name string) (restore func()) {
		t.Helper()
		content, err := os.ReadFile(p.file(name))
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			if err := os.WriteFile(p.file(name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(p.file(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	restore := keep("data/master.key")
	put("data/master.key", bytes.Repeat([]byte("ab"), 32))
	p.finds("another master key", "problem: the relay's identity: ")
	if err := os.Remove(p.file("data/master.key")); err != nil {
		t.Fatal(err)
	}
	p.finds("no master key", "problem: master.key is missing, and an identity is there already")
	if _, err := os.Stat(p.file("data/master.key")); !os.IsNotExist(err) {
		t.Error("the doctor has made a master key")
	}
	restore()

	restore = keep("data/waybill.db")
	content, err := os.ReadFile(p.file("data/waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	copy(content[len(content)-page:], bytes.Repeat([]byte{0xff}, 64)) // an index that is not asked at opening
	put("data/waybill.db", content)
	p.finds("a damaged ledger", "problem: SQLite finds the file damaged")
	put("data/waybill.db", []byte(strings.Repeat("not a database ", 1000)))
	p.finds("something else", "problem: ledger")
	restore()

	p.secret = "nsec1" + strings.Repeat("q", 58)
	p.finds("no secret key", "problem: line 8: keys.delegated 1: ")
	p.secret = nostr.GeneratePrivateKey()
	p.more = "lissten = 1"
	p.finds("a broken configuration", `problem: unknown key "relay.lissten"`)
}
