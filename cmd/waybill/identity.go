package main

import (
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// keyFlags are the flags by which a command learns who is using it.
type keyFlags struct{ file, passphraseFile string }

func (k *keyFlags) add(cmd *cobra.Command, use string) {
	cmd.Flags().StringVar(&k.file, "key", "", "file with your secret key (nsec, ncryptsec or hex): "+use)
	cmd.Flags().StringVar(&k.passphraseFile, "passphrase-file", "", "file with the passphrase of an ncryptsec")
}

// required is signer for a command that cannot do without.
func (k *keyFlags) required() (*nip17.SecretSigner, error) {
	if k.file == "" {
		return nil, orders.Errorf(orders.EINVALID, "--key: the name of a file is needed")
	}
	return k.signer()
}

// signer reads the key; nil where no --key was given.
func (k *keyFlags) signer() (*nip17.SecretSigner, error) {
	if k.file == "" {
		return nil, nil
	}
	secret, err := nip17.ReadSecretFile(k.file, k.passphraseFile)
	if err != nil {
		return nil, orders.Errorf(orders.EINVALID, "--key: %w", err)
	}
	defer secret.Zero()
	return nip17.NewSecretSigner(secret)
}
