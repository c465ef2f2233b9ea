package edge

import "net/netip"

// Account is what limits per address are kept by: the address itself, or for IPv6 the
// /64, which a household or a machine usually has for itself.
func Account(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
