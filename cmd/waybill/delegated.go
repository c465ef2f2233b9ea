package main

import (
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
	if (k.Secret == "") == (k.SecretFile == "") {
		return nil, fmt.Errorf("one of secret and secret_file is needed")
	}
	owner := ""
	if k.Owner != "" {
		var err error
		if owner, err = publicKey(k.Owner); err != nil {
			return nil, fmt.Errorf("owner: %w", err)
		}
	}
	secret, err := k.read()
	if err != nil {
		return nil, err
	}
	defer secret.Zero()
	return nip17.NewLocalKey(secret, owner)
}

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
// is gone is removed and zeroed. On an error nothing has changed. Keys that came by
// `waybill keys add` follow their own file.
func (d *daemon) delegate(list []delegatedConfig) (added, removed int, err error) {
	keys, err := readDelegated(list, d.identity.PublicKey())
	if err != nil {
		return 0, 0, err
	}
	now := map[string]string{}
	for _, k := range keys {
		now[k.PublicKey()] = k.Owner()
		if owner, held := d.delegated[k.PublicKey()]; held && owner == k.Owner() {
			k.Zero()
			continue
		}
		if err := d.keyring.Add(k); err != nil {
			return added, removed, err // its keys are no keys: LocalKey allows none such
		}
		added++
	}
	for public := range d.delegated {
		if _, stays := now[public]; !stays && d.keyring.Remove(public) {
			removed++
		}
	}
	d.delegated = now
	return added, removed, nil
}
