package source

import (
	"fmt"
	"net/netip"
	"syscall"
)

// A refusal is an address that is not dialed.
type refusal struct{ ip netip.Addr }

func (r *refusal) Error() string { return fmt.Sprintf("%s is no public address", r.ip) }

// guard returns what a net.Dialer asks before each connection, when names were
// looked up and redirects followed: only public addresses are dialed, and those
// that allow takes (nil takes none).
func guard(allow func(netip.Addr) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial %s: %w", address, err)
		}
		ip := at.Addr().Unmap()
		if public(ip) || allow != nil && allow(ip) {
			return nil
		}
		return &refusal{ip}
	}
}

// public reports whether ip is a host of the Internet: of none of the networks
// that are private, of one machine or link, for many hosts at once, for
// documents and tests, or a way to wrap another address.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || ip.Zone() != "" {
		return false
	}
	if wrapped.Contains(ip) { // a network without IPv4 reaches its hosts so
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return ip.Is4() || unicast.Contains(ip)
}

var (
	unicast = netip.MustParsePrefix("2000::/3")
	wrapped = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
)

// special are the networks of the IANA special-purpose registries that are not
// reached from everywhere, and those for many hosts at once.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

func prefixes(all ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range all {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}
