package nip17

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip04"
	"github.com/nbd-wtf/go-nostr/nip44"
)

// clock is when every test message arrives: Unix 1,700,000,000.
func clock() time.Time { return time.Unix(1_700_000_000, 0) }

// person is a participant with the same keys in every run.
type person struct {
	*SecretSigner
	secret Secret
	pub    string
}

func somebody(tb testing.TB, name string) person {
	tb.Helper()
	raw := sha256.Sum256([]byte(name))
	secret, err := secretFromBytes(raw[:])
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := NewSecretSigner(secret)
	if err != nil {
		tb.Fatal(err)
	}
	return person{signer, secret, signer.PublicKey()}
}

// key is the person's key, delegated by owner ("" for himself).
func (p person) key(tb testing.TB, owner string) *LocalKey {
	tb.Helper()
	k, err := NewLocalKey(p.secret, owner)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func ring(tb testing.TB, keys ...Key) *Keyring {
	tb.Helper()
	kr, err := NewKeyring(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return kr
}

// forgery is a gift wrap made by hand, in which any layer can be wrong. What is
// nil or zero is made as it should be.
type forgery struct {
	rumor     func(*nostr.Event) // before its id
	rumorText func(string) string
	seal      func(*nostr.Event) // before it is signed
	sealed    func(*nostr.Event) // after
	sealText  func(string) string
	sealTo    string             // whom the seal is encrypted to, the reader's key
	sealBy    *person            // who encrypts and signs the seal, the author
	encrypted *person            // who encrypts it, where that is somebody else
	wrap      func(*nostr.Event) // before it is signed
	wrapped   func(*nostr.Event) // after
	wrapTo    string             // whom the wrap is encrypted to
}

func (f forgery) make(tb testing.TB, author person, reader string) *nostr.Event {
	tb.Helper()
	ctx := context.Background()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	rumor := nostr.Event{
		PubKey: author.pub, CreatedAt: nostr.Timestamp(clock().Unix() - 60), Kind: 14,
		Tags: nostr.Tags{{"p", reader}}, Content: "hello",
	}
	if f.rumor != nil {
		f.rumor(&rumor)
	}
	if rumor.ID == "" {
		rumor.ID = rumor.GetID()
	}
	text, err := encodeEvent(&rumor)
	must(err)
	if f.rumorText != nil {
		text = f.rumorText(text)
	}
	signer := author
	if f.sealBy != nil {
		signer = *f.sealBy
	}
	encrypter := signer
	if f.encrypted != nil {
		encrypter = *f.encrypted
	}
	seal := nostr.Event{Kind: 13, CreatedAt: rumor.CreatedAt - 1000, Tags: nostr.Tags{}}
	to := reader
	if f.sealTo != "" {
		to = f.sealTo
	}
	seal.Content, err = encrypter.Encrypt(ctx, to, text)
	must(err)
	if f.seal != nil {
		f.seal(&seal)
	}
	must(signer.Sign(ctx, &seal))
	if f.sealed != nil {
		f.sealed(&seal)
	}
	text, err = encodeEvent(&seal)
	must(err)
	if f.sealText != nil {
		text = f.sealText(text)
	}
	return f.outer(tb, text, reader)
}

// once is the throw-away key of all forged wraps.
func once() *secp256k1.PrivateKey {
	return secp256k1.PrivKeyFromBytes([]byte("a throw-away key for forged wraps"[:32]))
}

func (f forgery) outer(tb testing.TB, text, reader string) *nostr.Event {
	tb.Helper()
	to := reader
	if f.wrapTo != "" {
		to = f.wrapTo
	}
	pub, err := parsePublicKey(to)
	if err != nil {
		tb.Fatal(err)
	}
	ck, err := deriveConversationKey(&once().Key, pub)
	if err != nil {
		tb.Fatal(err)
	}
	wrap := nostr.Event{Kind: 1059, CreatedAt: nostr.Timestamp(clock().Unix() - 5000), Tags: nostr.Tags{{"p", reader}}}
	if wrap.Content, err = nip44.Encrypt(text, ck); err != nil {
		tb.Fatal(err)
	}
	if f.wrap != nil {
		f.wrap(&wrap)
	}
	if err := sign(once(), &wrap); err != nil {
		tb.Fatal(err)
	}
	if f.wrapped != nil {
		f.wrapped(&wrap)
	}
	return &wrap
}

// directKeyOf is the cipher's key of two people, as go-nostr makes it.
func directKeyOf(tb testing.TB, one, other person) []byte {
	tb.Helper()
	key, err := nip04.ComputeSharedSecret(other.pub, hex.EncodeToString(one.secret.key()[:]))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// direct is a message of kind 4 from author to reader whose text go-nostr
// encrypted. forge changes it before it is signed, signed afterwards.
type direct struct {
	text   string
	forge  func(*nostr.Event)
	signed func(*nostr.Event)
	key    []byte // the cipher's key, where it is not that of the two
}

func (d direct) make(tb testing.TB, author, reader person) *nostr.Event {
	tb.Helper()
	key := d.key
	if key == nil {
		key = directKeyOf(tb, author, reader)
	}
	content, err := nip04.Encrypt(d.text, key)
	if err != nil {
		tb.Fatal(err)
	}
	evt := nostr.Event{Kind: 4, CreatedAt: nostr.Timestamp(clock().Unix() - 60), Tags: nostr.Tags{{"p", reader.pub}}, Content: content}
	if d.forge != nil {
		d.forge(&evt)
	}
	if err := author.Sign(context.Background(), &evt); err != nil {
		tb.Fatal(err)
	}
	if d.signed != nil {
		d.signed(&evt)
	}
	return &evt
}

// rawDirect encrypts whole blocks as they are, padding and all.
func rawDirect(tb testing.TB, key, blocks []byte) string {
	tb.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	iv := []byte("sixteen bytes iv")
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, blocks)
	return base64.StdEncoding.EncodeToString(out) + "?iv=" + base64.StdEncoding.EncodeToString(iv)
}

// text replaces a whole plaintext.
func text(s string) func(string) string { return func(string) string { return s } }

// remote is a Key that answers as it is told, as a remote signer would.
type remote struct {
	*LocalKey
	answer func() (string, error)
}

func (r remote) Decrypt(context.Context, string, string) (string, error) { return r.answer() }

func (r remote) Available() bool { return true }

func (r remote) decryptRecurring(context.Context, string, string) (string, error) { return r.answer() }

func (c *conversations) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Len()
}

func tag(values ...string) func(*nostr.Event) {
	return func(evt *nostr.Event) { evt.Tags = append(evt.Tags, values) }
}

// offCurve is 64 hex digits that are no point: x³+7 has no root there.
const offCurve = "0000000000000000000000000000000000000000000000000000000000000005"
