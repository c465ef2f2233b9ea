package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
)

// A sendVerb is one subcommand of send. flags adds what the verb calls for and
// returns what is to be done once they are parsed.
type sendVerb struct {
	verb                orders.Verb
	use, short, example string
	flags               func(cmd *cobra.Command, s *sender) (finish func() error)
}

var sendVerbs = []sendVerb{
	{orders.Intent, "intent", "Ask a seller to sell (buyer)",
		`  waybill send intent --key buyer.nsec --to npub1… --item mug,2,"Blue mug",5000 --total 10000 --address "1 Main St"`, intentFlags},
	{orders.Request, "request", "Ask the buyer to pay (seller)",
		"  waybill send request --key seller.nsec --order pi_… --link lnbc1… --shipping-quote 2000 --eta 2026-02-10", requestFlags},
	{orders.Paid, "paid", "Say that it is paid (buyer)",
		"  waybill send paid --key buyer.nsec --order pi_… --medium lightning --reference lnbc1… --proof <preimage>", paidFlags},
	{orders.Confirm, "confirm", "Confirm that the payment arrived (seller)",
		"  waybill send confirm --key seller.nsec --order pi_…", noteFlag},
	{orders.Process, "process", "Say that the order is being worked on (seller)",
		"  waybill send process --key seller.nsec --order pi_…", noteFlag},
	{orders.Shipped, "shipped", "Tell of a parcel (seller)",
		"  waybill send shipped --key seller.nsec --order pi_… --tracking 1Z9 --carrier UPS --eta 2026-02-10", shippedFlags},
	{orders.Delivered, "delivered", "Confirm that it arrived (buyer)",
		"  waybill send delivered --key buyer.nsec --order pi_…", noteFlag},
	{orders.Cancel, "cancel", "Cancel the order (buyer until the seller commits, seller until it is delivered)",
		`  waybill send cancel --key buyer.nsec --order pi_… --reason "found it locally"`, cancelFlags},
	{orders.Dispute, "dispute", "Raise a dispute (buyer, seller)",
		`  waybill send dispute --key buyer.nsec --order pi_… --reason "arrived broken"`, reasonFlag},
	{orders.Resolved, "resolve", "Resolve a dispute (admin; the raiser to withdraw; the other side to concede)",
		`  waybill send resolve --key admin.nsec --order pi_… --outcome cancelled --resolution "money back"
  waybill send resolve --key admin.nsec --order pi_… --buyer npub1… --seller npub1… --outcome delivered --relay wss://relay.example
  waybill send resolve --key buyer.nsec --order pi_… --outcome resume`, resolveFlags},
	{orders.Refunded, "refund", "Say that money was given back (seller)",
		"  waybill send refund --key seller.nsec --order pi_… --amount 10000", amountFlag},
	{orders.Address, "address", "Change the shipping address (buyer)",
		`  waybill send address --key buyer.nsec --order pi_… --address "2 Side St, Porto"`, addressFlag},
	{orders.Note, "note", "Add a note (both; --self for a note that only you can read)",
		`  waybill send note --key seller.nsec --order pi_… --text "leaves tomorrow"
  waybill send note --key seller.nsec --order pi_… --text "supplier is late" --self`, noteFlags},
}

func nothing() error { return nil }

func intentFlags(cmd *cobra.Command, s *sender) func() error {
	d := &s.draft
	var items, contacts []string
	f := cmd.Flags()
	f.StringArrayVar(&items, "item", nil, "ID,QUANTITY[,TITLE[,PRICE IN SATS]], may be repeated; a title with a comma in quotes, as 'mug,1,\"A, B\",5'")
	total := optionalSats(cmd, "total", "total in sats (default: the items' prices; where one has none, the seller names it)")
	f.StringVar(&d.Private.ShippingAddress, "address", "", "shipping address")
	f.StringArrayVar(&contacts, "contact", nil, "how to reach you, as email=ana@example.com, may be repeated")
	f.StringVar(&d.Shipping, "shipping", "", "shipping option (30406 address)")
	f.StringVar(&d.CheckoutID, "checkout", "", "one id for the orders of one cart over several sellers")
	f.StringVar(&d.Private.Note, "note", "", "a note for the seller")
	must(cmd.MarkFlagRequired("to"))
	return func() error {
		for _, item := range items {
			p, err := parseItem(item)
			if err != nil {
				return err
			}
			d.Products = append(d.Products, p)
		}
		sum, priced := orders.Sum(d.Products)
		if d.Amount = total(); d.Amount == nil && priced {
			d.Amount = &sum
		}
		if !priced && d.Amount != nil && *d.Amount == 0 {
			d.Amount = nil // it would be read as none anyway
		}
		if len(d.Products) == 0 && d.Private.Note == "" {
			return orders.Errorf(orders.EINVALID, "an order needs an --item, or a --note that says what is wanted")
		}
		for _, c := range contacts {
			name, value, ok := strings.Cut(c, "=")
			if !ok {
				return orders.Errorf(orders.EINVALID, "--contact: name=value is needed")
			}
			if d.Private.Contact == nil {
				d.Private.Contact = map[string]string{}
			}
			d.Private.Contact[name] = value
		}
		return nil
	}
}

// parseItem reads one line of CSV.
func parseItem(s string) (p orders.Product, err error) {
	wrong := orders.Errorf(orders.EINVALID, "--item: ID,QUANTITY[,TITLE[,PRICE IN SATS]] is needed, a title with a comma in quotes")
	lines := csv.NewReader(strings.NewReader(s))
	parts, err := lines.Read()
	if errors.Is(err, csv.ErrBareQuote) { // as in 12" vinyl
		lines = csv.NewReader(strings.NewReader(s))
		lines.LazyQuotes = true
		parts, err = lines.Read()
	}
	if err != nil || len(parts) < 2 || len(parts) > 4 || parts[0] == "" || lines.InputOffset() < int64(len(s)) {
		return p, wrong
	}
	p.ProductID = parts[0]
	if p.Quantity, err = strconv.ParseInt(parts[1], 10, 64); err != nil || p.Quantity < 1 {
		return p, wrong
	}
	if len(parts) > 2 {
		p.Title = parts[2]
	}
	if len(parts) > 3 {
		if n, err := strconv.ParseInt(parts[3], 10, 64); err != nil || n < 0 || n > orders.MaxSats/p.Quantity {
			return p, wrong
		}
		p.PricePerUnit, p.Currency = json.Number(parts[3]), "SATS"
	}
	return p, nil
}

func requestFlags(cmd *cobra.Command, s *sender) func() error {
	d := &s.draft
	f := cmd.Flags()
	f.StringVar(&d.Private.PaymentLink, "link", "", "invoice, address, LNURL or URL to pay by")
	f.StringVar(&d.Medium, "medium", "", "lightning, bitcoin, ecash, fiat … (default: read from the link)")
	amount := optionalSats(cmd, "amount", "the sum asked, in sats (default: what the link names, or what the order costs, where it is tracked here)")
	quote := optionalSats(cmd, "shipping-quote", "shipping, in sats")
	eta := etaFlag(cmd)
	must(cmd.MarkFlagRequired("link"))
	return func() (err error) {
		d.Amount, d.ShippingQuote = amount(), quote()
		d.ETA, err = eta()
		return err
	}
}

func paidFlags(cmd *cobra.Command, s *sender) func() error {
	d := &s.draft
	f := cmd.Flags()
	f.StringVar(&d.Medium, "medium", "lightning", "lightning, bitcoin, ecash, fiat …")
	f.StringVar(&d.Private.Reference, "reference", "", "what was paid: invoice, address, mint, id")
	f.StringVar(&d.Private.Proof, "proof", "", "preimage, transaction id, token")
	f.StringVar(&d.Private.ShippingAddress, "address", "", "shipping address")
	amount := optionalSats(cmd, "amount", "the sum paid, in sats (default: as with request)")
	return func() error { d.Amount = amount(); return nil }
}

func shippedFlags(cmd *cobra.Command, s *sender) func() error {
	d := &s.draft
	cmd.Flags().StringVar(&d.Tracking, "tracking", "", "tracking number")
	cmd.Flags().StringVar(&d.Carrier, "carrier", "", "carrier")
	eta := etaFlag(cmd)
	return func() (err error) {
		d.ETA, err = eta()
		return err
	}
}

func reasonFlag(cmd *cobra.Command, s *sender) func() error {
	cmd.Flags().StringVar(&s.draft.Private.Reason, "reason", "", "why, in words (only the other party reads it; a dispute's also the admins)")
	must(cmd.MarkFlagRequired("reason"))
	return nothing
}

func cancelFlags(cmd *cobra.Command, s *sender) func() error {
	adminFlags(cmd, s)
	return reasonFlag(cmd, s)
}

// adminFlags name both parties, for one who is neither.
func adminFlags(cmd *cobra.Command, s *sender) {
	cmd.Flags().StringVar(&s.buyer, "buyer", "", "the buyer, where you are an admin (npub or hex; default: as --to)")
	cmd.Flags().StringVar(&s.seller, "seller", "", "the seller, where you are an admin (npub or hex; default: as --to)")
	cmd.MarkFlagsRequiredTogether("buyer", "seller")
}

func resolveFlags(cmd *cobra.Command, s *sender) func() error {
	f := cmd.Flags()
	outcome := f.String("outcome", "", "delivered, cancelled or resume")
	f.StringVar(&s.draft.Private.Resolution, "resolution", "", "a sentence for both sides")
	adminFlags(cmd, s)
	must(cmd.MarkFlagRequired("outcome"))
	return func() error { s.draft.Outcome = orders.Outcome(*outcome); return nil }
}

func amountFlag(cmd *cobra.Command, s *sender) func() error {
	amount := optionalSats(cmd, "amount", "in sats (default: the whole)")
	return func() error { s.draft.Amount = amount(); return nil }
}

func addressFlag(cmd *cobra.Command, s *sender) func() error {
	cmd.Flags().StringVar(&s.draft.Private.ShippingAddress, "address", "", "the new address")
	must(cmd.MarkFlagRequired("address"))
	return nothing
}

func noteFlag(cmd *cobra.Command, s *sender) func() error {
	cmd.Flags().StringVar(&s.draft.Private.Note, "note", "", "a few words to go with it")
	return nothing
}

func noteFlags(cmd *cobra.Command, s *sender) func() error {
	cmd.Flags().StringVar(&s.draft.Private.Note, "text", "", "the note")
	self := cmd.Flags().Bool("self", false, "for yourself alone")
	must(cmd.MarkFlagRequired("text"))
	cmd.MarkFlagsMutuallyExclusive("self", "to")
	return func() error { s.toSelf = *self; return nil }
}

// optionalSats is an amount that may be left out, which is not the same as 0.
func optionalSats(cmd *cobra.Command, name, use string) func() *int64 {
	n := cmd.Flags().Int64(name, 0, use)
	return func() *int64 {
		if !cmd.Flags().Changed(name) {
			return nil
		}
		return n
	}
}

func etaFlag(cmd *cobra.Command) func() (int64, error) {
	eta := cmd.Flags().String("eta", "", "estimated delivery, as 2026-01-31")
	return func() (int64, error) {
		if *eta == "" {
			return 0, nil
		}
		day, err := time.Parse(time.DateOnly, *eta)
		if err != nil {
			return 0, orders.Errorf(orders.EINVALID, "--eta: a date as 2026-01-31 is needed")
		}
		return day.UnixMilli(), nil
	}
}
