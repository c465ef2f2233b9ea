package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// demoShown is the order that the demo opens: it has the longest story.
const demoShown = "COF-2005"

func (s *demoStage) printCast(out io.Writer) {
	fmt.Fprintf(out, "A relay is open at %s; everything of it is in %s\n\n", s.url(), s.folder)
	for _, p := range s.cast {
		fmt.Fprintf(out, "  %-8s  %s  %s\n", p.name, p.npub, p.about)
	}
	fmt.Fprintf(out, "\nEach line below is one NIP-17 message through the relay's WebSocket, shown once Redis has the\n"+
		"order with it: order, who, what, the status the order then has, and how long that took.\n")
}

// printOrders shows all orders, and one of them opened by the buyer.
func (s *demoStage) printOrders(ctx context.Context, out io.Writer) error {
	page, err := s.daemon.store.List(ctx, orders.List{}, orders.Query{})
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, p := range s.cast {
		names[p.npub] = p.name
	}
	for _, o := range page.Items { // names are easier on a reader than keys
		o.BuyerNpub, o.SellerNpub = names[o.BuyerNpub], names[o.SellerNpub]
	}
	fmt.Fprintf(out, "\nThe orders, with names in place of public keys\n\n")
	if err := printList(out, page); err != nil {
		return err
	}

	buyer := s.person(demoBuyer).signer
	o, err := s.daemon.reader.GetOrder(ctx, buyer.PublicKey(), demoShown)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nOne of them as the buyer sees it: what is private was opened with the buyer's key\n\n")
	return printOrder(out, openOrder(ctx, buyer, o))
}

// printNext says what can be tried from another terminal, ready to be copied.
func (s *demoStage) printNext(out io.Writer) {
	fmt.Fprintf(out, "\nTry it from another terminal\n\n  cd %s\n", quoted(s.folder))
	if name := os.Args[0]; strings.ContainsRune(name, filepath.Separator) { // else it is on PATH
		if path, err := filepath.Abs(name); err == nil {
			name = path
		}
		fmt.Fprintf(out, "  alias waybill=%s\n", quoted(name))
	}
	for _, args := range demoCommands() {
		fmt.Fprintf(out, "  waybill %s\n", args)
	}
	fmt.Fprintf(out, "\nOr in a browser, %s: sign in with a signer (NIP-07) that has a key of a .nsec file in that folder. Or with\n"+
		"any Nostr client that knows NIP-17, with such a key and %s as the relay. The log is waybill.log in the folder.\n"+
		"\nCtrl-C closes the relay.\n", strings.Replace(s.url(), "ws", "http", 1), s.url())
}

// demoCommands are run in the demo's folder.
func demoCommands() []string {
	return []string{
		"orders list -c config.toml",
		"orders list -c config.toml --key ceramics.nsec --as seller --status paid",
		"orders show CUP-1001 -c config.toml --key buyer.nsec",
		"orders stats -c config.toml --key ceramics.nsec --as seller",
		"send request -c config.toml --key ceramics.nsec --order CUP-1002 --link ceramics@example.com",
		"send paid -c config.toml --key buyer.nsec --order CUP-1002",
		"orders show CUP-1002 -c config.toml --key ceramics.nsec",
		"keys list -c config.toml",
		"rebuild --check -c config.toml",
		"bench ingest -c config.toml --wraps 200   # adds 200 orders",
	}
}

// quoted is s as one word of a shell.
func quoted(s string) string {
	if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
