package nip17

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip44"
)

// TestSpecificationExamples opens the two gift wraps printed in NIP-17, with
// the keys printed there.
func TestSpecificationExamples(t *testing.T) {
	const (
		senderKey   = "nsec1w8udu59ydjvedgs3yv5qccshcj8k05fh3l60k9x57asjrqdpa00qkmr89m"
		receiverKey = "nsec12ywtkplvyq5t6twdqwwygavp5lm4fhuang89c943nf2z92eez43szvn4dt"
	)
	raw, err := os.ReadFile("testdata/nip17.examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var wraps []nostr.Event
	if err := json.Unmarshal(raw, &wraps); err != nil {
		t.Fatal(err)
	}
	var keys []Key
	for _, nsec := range []string{senderKey, receiverKey} {
		secret, err := ParseSecret(nsec, "")
		if err != nil {
			t.Fatal(err)
		}
		k, err := NewLocalKey(secret, "")
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	sender, receiver := keys[0].PublicKey(), keys[1].PublicKey()
	kr := ring(t, keys...)

	var ids []string
	for i, owner := range []string{receiver, sender} {
		msg, err := Open(t.Context(), &wraps[i], kr, Clock(clock))
		if err != nil {
			t.Fatalf("wrap %d: %v", i, err)
		}
		if msg.Owner != owner || msg.Key != owner {
			t.Errorf("wrap %d: opened by %s, want %s", i, msg.Owner, owner)
		}
		r := msg.Rumor
		if r.PubKey != sender || r.Kind != 14 || r.Content != "Hola, que tal?" || r.Tags.Find("p")[1] != receiver {
			t.Errorf("wrap %d: got rumor %v", i, r)
		}
		ids = append(ids, r.ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("the two copies are two messages: %q", ids)
	}
}

type vectors struct {
	V2 struct {
		Valid struct {
			ConversationKey []struct {
				Sec1 string `json:"sec1"`
				Pub2 string `json:"pub2"`
				Key  string `json:"conversation_key"`
			} `json:"get_conversation_key"`
			EncryptDecrypt []struct {
				Sec1      string `json:"sec1"`
				Sec2      string `json:"sec2"`
				Key       string `json:"conversation_key"`
				Nonce     string `json:"nonce"`
				Plaintext string `json:"plaintext"`
				Payload   string `json:"payload"`
			} `json:"encrypt_decrypt"`
			Long []struct {
				Key       string `json:"conversation_key"`
				Nonce     string `json:"nonce"`
				Pattern   string `json:"pattern"`
				Repeat    int    `json:"repeat"`
				Plaintext string `json:"plaintext_sha256"`
				Payload   string `json:"payload_sha256"`
			} `json:"encrypt_decrypt_long_msg"`
		} `json:"valid"`
		Invalid struct {
			Lengths         []int `json:"encrypt_msg_lengths"`
			ConversationKey []struct {
				Sec1 string `json:"sec1"`
				Pub2 string `json:"pub2"`
				Note string `json:"note"`
			} `json:"get_conversation_key"`
			Decrypt []struct {
				Key     string `json:"conversation_key"`
				Payload string `json:"payload"`
				Note    string `json:"note"`
			} `json:"decrypt"`
		} `json:"invalid"`
	} `json:"v2"`
}

// TestNIP44Vectors runs the official vectors (paulmillr/nip44) against our
// conversation keys and go-nostr's cipher.
func TestNIP44Vectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/nip44.vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != "269ed0f69e4c192512cc779e78c555090cebc7c785b609e338a62afc3ce25040" {
		t.Fatal("these are not the official vectors")
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	valid, invalid := v.V2.Valid, v.V2.Invalid
	if len(valid.ConversationKey) != 35 || len(valid.EncryptDecrypt) != 10 || len(valid.Long) != 3 ||
		len(invalid.Lengths) != 4 || len(invalid.ConversationKey) != 8 || len(invalid.Decrypt) != 12 {
		t.Fatal("vectors are missing")
	}
	for _, c := range valid.ConversationKey {
		got, err := derive(c.Sec1, c.Pub2)
		if err != nil || hex.EncodeToString(got[:]) != c.Key {
			t.Errorf("conversation key with %s: got %x, %v; want %s", c.Pub2, got, err, c.Key)
		}
	}
	for _, c := range invalid.ConversationKey {
		if _, err := derive(c.Sec1, c.Pub2); err == nil {
			t.Errorf("conversation key made of %q", c.Note)
		}
	}
	for _, c := range valid.EncryptDecrypt {
		one, two := secretHex(t, c.Sec1), secretHex(t, c.Sec2)
		for _, pair := range [][2]Secret{{one, two}, {two, one}} {
			k, err := NewLocalKey(pair[0], "")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := k.Decrypt(t.Context(), pair[1].PublicKey(), c.Payload); err != nil || got != c.Plaintext {
				t.Errorf("decrypt: got %q, %v; want %q", got, err, c.Plaintext)
			}
		}
		if got, err := nip44.Encrypt(c.Plaintext, key32(t, c.Key), nip44.WithCustomNonce(unhex(t, c.Nonce))); err != nil || got != c.Payload {
			t.Errorf("encrypt %q: got %q, %v", c.Plaintext, got, err)
		}
	}
	for _, c := range valid.Long {
		plain := strings.Repeat(c.Pattern, c.Repeat)
		payload, err := nip44.Encrypt(plain, key32(t, c.Key), nip44.WithCustomNonce(unhex(t, c.Nonce)))
		if sum := sha256.Sum256([]byte(payload)); err != nil || hex.EncodeToString(sum[:]) != c.Payload {
			t.Errorf("encrypt %d × %q: %v", c.Repeat, c.Pattern, err)
		}
		if got, err := nip44.Decrypt(payload, key32(t, c.Key)); err != nil || got != plain {
			t.Errorf("decrypt %d × %q: %v", c.Repeat, c.Pattern, err)
		}
		if len(payload) > maxPayload {
			t.Errorf("a valid payload of %d bytes is above our limit", len(payload))
		}
	}
	for _, n := range invalid.Lengths {
		if encryptable(n) == nil {
			t.Errorf("a text of %d bytes is taken", n)
		}
	}
	for _, c := range invalid.Decrypt {
		if _, err := nip44.Decrypt(c.Payload, key32(t, c.Key)); err == nil {
			t.Errorf("decrypted %q", c.Note)
		}
	}
}

func derive(sec, pub string) ([32]byte, error) {
	secret, err := parseScalarHex(sec)
	if err != nil {
		return [32]byte{}, err
	}
	k, err := NewLocalKey(secret, "")
	if err != nil {
		return [32]byte{}, err
	}
	return k.conversationKey(pub)
}

func secretHex(t *testing.T, digits string) Secret {
	t.Helper()
	s, err := parseScalarHex(digits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key32(t *testing.T, digits string) [32]byte { return [32]byte(unhex(t, digits)) }

// TestSharedXAgainstGoNostr compares our ECDH with go-nostr's on random keys.
func TestSharedXAgainstGoNostr(t *testing.T) {
	for range 50 {
		priv, err := secp256k1.GeneratePrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		sec := hex.EncodeToString(priv.Serialize())
		peer, err := GenerateSecret()
		if err != nil {
			t.Fatal(err)
		}
		want, err := nip44.GenerateConversationKey(peer.PublicKey(), sec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := derive(sec, peer.PublicKey()); err != nil || got != want {
			t.Fatalf("got %x, %v; want %x", got, err, want)
		}
	}
}
