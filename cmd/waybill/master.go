package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// masterVariable may hold the master key itself, for containers that are given
// their secrets so. No key of the config file does: what it encrypts often lies
// beside that.
const masterVariable = envPrefix + "KEYS_MASTER"

// environmentMaster reads the master key in the environment, once, and takes it out of
// there: no child process inherits it, and its text is wiped. Who asks shares the key:
// only the daemon wipes it, at its end. given is false where there is none.
var environmentMaster = sync.OnceValues(func() (read func() (nip17.Master, error), given bool) {
	value, given := os.LookupEnv(masterVariable)
	os.Unsetenv(masterVariable)
	text := []byte(value)
	defer clear(text)
	m, err := nip17.ParseMaster(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", masterVariable, err)
	}
	return func() (nip17.Master, error) { return m, err }, given
})

// master is the key that encrypts every secret at rest: from the environment, else
// from keys.master_file, which is made where it does not exist.
func (c keysConfig) master() (nip17.Master, error) {
	if read, given := environmentMaster(); given {
		return read()
	}
	return nip17.LoadMaster(c.MasterFile)
}

// ownMaster is master for the relay itself. Where the key is not there and something was
// encrypted under it, no other is made: it would open nothing of that, and what is
// encrypted under it next would not open with the right one.
func (cfg config) ownMaster() (nip17.Master, error) {
	_, given := environmentMaster()
	if there, err := exists(cfg.Keys.MasterFile); given || there || err != nil {
		return cfg.Keys.master()
	}
	sealed, err := nip17.SealedIdentity(cfg.Keys.IdentityFile)
	needs := cfg.Keys.IdentityFile
	if err == nil && !sealed {
		needs = keysFile(cfg)
		sealed, err = exists(needs)
	}
	switch {
	case err != nil:
		return nip17.Master{}, err
	case sealed: // the master key's file is not named: people write the key itself there
		return nip17.Master{}, orders.Errorf(orders.EINVALID,
			"the master key is missing, and %s was encrypted under it: bring it back (keys.master_file, %s, or the systemd credential); a new one opens nothing that is here", needs, masterVariable)
	}
	return cfg.Keys.master()
}

// relaysMaster is master for the commands beside a relay: the same key as the relay's.
// It is not made where the relay has one, which may be given to the relay alone; a
// second one would lock the relay out of what is added with it.
func (cfg config) relaysMaster() (nip17.Master, error) {
	c := cfg.Keys
	switch relay, err := exists(c.IdentityFile); {
	case err != nil:
		return nip17.Master{}, err
	case !relay: // none has run here yet
		return cfg.ownMaster()
	}
	missing, err := c.missing()
	if err != nil {
		return nip17.Master{}, err
	}
	if missing != "" {
		return nip17.Master{}, orders.Errorf(orders.EINVALID,
			"the relay's master key is not here (%s): give it to this command as the relay gets it, by keys.master_file, %s or CREDENTIALS_DIRECTORY", missing, masterVariable)
	}
	master, err := c.master()
	if err != nil {
		return master, err
	}
	identity, _, err := nip17.LoadIdentity(c.IdentityFile, master, c.IdentityPassphraseFile)
	if err != nil {
		return master, orders.Errorf(orders.EINVALID, "this is not the relay's master key: %w", err)
	}
	identity.Zero()
	return master, nil
}

// masterCredential is the file of a systemd credential with that name (LoadCredential,
// LoadCredentialEncrypted), "" where there is none.
func masterCredential() string {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	if folder == "" {
		return ""
	}
	path := filepath.Join(folder, "waybill.master")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// missing names the file without which the relay's own key is not to be had, "" for
// none: a command that only looks makes none.
func (c keysConfig) missing() (path string, err error) {
	files := []string{c.IdentityFile}
	if _, given := environmentMaster(); !given {
		files = append(files, c.MasterFile)
	}
	for _, path := range files {
		if there, err := exists(path); err != nil || !there {
			return path, err
		}
	}
	return "", nil
}
