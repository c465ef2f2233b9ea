package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"
)

// leastRoom is the free disk space below which nothing more should be accepted:
// the write-ahead log alone grows to 16 MiB between two checkpoints.
const leastRoom = 64 << 20

// vital are the probes of what only a restart can mend; readiness adds what may
// come back by itself.
func (d *daemon) vital() []*probe {
	return []*probe{{name: "ledger", ask: d.probeLedger}, {name: "relay", ask: d.probeRelay}}
}

func (d *daemon) readiness() []*probe {
	return append(d.vital(), &probe{name: "disk", ask: d.probeDisk},
		&probe{name: "redis", ask: d.probeRedis}, &probe{name: "tracker", ask: d.probeTracker})
}

// probeLedger reads, and takes the writer's turn in a transaction that changes
// nothing and so costs no fsync: no event has expired since 1970.
func (d *daemon) probeLedger(ctx context.Context) (string, error) {
	seq, err := d.ledger.LastSeq(ctx)
	if err != nil {
		return "", err
	}
	if _, err := d.ledger.Expire(ctx, time.Unix(0, 0)); err != nil {
		return "", err
	}
	return fmt.Sprintf("reads and writes, %d facts", seq), nil
}

func (d *daemon) probeDisk(context.Context) (string, error) {
	free, readOnly, err := diskRoom(filepath.Dir(d.cfg.Ledger.URL))
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return "free space is not known on this system", nil
	case err != nil:
		return "", errors.New("the ledger's folder cannot be looked at")
	case readOnly:
		return "", errors.New("the ledger's disk is mounted read-only")
	case free < leastRoom:
		return "", fmt.Errorf("only %s are free on the ledger's disk", bytesText(free))
	}
	return bytesText(free) + " are free", nil
}

func (d *daemon) probeRedis(ctx context.Context) (string, error) {
	return "answers", d.store.Ping(ctx)
}

func (d *daemon) probeTracker(ctx context.Context) (string, error) {
	behind, since, err := d.tracker.Lag(ctx)
	if err != nil {
		return "", err
	}
	words := fmt.Sprintf("%d facts are not in the order indexes, the oldest for %v", behind, since.Round(time.Millisecond))
	switch most := time.Duration(d.maxLag.Load()); {
	case behind == 0:
		return "caught up", nil
	case since > most:
		return "", fmt.Errorf("%s (admin.max_lag is %v)", words, most)
	}
	return words, nil
}

// probeRelay comes by the front door, as clients do, each time on a new connection.
func (d *daemon) probeRelay(ctx context.Context) (string, error) {
	if d.stopping.Load() {
		return "", errors.New("is stopping")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(d.listener.Addr()), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/nostr+json")
	resp, err := frontDoor.Do(req)
	if err != nil {
		return "", errors.New("does not take connections")
	}
	defer resp.Body.Close()
	var doc struct {
		Self string `json:"self"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&doc); err != nil || doc.Self != d.identity.PublicKey() {
		return "", errors.New("does not answer as itself (NIP-11)")
	}
	return "takes connections", nil
}

// frontDoor keeps no connection and asks no proxy.
var frontDoor = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// reachable is an address by which this machine reaches a listener.
func reachable(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	switch {
	case err != nil || !ap.Addr().IsUnspecified():
		return a.String()
	case ap.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), ap.Port()).String()
}
