package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// A command beside a relay works under the relay's master key, and makes no other.
func TestKeysUnderTheRelaysMaster(t *testing.T) {
	elsewhere := t.TempDir()
	cfg := config{DataDir: t.TempDir()}
	cfg.Keys.MasterFile, cfg.Keys.IdentityFile = filepath.Join(elsewhere, "master"), filepath.Join(cfg.DataDir, "identity.key")
	desk := func(cfg config, want orders.Code) {
		t.Helper()
		_, signers, err := keyDesk(cfg)
		if orders.ErrorCode(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
		if err == nil {
			signers.close()
		}
	}
	master, err := nip17.LoadMaster(cfg.Keys.MasterFile)
	if err != nil {
		t.Fatal(err)
	}
	identity, _, err := nip17.LoadIdentity(cfg.Keys.IdentityFile, master, "")
	if err != nil {
		t.Fatal(err)
	}
	identity.Zero()
	desk(cfg, "")

	other := cfg
	other.Keys.MasterFile = filepath.Join(cfg.DataDir, "master.key")
	desk(other, orders.EINVALID)
	if _, err := os.Stat(other.Keys.MasterFile); err == nil {
		t.Error("a second master key was made")
	}
	if _, err := nip17.LoadMaster(other.Keys.MasterFile); err != nil {
		t.Fatal(err)
	}
	desk(other, orders.EINVALID)
}

// A key of the configuration is not said to be unknown, nor removed: that is done there.
func TestRemoveConfigured(t *testing.T) {
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	text, err := secret.AppendHex(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(envPrefix+"DATA_DIR", t.TempDir())
	remove := func(pubkey string, want orders.Code) {
		t.Helper()
		cmd := root()
		cmd.SetOut(io.Discard)
		cmd.SetArgs([]string{"keys", "remove", pubkey})
		if err := cmd.ExecuteContext(t.Context()); orders.ErrorCode(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	remove(secret.PublicKey(), orders.ENOTFOUND)
	t.Setenv(envPrefix+"KEYS_DELEGATED_0_SECRET", string(text))
	remove(secret.PublicKey(), orders.EFORBIDDEN)
	t.Setenv(envPrefix+"KEYS_DELEGATED_1_SECRET", "nonsense")
	remove(secret.PublicKey(), orders.ENOTFOUND)
}

// Where the master key is lost, no other is made in its place, whatever was encrypted
// under it; a relay whose own key is its operator's, and that holds no other, gets one.
func TestLostMaster(t *testing.T) {
	for _, tt := range []struct {
		name string
		lies map[string]string // files of the data folder
		want orders.Code
	}{
		{"nothing yet", nil, ""},
		{"an identity that was made here", map[string]string{"identity.key": ` {"pubkey":"","sealed":""}`}, orders.EINVALID},
		{"delegated keys", map[string]string{"keys.json": `{"version":1,"keys":[]}`}, orders.EINVALID},
		{"delegated keys beside the operator's own identity", map[string]string{"identity.key": nostr.GeneratePrivateKey(), "keys.json": "{}"}, orders.EINVALID},
		{"the operator's own identity", map[string]string{"identity.key": nostr.GeneratePrivateKey()}, ""},
	} {
		cfg := config{DataDir: t.TempDir()}
		for name, text := range tt.lies {
			if err := os.WriteFile(filepath.Join(cfg.DataDir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg.Keys.MasterFile, cfg.Keys.IdentityFile = filepath.Join(cfg.DataDir, "master.key"), filepath.Join(cfg.DataDir, "identity.key")
		_, err := cfg.ownMaster()
		if orders.ErrorCode(err) != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if _, err := os.Stat(cfg.Keys.MasterFile); (err == nil) != (tt.want == "") {
			t.Errorf("%s: a master key was made: %v", tt.name, err == nil)
		}
	}
}

// Tables of the config file and keys of `waybill keys` for the same person: what is
// taken out of one goes on in the other.
func TestDelegatedTwice(t *testing.T) {
	dir := t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	identity, _, err := nip17.LoadIdentity(filepath.Join(dir, "identity.key"), master, "")
	if err != nil {
		t.Fatal(err)
	}
	defer identity.Zero()
	store, err := nip17.OpenStore(filepath.Join(dir, "keys.json"), master)
	if err != nil {
		t.Fatal(err)
	}
	npub, err := generateKey(filepath.Join(dir, "seller"))
	if err != nil {
		t.Fatal(err)
	}
	seller, err := publicKey(npub)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := nip17.ReadSecretFile(filepath.Join(dir, "seller"), "")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{identity: identity, keys: store, keyring: new(nip17.Keyring), log: zerolog.Nop()}
	d.signers = newSigners(config{DataDir: dir}, master, d.keyring, d.log)
	defer d.signers.close()
	defer d.keyring.Clear()
	holds := func(what string, tables ...delegatedConfig) {
		t.Helper()
		if _, err := d.delegate(tables); err != nil {
			t.Fatal(err)
		}
		k, ok := d.keyring.Lookup(seller)
		if !ok {
			t.Fatalf("%s: no key is held", what)
		}
		if _, remote := k.(nip17.RemoteKey); remote {
			t.Errorf("%s: the signer is asked, and a secret is here", what)
		}
	}
	table := delegatedConfig{SecretFile: filepath.Join(dir, "seller")}
	signer := delegatedConfig{Bunker: "bunker://" + seller + "?relay=ws://127.0.0.1:1", Owner: npub}
	holds("one table", table)
	holds("a table and a signer", table, signer)
	holds("the signer's is taken out", table)
	if _, err := store.Add(secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	holds("a table and a stored key", table)
	holds("the table is taken out")
}
