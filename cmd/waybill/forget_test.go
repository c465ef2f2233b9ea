package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// Who asks to be forgotten takes back the keys that he had handed over by then; an
// old request that somebody sends again takes none that came later.
func TestForgetKeys(t *testing.T) {
	dir := t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := nip17.OpenStore(filepath.Join(dir, "keys.json"), master)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{keys: store, keyring: new(nip17.Keyring), log: zerolog.Nop()}
	d.signers = newSigners(config{DataDir: dir}, master, d.keyring, d.log)
	if d.desk, err = newDesk(config{DataDir: dir}, store, master); err != nil {
		t.Fatal(err)
	}
	entry, err := store.Add(secret, "", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Load(d.keyring); err != nil {
		t.Fatal(err)
	}
	d.forgetKeys(entry.Owner, entry.AddedAt.Add(-time.Second))
	if !d.keyring.Holds(entry.Owner) {
		t.Error("a key that came after the request is gone")
	}
	d.forgetKeys(entry.Owner, entry.AddedAt)
	if left, err := store.List(); err != nil || len(left) > 0 || d.keyring.Holds(entry.Owner) {
		t.Errorf("%d keys are left, %v", len(left), err)
	}
	if log, err := d.desk.Audit.Read(); err != nil || len(log) != 1 || log[0].Door != enrol.DoorVanish || log[0].Key != entry.Pubkey {
		t.Errorf("the audit log says %+v, %v", log, err)
	}
}
