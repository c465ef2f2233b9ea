package wire

import (
	"net/http"
	"net/netip"
	"strings"
)

// forwardedHeaders are what only a trusted proxy may say.
var forwardedHeaders = []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
	"X-Forwarded-Server", "X-Forwarded-Prefix", "X-Real-Ip", "Forwarded"}

func stripForwarded(h http.Header) {
	for _, name := range forwardedHeaders {
		h.Del(name)
	}
}

// forwardedFor is the right-most address in X-Forwarded-For that is no trusted
// proxy: everything to its left the client may have made up. Where a proxy has
// written something else than an address, that proxy stands for its clients.
func forwardedFor(h http.Header, peer netip.Addr, proxies []netip.Prefix) netip.Addr {
	client := peer
	hops := strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			return client
		}
		client = addr
		if !contains(proxies, addr) {
			return client
		}
	}
	return client
}

// parseHop takes an address, with or without a port.
func parseHop(hop string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(hop); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
