package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/api"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/posting"
	"github.com/waybill-relay/waybill/relay/web"
	"github.com/waybill-relay/waybill/relay/wire"
)

// api is what answers under /api/ and /problems/.
func (d *daemon) api(office *posting.Office, changes *api.Changes) http.Handler {
	return api.New(api.Config{
		PublicURLs: d.cfg.Relay.PublicURLs, Self: d.identity.PublicKey(), Policy: d.cfg.Participants.Policy, Ways: enrol.Ways(),
		ClientIP: wire.ClientIP, Observe: d.metrics.Request, Log: d.log,
		Office: office, Sessions: d.ledger, Live: d.live, Notices: d.notifier, Changes: changes,
		Orders: d.reader, Admin: d.cfg.isAdmin, Select: d.selectOrders,
		Names: d.names.Of, Explain: d.explain, Viewed: d.views.Viewed,
		Replayed: d.metrics.Replayed,
	}, d.desk)
}

// pages are the dashboards.
func (d *daemon) pages(changes *api.Changes) (http.Handler, error) {
	directory := &relay.Directory{Ledger: d.ledger}
	return web.New(web.Config{
		Name: d.cfg.Relay.Name, Self: d.identity.PublicKey(), PublicURLs: d.cfg.Relay.PublicURLs,
		Orders: d.reader, Visitors: api.NewCookies(d.cfg.Relay.PublicURLs, d.ledger, time.Now), Admin: d.cfg.isAdmin, Admins: d.cfg.Admins,
		InboxRelays: d.ledger.RelaysOf, Names: d.names.Of, Profiles: profilesOf(directory), Titles: directory.Titles,
		Desk: d.desk, Policy: enrol.Mode(d.cfg.Participants.Policy), MeetsSigners: len(d.cfg.Keys.SignerRelays) > 0, Presence: d.presence,
		Notices: d.notifier, Channels: web.Channels{DM: d.cfg.Notices.DM, Email: d.cfg.Notices.Email.Host != ""}, Throttle: changes.Take,
		Cases: d.ledger, Viewed: d.views.Viewed, Observe: d.metrics.Request, Shown: d.metrics.PageViewed, Log: d.log,
	})
}

// presence is how somebody (hex) takes part without a key here.
func (d *daemon) presence(ctx context.Context, pubkey string) (p web.Presence, err error) {
	urls, err := d.ledger.RelaysOf(ctx, pubkey)
	if err != nil {
		return p, err
	}
	p.Named = slices.ContainsFunc(urls, d.relay.IsOurs)
	p.Copied, err = d.ledger.LastSealedTo(ctx, pubkey, d.identity.PublicKey())
	return p, err
}

// profilesOf are a directory's profiles as the pages know them.
func profilesOf(directory *relay.Directory) func(context.Context, []string) (map[string]web.Profile, error) {
	return func(ctx context.Context, pubkeys []string) (map[string]web.Profile, error) {
		found, err := directory.Profiles(ctx, pubkeys)
		profiles := make(map[string]web.Profile, len(found))
		for k, p := range found {
			profiles[k] = web.Profile(p)
		}
		return profiles, err
	}
}

// selectOrders finds the caller's orders that a filter means (api.Config).
func (d *daemon) selectOrders(ctx context.Context, caller string, filter url.Values, most int) (ids []string, more bool, err error) {
	for key := range filter {
		if !slices.Contains(orders.FilterKeys, key) {
			return nil, false, &orders.ParameterError{Parameter: key, Message: "There is no such filter."}
		}
	}
	f, err := orders.ParseFilter(ctx, filter, d.names.Of)
	if err != nil {
		return nil, false, err
	}
	found, err := d.reader.FindOrders(ctx, caller, f, orders.Query{Limit: most})
	for _, o := range found.Items {
		ids = append(ids, o.IntentID)
	}
	return ids, found.Next != "", err
}

// explain tells an admin what was made of a message that arrived.
func (d *daemon) explain(ctx context.Context, name string) (any, error) {
	x := &relay.Explainer{Keyring: d.keyring, Dialects: d.cfg.Dialects.registry(), Self: d.identity.PublicKey(), Admins: d.cfg.Admins,
		Orders: d.ledger, Local: true, PublicOrders: d.cfg.Dialects.PublicOrders, DirectMessages: d.cfg.Dialects.NIP04}
	return x.Stored(ctx, d.ledger, name)
}
