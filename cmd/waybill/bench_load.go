package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// A benchLoad is what one run sends, made before anything is measured.
type benchLoad struct {
	run    string // makes the orders' ids new ones, however often bench is run
	to     benchRecipient
	buyers int
	orders []benchOrder
	byWrap map[string]int // event id → place in orders
}

type benchOrder struct {
	id    string // of the order
	wrap  string // event id
	frame []byte // ["EVENT",{…}]
}

// A benchRecipient is whose inbox the wraps go into.
type benchRecipient struct {
	inbox  string // public key (hex)
	seller string // public key (hex); "" makes one up, where the wraps are the relay's copies
	name   string // for the report
}

// makeBenchLoad makes n orders by that many buyers, on all cores.
func makeBenchLoad(ctx context.Context, n, buyers int, to benchRecipient, progress io.Writer) (*benchLoad, error) {
	l := &benchLoad{
		run: strings.ToLower(rand.Text()[:8]), to: to, buyers: min(buyers, n),
		orders: make([]benchOrder, n), byWrap: make(map[string]int, n),
	}
	people := make([]*nip17.SecretSigner, l.buyers)
	for i := range people {
		p, err := newPerson()
		if err != nil {
			return nil, err
		}
		defer p.Zero()
		people[i] = p
	}
	if l.to.seller == "" {
		p, err := newPerson()
		if err != nil {
			return nil, err
		}
		l.to.seller = p.PublicKey()
		p.Zero()
	}
	bar := progressbar.NewOptions(n, progressbar.OptionSetWriter(progress), progressbar.OptionSetDescription("making gift wraps"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := l.make(ctx, i, people[i%len(people)]); err != nil {
					return err
				}
				_ = bar.Add(1) // only a picture
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i := range l.orders {
		l.byWrap[l.orders[i].wrap] = i
	}
	return l, nil
}

func newPerson() (*nip17.SecretSigner, error) {
	secret, err := nip17.GenerateSecret()
	if err != nil {
		return nil, err
	}
	return nip17.NewSecretSigner(secret)
}

// make makes the i-th order: an ordinary one, of two products with an address.
func (l *benchLoad) make(ctx context.Context, i int, buyer *nip17.SecretSigner) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	id := fmt.Sprintf("bench-%s-%d", l.run, i)
	total := int64(21_000)
	rumor, err := dialect.Compose(buyer.PublicKey(), orders.Draft{
		Verb: orders.Intent, OrderID: id, To: l.to.seller,
		Public: orders.Public{Amount: &total, Products: []orders.Product{
			{ProductID: "mug", Title: "Stoneware mug", Quantity: 1, PricePerUnit: json.Number("12000"), Currency: "SATS"},
			{ProductID: "bowl", Title: "Ramen bowl", Quantity: 1, PricePerUnit: json.Number("9000"), Currency: "SATS"},
		}},
		Private: orders.Private{ShippingAddress: "1 Main Street, 1000-001 Lisboa, Portugal", Note: "ring twice"},
	}, "")
	if err != nil {
		return err
	}
	wraps, err := nip17.Wrap(ctx, buyer, rumor, []string{l.to.inbox})
	if err != nil {
		return err
	}
	wrap := wraps[0] // the sender's own copy, the second, stays with no relay
	frame, err := nostr.EventEnvelope{Event: wrap}.MarshalJSON()
	l.orders[i] = benchOrder{id: id, wrap: wrap.ID, frame: frame}
	return err
}
