package main

import (
	"errors"
	"fmt"

	"github.com/waybill-relay/waybill/nip17"
)

// readDelegated reads the keys of the config file's [[keys.delegated]] tables: all
// of them or none. self is the relay's own public key (hex).
func readDelegated(list []delegatedConfig, self string) (keys []*nip17.LocalKey, err error) {
	defer func() {
		if err != nil {
			for _, k := range keys {
				k.Zero()
			}
			keys = nil
		}
	}()
	seen := map[string]int{self: 0}
	for i, k := range list {
		if k.remote() {
			continue // readBunkers
		}
		key, err := k.key()
		if err != nil {
			return keys, fmt.Errorf("keys.delegated %d: %w", i+1, err)
		}
		keys = append(keys, key)
		switch first, twice := seen[key.PublicKey()]; {
		case twice && first == 0:
			return keys, fmt.Errorf("keys.delegated %d: this is the relay's own key, which needs no table", i+1)
		case twice:
			return keys, fmt.Errorf("keys.delegated %d: the same key as table %d", i+1, first)
		}
		seen[key.PublicKey()] = i + 1
	}
	return keys, nil
}

func (k delegatedConfig) key() (*nip17.LocalKey, error) {
	owner, err := k.check()
	if err != nil {
		return nil, err
	}
	secret, err := k.read()
	if err != nil {
		return nil, err
	}
	defer secret.Zero()
	return nip17.NewLocalKey(secret, owner)
}

// check returns the owner (hex), "" where the table names none.
func (k delegatedConfig) check() (owner string, err error) {
	given := 0
	for _, value := range []string{k.Secret, k.SecretFile, k.Bunker, k.BunkerFile} {
		if value != "" {
			given++
		}
	}
	if given != 1 {
		return "", errors.New("one of secret, secret_file, bunker and bunker_file is needed")
	}
	if k.Owner != "" {
		if owner, err = publicKey(k.Owner); err != nil {
			return "", fmt.Errorf("owner: %w", err)
		}
	}
	return owner, nil
}

// remote reports whether the table names a remote signer.
func (k delegatedConfig) remote() bool { return k.Bunker != "" || k.BunkerFile != "" }

func (k delegatedConfig) read() (nip17.Secret, error) {
	if k.SecretFile != "" {
		return nip17.ReadSecretFile(k.SecretFile, k.PassphraseFile)
	}
	passphrase, err := nip17.ReadPassphrase(k.PassphraseFile)
	if err != nil {
		return nip17.Secret{}, err
	}
	return nip17.ParseSecret(k.Secret, passphrase)
}

// delegate brings the keyring in line with the tables: what is new is added, what
// is gone is removed and zeroed. It returns the owners (hex) for whom something has
// changed. A table with an error in it changes nothing. Keys that came by `waybill
// keys add` follow their own file.
func (d *daemon) delegate(list []delegatedConfig) (changed []string, err error) {
	keys, err := readDelegated(list, d.identity.PublicKey())
	if err != nil {
		return nil, err
	}
	bunkers, err := readBunkers(list)
	if err != nil {
		for _, k := range keys {
			k.Zero()
		}
		return nil, err
	}
	now := map[string]*nip17.LocalKey{}
	for _, k := range keys {
		if before := d.delegated[k.PublicKey()]; before != nil && before.Owner() == k.Owner() {
			now[k.PublicKey()] = before
			k.Zero()
			continue
		}
		now[k.PublicKey()] = k
		if err := d.keyring.Add(k); err != nil {
			return changed, err // its keys are no keys: LocalKey allows none such
		}
		changed = append(changed, k.Owner())
	}
	for public, k := range d.delegated {
		if now[public] != k && d.keyring.Take(k) {
			changed = append(changed, k.Owner())
		}
	}
	d.delegated = now
	more, err := d.signers.configure(bunkers)
	if d.keys != nil {
		// What `waybill keys` holds for the same people was left out for the tables' sake.
		err = errors.Join(err, d.loadKeys())
	}
	return append(changed, more...), err
}
