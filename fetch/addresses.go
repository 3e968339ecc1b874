// Which addresses may be connected to. Asked after every name lookup and again as the socket connects, for every hop.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const dialTimeout = 30 * time.Second

// neverReached are refused to everyone, whatever a profile allows: this machine, its neighbours on the link, and what clouds
// serve credentials at. Ranges that no server can have are here as well.
var neverReached = mustNetworks(
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
	"100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24",
	"::/96", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128",
)

// private networks are reached only where the job itself names the host, or the profile allows the network.
var private = mustNetworks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7")

// translated networks hold an IPv4 address that a gateway would really connect to, at this byte.
var translated = []struct {
	network netip.Prefix
	offset  int
	flip    byte
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12, 0},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12, 0},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12, 0},
	{netip.MustParsePrefix("2002::/16"), 2, 0},
	{netip.MustParsePrefix("2001::/32"), 12, 0xff},
}

func mustNetworks(texts ...string) []netip.Prefix {
	networks, err := parseNetworks(texts)
	if err != nil {
		panic(err)
	}
	return networks
}

// deniedTarget is refused whatever is allowed. Where the API server has the address of a node, other servers have it too: so
// an entry can be for one port.
type deniedTarget struct {
	network netip.Prefix
	// port 0 is every port.
	port uint16
}

func (n *network) denies(target netip.AddrPort) bool {
	return slices.ContainsFunc(n.deny, func(denied deniedTarget) bool {
		return denied.network.Contains(target.Addr()) && (denied.port == 0 || denied.port == target.Port())
	})
}

// parseDenied reads what parseNetworks does, and addresses with a port: 10.0.0.1:6443 and [fd00::1]:6443.
func parseDenied(texts []string) ([]deniedTarget, error) {
	all := make([]deniedTarget, 0, len(texts))
	for _, text := range texts {
		if target, err := netip.ParseAddrPort(text); err == nil && target.Addr().Zone() == "" && target.Port() != 0 {
			address := target.Addr().Unmap()
			all = append(all, deniedTarget{netip.PrefixFrom(address, address.BitLen()), target.Port()})
			continue
		}
		whole, err := parseNetwork(text)
		if err != nil {
			return nil, err
		}
		all = append(all, deniedTarget{network: whole})
	}
	return all, nil
}

// network is the way out of the worker: nothing connects but through dial.
type network struct {
	allow []netip.Prefix
	deny  []deniedTarget
	// named are the hosts that the job itself wrote.
	named map[string]bool
	// lookup finds the addresses of a name; dial checks each of them.
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// exempt is nil but in tests, whose servers are on loopback.
	exempt func(netip.AddrPort) bool
	// left is how many bytes may still be received, over all connections; libraries count none.
	left atomic.Int64
}

// wireSlack is what TLS and headers may add to the bytes of a download.
const wireSlack = 64 * 1024 * 1024

// meteredConnection ends when more comes in than any download may hold.
type meteredConnection struct {
	net.Conn
	left *atomic.Int64
}

func (c meteredConnection) Read(buffer []byte) (int, error) {
	count, err := c.Conn.Read(buffer)
	if c.left.Add(-int64(count)) < 0 {
		return 0, errors.New("it sends more bytes than the profile allows")
	}
	return count, err
}

func newNetwork(limits fetchLimits) (*network, error) {
	allow, err := parseNetworks(limits.AllowNetworks)
	if err != nil {
		return nil, err
	}
	deny, err := parseDenied(limits.DenyNetworks)
	if err != nil {
		return nil, err
	}
	lookup := func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	out := &network{allow: allow, deny: deny, named: map[string]bool{}, lookup: lookup}
	out.left.Store(limits.MaxBytes + min(limits.MaxBytes/8, math.MaxInt64-limits.MaxBytes-wireSlack) + wireSlack)
	return out, nil
}

// name says that the job itself wrote this host, which may then be a private one.
func (n *network) name(host string) { n.named[canonicalHost(host)] = true }

func canonicalHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// dial connects to the first address that answers, of those that are allowed. A name with a refused address among good
// ones still works: split DNS does that.
func (n *network) dial(ctx context.Context, protocol, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", portText)
	if err != nil {
		return nil, err
	}
	candidates, err := n.addressesOf(ctx, host)
	if err != nil {
		return nil, err
	}
	problem := fmt.Errorf("the host %q has no address", host)
	for _, candidate := range candidates {
		target := netip.AddrPortFrom(candidate.Unmap(), uint16(port))
		if problem = n.check(host, target); problem != nil {
			continue
		}
		dialer := net.Dialer{Timeout: dialTimeout, ControlContext: n.control(host)}
		connection, err := dialer.DialContext(ctx, "tcp", target.String())
		if err == nil {
			return meteredConnection{Conn: connection, left: &n.left}, nil
		}
		problem = err
	}
	return nil, problem
}

func (n *network) addressesOf(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, nil
	}
	return n.lookup(ctx, host)
}

// control sees the very address that the kernel is about to be given.
func (n *network) control(host string) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return n.check(host, target)
	}
}

// check refuses an address in every spelling of it.
func (n *network) check(host string, target netip.AddrPort) error {
	if n.exempt != nil && n.exempt(target) {
		return nil
	}
	if !target.Addr().IsValid() || target.Addr().Zone() != "" {
		return errors.New("an address with a zone is not allowed")
	}
	for _, address := range spellings(target.Addr()) {
		if contains(neverReached, address) {
			return fmt.Errorf("the host %q leads to %s, an address that artifacts never come from", host, target.Addr())
		}
		if n.denies(netip.AddrPortFrom(address, target.Port())) {
			return fmt.Errorf("the host %q leads to %s, which belongs to the cluster itself", host, target.Addr())
		}
		if contains(private, address) && !n.named[canonicalHost(host)] && !contains(n.allow, address) {
			const text = "the host %q leads to the private address %s; only a host that the source itself names may, or one in the profile's allowNetworks"
			return fmt.Errorf(text, host, target.Addr())
		}
	}
	return nil
}

// spellings are the address itself and the IPv4 addresses hidden in it.
func spellings(address netip.Addr) []netip.Addr {
	address = address.Unmap()
	found := []netip.Addr{address}
	if address.Is4() {
		return found
	}
	bytes := address.As16()
	for _, form := range translated {
		if !form.network.Contains(address) {
			continue
		}
		var hidden [4]byte
		for index := range hidden {
			hidden[index] = bytes[form.offset+index] ^ form.flip
		}
		found = append(found, netip.AddrFrom4(hidden))
	}
	return found
}

func contains(networks []netip.Prefix, address netip.Addr) bool {
	for _, candidate := range networks {
		if candidate.Contains(address) {
			return true
		}
	}
	return false
}
