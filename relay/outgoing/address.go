package outgoing

import "net/netip"

// Where permission reaches depends on who owns the addresses: the operator's own
// machines can be allowed, the rest of what is not public never.
var (
	private = prefixes(
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10",          // RFC 6598, behind a carrier's NAT
		"127.0.0.0/8", "::1/128", // loopback
		"fc00::/7", // ULA, RFC 4193
	)
	never = prefixes(
		"0.0.0.0/8",       // this network; 0.0.0.0 reaches loopback on Linux
		"169.254.0.0/16",  // link-local
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // relays of 6to4, withdrawn
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/4",     // multicast
		"240.0.0.0/4",     // reserved, and broadcast

		// Of IPv6's unicast: what carries an IPv4 address inside, by which the
		// table above could be got round, and what belongs to nobody.
		"2001::/23",     // Teredo, benchmarks, ORCHID
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4
		"3fff::/20",     // documentation
	)
	// The only part of IPv6 that is handed out to hosts. Link-local, multicast,
	// IPv4-mapped, IPv4-compatible and NAT64 addresses all lie outside.
	unicast6 = netip.MustParsePrefix("2000::/3")
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// permitted judges what net.Dialer is about to connect to: "tcp4" or "tcp6", and
// an address with its port, never a name.
func permitted(network, address string, allowPrivate bool) bool {
	if network != "tcp4" && network != "tcp6" {
		return false
	}
	host, err := netip.ParseAddrPort(address)
	return err == nil && mayDial(host.Addr(), allowPrivate)
}

// Refuses reports whether a URL's host is a literal address that Dialer would refuse,
// for whoever names it to learn it at once. Of a name only the dialling tells.
func Refuses(host string, allowPrivate bool) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && !mayDial(ip, allowPrivate)
}

func mayDial(ip netip.Addr, allowPrivate bool) bool {
	switch {
	case ip.Zone() != "" || ip.Is4In6(): // the latter is an IPv4 address in disguise
		return false
	case within(ip, private):
		return allowPrivate
	case within(ip, never):
		return false
	}
	return ip.Is4() || unicast6.Contains(ip)
}

func within(ip netip.Addr, list []netip.Prefix) bool {
	for _, prefix := range list {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}
