package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

const (
	// leastRetention is how far back a text without an id still finds its order.
	leastRetention = duration(30 * 24 * time.Hour)
	// littleRoom is when somebody should begin to think of a larger disk.
	littleRoom = 1 << 30
)

func (d duration) text() string { return time.Duration(d).String() }

// hasSecrets reports whether the configuration itself says what nobody else may
// know, in the file or the environment.
func (c *config) hasSecrets() bool {
	for _, k := range c.Keys.Delegated {
		if k.Secret != "" || k.Bunker != "" {
			return true
		}
	}
	u, err := url.Parse(c.Redis.URL)
	if err != nil || c.Redis.URLFile != "" {
		return false
	}
	_, given := u.User.Password()
	return given
}

// checkMode warns of a file that others than its owner may read.
func (d *doctor) checkMode(area, path, why string) (exists bool) {
	if path == "" {
		return false
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case errors.Is(err, fs.ErrPermission):
		d.problem(area, "run doctor as the relay's user", "%v", err)
		return false
	case err != nil: // what is no path at all is not named: it may be the secret itself
		d.problem(area, "set it to the name of a file", "a file cannot be looked at, and %s: %v", why, withoutPath(err))
		return false
	case info.Mode().Perm()&0o007 != 0:
		d.problem(area, "chmod 600 "+path, "%s may be read or written by everybody (mode %04o), and %s", path, info.Mode().Perm(), why)
	case info.Mode().Perm()&0o070 != 0:
		d.warn(area, "chmod 600 "+path, "%s may be read or written by its group (mode %04o), and %s", path, info.Mode().Perm(), why)
	}
	return true
}

func withoutPath(err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

func (d *doctor) checkFolder(context.Context) {
	dir := d.cfg.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok("data", "%s does not exist yet, the first `waybill serve` makes it", dir)
		return
	case err != nil || !info.IsDir():
		d.problem("data", "set data_dir to a folder of the relay's own", "%s cannot be used: %v", dir, err)
		return
	case info.Mode().Perm()&0o077 != 0:
		d.warn("data", "chmod 700 "+dir, "%s is open to others (mode %04o), and who buys from whom can be seen in it", dir, info.Mode().Perm())
	default:
		d.ok("data", "%s belongs to its user alone", dir)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		d.warn("data", "run doctor as that user: what it may read is what counts", "%s belongs to uid %d, and this is uid %d", dir, owner.Uid, os.Geteuid())
	}
	ledgerDir := filepath.Dir(d.cfg.Ledger.URL)
	free, readOnly, err := diskRoom(ledgerDir)
	switch {
	case err != nil: // said with the ledger, or not known here
	case readOnly:
		d.problem("data", "mount it writable: after an error the system may have made it read-only", "the disk of %s is mounted read-only", ledgerDir)
	case free < leastRoom:
		d.problem("data", "make room: the relay refuses messages when the disk is full", "only %s are free in %s", bytesText(free), ledgerDir)
	case free < littleRoom:
		d.warn("data", "make room before it is full", "%s are free in %s", bytesText(free), ledgerDir)
	default:
		d.ok("data", "%s are free in %s", bytesText(free), ledgerDir)
	}
}

// checkDaemon asks for the lock that a daemon holds as long as it lives.
func (d *doctor) checkDaemon(context.Context) {
	pid, running := runningIn(d.cfg.DataDir)
	if !running {
		d.ok("daemon", "no relay is running in %s", d.cfg.DataDir)
		return
	}
	d.running = true
	d.ok("daemon", "a relay is running, pid %s", pid)
}

// checkKeys opens every key, and makes none.
func (d *doctor) checkKeys(context.Context) {
	c := d.cfg.Keys
	_, given := environmentMaster()
	if !given && !d.checkMode("keys", c.MasterFile, "it opens every secret here") {
		if _, err := os.Stat(c.MasterFile); errors.Is(err, fs.ErrNotExist) {
			d.missingMaster()
		}
		return
	}
	master, err := c.master()
	if err != nil {
		d.problem("keys", "it must be the file that belongs to this data folder, of mode 600: no other opens the keys in it", "the master key: %v", err)
		return
	}
	switch {
	case given:
		d.ok("keys", "the master key is read, from the environment")
	case filepath.Dir(c.MasterFile) == filepath.Clean(d.cfg.DataDir):
		d.ok("keys", "the master key is read; it lies in the data folder, so keep it out of that folder's backups")
	default:
		d.ok("keys", "the master key is read")
	}
	d.checkMode("keys", c.IdentityPassphraseFile, "it is a passphrase")
	d.checkIdentity(master)
	d.checkDelegated(master)
}

func (d *doctor) missingMaster() {
	if _, err := os.Stat(d.cfg.Keys.IdentityFile); err == nil {
		d.problem("keys", "bring the file back, or set keys.master_file: a new one opens nothing that is here",
			"the master key %s is missing, and an identity is there already", d.cfg.Keys.MasterFile)
		return
	}
	d.ok("keys", "none yet, the first `waybill serve` makes a master key and an identity")
}

func (d *doctor) checkIdentity(master nip17.Master) {
	c := d.cfg.Keys
	if !d.checkMode("keys", c.IdentityFile, "it is who the relay is") {
		if _, err := os.Stat(c.IdentityFile); errors.Is(err, fs.ErrNotExist) {
			d.ok("keys", "no identity yet, the next `waybill serve` makes one")
		}
		return
	}
	identity, _, err := nip17.LoadIdentity(c.IdentityFile, master, c.IdentityPassphraseFile)
	if err != nil {
		d.problem("keys", "bring back the identity, and the master key that belongs to it", "the relay's identity: %v", err)
		return
	}
	defer identity.Zero()
	d.self = identity.PublicKey()
	d.ok("keys", "the relay is %s", orders.Npub(d.self))
}

// checkDelegated opens the keys of `waybill keys add`, then those of the config.
func (d *doctor) checkDelegated(master nip17.Master) {
	store, err := nip17.OpenStore(keysFile(d.cfg), master)
	if err == nil {
		d.checkMode("keys", keysFile(d.cfg), "delegated keys are in it")
		var keyring nip17.Keyring
		var entries []nip17.Entry
		if _, _, err = store.Load(&keyring); err == nil {
			entries, err = store.List()
		}
		keyring.Clear()
		for _, e := range entries {
			d.delegated("`waybill keys`", e)
		}
	}
	if err != nil {
		d.problem("keys", "bring back the master key that belongs to it, or remove the key and add it again", "the delegated keys: %v", err)
	}
	for _, k := range d.cfg.Keys.Delegated {
		d.checkMode("keys", k.SecretFile, "it is a secret key")
		d.checkMode("keys", k.PassphraseFile, "it is a passphrase")
		d.checkMode("keys", k.BunkerFile, "it is the permission to ask a remote signer")
	}
	keys, err := readDelegated(d.cfg.Keys.Delegated, d.self)
	if err != nil {
		d.problem("keys", "correct this [[keys.delegated]] table", "%v", inFile(d.file, err))
	}
	for _, k := range keys {
		d.delegated("the config", enrol.ConfiguredEntry(k))
		k.Zero()
	}
	bunkers, err := readBunkers(d.cfg.Keys.Delegated)
	if err != nil {
		d.problem("keys", "correct this [[keys.delegated]] table", "%v", err)
	}
	if len(bunkers) > 0 {
		d.ok("keys", "delegated by the config: %d remote signers; `waybill keys list` shows how they are", len(bunkers))
	}
}

func (d *doctor) delegated(from string, e nip17.Entry) {
	switch e.Way {
	case nip17.WayIdentity:
		d.ok("keys", "delegated by %s: %s, which is his identity: an encryption key (kind 10044) or a remote signer would put less at stake", from, orders.Npub(e.Pubkey))
	case nip17.WayBunker:
		d.ok("keys", "delegated by %s: a remote signer of %s", from, orders.Npub(e.Owner))
	default:
		d.ok("keys", "delegated by %s: %s, an encryption key that reads for %s", from, orders.Npub(e.Pubkey), orders.Npub(e.Owner))
	}
}
