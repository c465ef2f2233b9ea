package main

import (
	"context"
	"net/netip"
	"net/url"
	"time"

	"github.com/waybill-relay/waybill/orders/client"
)

// urlPatience is how long one URL may take.
const urlPatience = 5 * time.Second

// checkURLs asks, while a relay runs, whether it is found where it says it is.
func (d *doctor) checkURLs(ctx context.Context) {
	if len(d.cfg.Relay.PublicURLs) == 0 {
		d.ok("urls", "relay.listen has no fixed port, so the URLs are known only to the relay")
	}
	for _, u := range d.cfg.Relay.PublicURLs {
		d.checkURL(ctx, u)
	}
	if d.running && d.cfg.Admin.Listen != "" {
		ctx, cancel := context.WithTimeout(ctx, urlPatience)
		defer cancel()
		if line, err := askHealth(ctx, d.cfg.Admin.Listen, true); err != nil {
			d.problem("daemon", "the other lines here may say why, or the relay's log", "the relay says of itself: %v", err)
		} else {
			d.ok("daemon", "the relay says of itself: %s", line)
		}
	}
}

func (d *doctor) checkURL(ctx context.Context, text string) {
	u, err := url.Parse(text)
	if err != nil {
		d.problem("urls", "correct relay.public_urls", "%s cannot be read", text)
		return
	}
	if u.Scheme == "ws" && !loopbackHost(u.Hostname()) {
		d.warn("urls", "put a TLS proxy in front, and write wss:// here", "%s has no TLS: who is in between sees who talks to whom", text)
	}
	if !d.running {
		d.ok("urls", "%s (not asked, for no relay is running)", text)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, urlPatience)
	defer cancel()
	self, err := client.RelayKey(ctx, text)
	switch {
	case err != nil:
		d.warn("urls", "see that name, proxy, certificate and firewall let it through, from here and from outside", "%s: nobody answers as a relay there", text)
	case d.self != "" && self != d.self:
		d.problem("urls", "correct relay.public_urls, or where that name leads", "%s leads to another relay", text)
	default:
		d.ok("urls", "%s leads to this relay", text)
	}
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
