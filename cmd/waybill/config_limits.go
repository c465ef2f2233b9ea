package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

const (
	// leastMemory is below what SQLite's caches and an idle relay take together.
	leastMemory size = 128 << 20
	// leastMessage holds the largest gift wrap that NIP-44 v2 allows (87,472
	// characters of content) with its envelope.
	leastMessage size = 96 << 10
	// mostPoW is more than anybody computes; an id has 256 bits.
	mostPoW = 64
)

// check refuses limits that would let nobody in, or everything.
func (c *limitsConfig) check() error {
	numbers := map[string]int64{
		"memory": int64(c.Memory), "message": int64(c.Message), "unanswered": int64(c.Unanswered),
		"write_timeout": int64(c.WriteTimeout), "connections": int64(c.Connections),
		"connections_per_ip": int64(c.ConnectionsPerIP), "bytes_per_second": int64(c.BytesPerSecond),
		"subscriptions": int64(c.Subscriptions), "filters": int64(c.Filters),
		"wraps_per_recipient": int64(c.WrapsPerRecipient), "intents_per_author": int64(c.IntentsPerAuthor),
		"facts_per_order": int64(c.FactsPerOrder), "backfill": int64(c.Backfill),
	}
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if numbers[name] <= 0 {
			return fmt.Errorf("limits.%s: must be above 0 (a large number where there should be no limit)", name)
		}
	}
	switch {
	case c.Memory < leastMemory:
		return fmt.Errorf("limits.memory: %s is too little, the relay needs %s at least", bytesText(c.Memory), bytesText(leastMemory))
	case c.Message < leastMessage:
		return fmt.Errorf("limits.message: %s is less than a gift wrap may have, %s is needed at least", bytesText(c.Message), bytesText(leastMessage))
	case c.Message > c.Memory/size(c.Unanswered):
		return fmt.Errorf("limits.message and limits.unanswered: the messages of one connection (%d of %s) could fill limits.memory (%s): make one of them smaller",
			c.Unanswered, bytesText(c.Message), bytesText(c.Memory))
	}
	if _, err := parsePrefixes(c.ExemptIPs); err != nil {
		return fmt.Errorf("limits.exempt_ips: %w", err)
	}
	return nil
}

// check refuses what would let a client choose its own address, and proof of work
// that nobody can do.
func (c *relayConfig) check() error {
	proxies, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return fmt.Errorf("relay.trusted_proxies: %w", err)
	}
	for i, p := range proxies {
		if p.Bits() == 0 {
			return fmt.Errorf("relay.trusted_proxies: with %q every client could claim any address: name the proxies' own", c.TrustedProxies[i])
		}
	}
	if c.MinPoW < 0 || c.MinPoW > mostPoW {
		return fmt.Errorf("relay.min_pow: %d is not between 0 (none) and %d bits", c.MinPoW, mostPoW)
	}
	return nil
}

// proxies are the addresses whose X-Forwarded-For is believed.
func (c *relayConfig) proxies() []netip.Prefix { return checkedPrefixes(c.TrustedProxies) }

// exempt are the addresses to which the limits by address do not apply.
func (c *limitsConfig) exempt() []netip.Prefix { return checkedPrefixes(c.ExemptIPs) }

// checkedPrefixes is for lists that complete has checked.
func checkedPrefixes(list []string) []netip.Prefix {
	ps, err := parsePrefixes(list)
	must(err)
	return ps
}

// parsePrefixes reads addresses ("192.0.2.1", "::1") and CIDRs ("10.0.0.0/8"). An
// IPv4 address in IPv6 form becomes IPv4, as which a client's is compared.
func parsePrefixes(list []string) ([]netip.Prefix, error) {
	ps := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		p, err := parsePrefix(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address (192.0.2.1, 2001:db8::1) nor a CIDR (10.0.0.0/8)", s)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err == nil && a.Zone() != "" {
			err = errors.New("a zone")
		}
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), err
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return p, errors.New("IPv4 and more")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), err
}

// checkAddress takes host:port with a port number.
func checkAddress(name, address string) (port string, err error) {
	_, port, err = net.SplitHostPort(address)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("%s: %q is no host:port (127.0.0.1:7447, [::1]:7447)", name, address)
	}
	return port, nil
}

// check of the admin listener. Other addresses than loopback are allowed, for
// probes from outside a container, and warned of (exposed).
func (c *adminConfig) check(relayListen string) error {
	if c.MaxLag <= 0 {
		return errors.New(`admin.max_lag: a time span above 0 is needed ("30s")`)
	}
	if c.Listen == "" {
		return nil
	}
	port, err := checkAddress("admin.listen", c.Listen)
	if err == nil && port != "0" && c.Listen == relayListen {
		return fmt.Errorf("admin.listen: %q is relay.listen already, another port is needed", c.Listen)
	}
	return err
}

// auto is metrics.listen where nothing else is said, and metricsAuto its address: a
// second relay on the machine finds it taken, and does without.
const auto = "auto"

var metricsAuto = "127.0.0.1:7449" // a variable for tests' sake

// check of the listener for metrics, which may be the admin listener's.
func (c *metricsConfig) check(relayListen string) error {
	if c.Listen == "" || c.Listen == auto {
		return nil
	}
	port, err := checkAddress("metrics.listen", c.Listen)
	if err == nil && port != "0" && c.Listen == relayListen {
		return fmt.Errorf("metrics.listen: %q is relay.listen already, another port is needed", c.Listen)
	}
	return err
}

// exposed reports whether others than this machine may reach an address.
func exposed(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(cmp.Or(host, "0.0.0.0"))
	return err != nil || !ip.IsLoopback()
}

// bytesText is a size for people.
func bytesText(n size) string { return humanize.IBytes(uint64(n)) }
