package bunker_test

import (
	"testing"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

// BenchmarkDecrypt is one payload of 1 KB by a relay and a bunker in this process,
// whose work is a part of the time.
func BenchmarkDecrypt(b *testing.B) {
	relay, user, alice := bunkertest.NewRelay(b), nip17test.Signer(b), nip17test.Signer(b)
	conn, err := bunker.Parse(bunkertest.Start(b, user, relay.URL()).URL())
	if err != nil {
		b.Fatal(err)
	}
	k := bunker.Open(conn, user.PublicKey())
	defer k.Zero()
	if err := k.Prove(b.Context()); err != nil {
		b.Fatal(err)
	}
	payload, err := alice.Encrypt(b.Context(), user.PublicKey(), long(1000))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := k.Decrypt(b.Context(), alice.PublicKey(), payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := k.Decrypt(b.Context(), alice.PublicKey(), payload); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
