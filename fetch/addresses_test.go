package main

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAddressesAreJudgedAfterTheName(t *testing.T) {
	server := serve(t, map[string]string{"/x": "x"})
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	none := func(netip.AddrPort) bool { return false }
	cases := []struct {
		name, host, address string
		allow, deny         []string
		refusal             string
	}{
		{"name of loopback", "evil.example", "127.0.0.1", nil, nil, "never come from"},
		{"name of metadata", "evil.example", "169.254.169.254", nil, nil, "never come from"},
		{"name of mapped metadata", "evil.example", "::ffff:169.254.169.254", nil, nil, "never come from"},
		{"name of IPv6 metadata", "evil.example", "fd00:ec2::254", []string{"fc00::/7"}, nil, "never come from"},
		{"loopback even when allowed", "evil.example", "127.0.0.1", []string{"127.0.0.0/8"}, nil, "never come from"},
		{"the API server", "api.example", "10.96.0.1", []string{"10.0.0.0/8"}, []string{"10.96.0.1"}, "belongs to the cluster"},
		{"the API server through NAT64", "api.example", "64:ff9b::a60:1", []string{"10.0.0.0/8"}, []string{"10.96.0.1/32"}, "belongs to the cluster"},
		{"the API server by its port", "api.example", "10.0.0.5", []string{"10.0.0.0/8"}, []string{"10.0.0.5:" + port}, "belongs to the cluster"},
		{"the API server by its port, through NAT64", "api.example", "64:ff9b::a00:5", []string{"10.0.0.0/8"}, []string{"10.0.0.5:" + port}, "belongs to the cluster"},
		{"the API server by its port, over IPv6", "api.example", "fd00::5", []string{"fd00::/8"}, []string{"[fd00::5]:" + port}, "belongs to the cluster"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			bench.exempt, bench.hosts = none, map[string]string{each.host: each.address}
			bench.limits.AllowNetworks, bench.limits.DenyNetworks = each.allow, each.deny
			bench.wantRefused(bench.fetch(artifact{Source: "http://" + each.host + ":" + port + "/x"}), each.refusal)
		})
	}
}

func TestADeniedPortLeavesTheOthersOfItsAddress(t *testing.T) {
	out, err := newNetwork(fetchLimits{MaxBytes: 1, DenyNetworks: []string{"10.0.0.5:6443", "[fd00::5]:6443", "10.96.0.1", "192.0.2.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	for target, ok := range map[string]bool{
		"10.0.0.5:6443": false, "[::ffff:10.0.0.5]:6443": false, "10.0.0.5:6444": true, "10.0.0.6:6443": true, "[fd00::5]:6443": false, "[fd00::5]:80": true,
		"10.96.0.1:443": false, "10.96.0.1:80": false, "192.0.2.9:1": false,
	} {
		parsed := netip.MustParseAddrPort(target)
		// The job itself names the host, which is enough for a private address, and not for these.
		out.name(parsed.Addr().String())
		if err := out.check(parsed.Addr().String(), parsed); (err == nil) != ok {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestDeniedTargetsThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "api", "api:6443", "10.0.0.1:0", "10.0.0.1:65536", "fd00::1%eth0", "[fd00::1%eth0]:6443", "10.0.0.0/8:6443", "10.0.0.1:"} {
		if _, err := parseDenied([]string{text}); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestCheckOfAddresses(t *testing.T) {
	cases := []struct {
		host, address string
		allow         []string
		ok            bool
	}{
		{"named.example", "8.8.8.8", nil, true},
		{"other.example", "8.8.8.8", nil, true},
		{"named.example", "10.0.0.1", nil, true},
		{"NAMED.example.", "10.0.0.1", nil, true},
		{"other.example", "10.0.0.1", nil, false},
		{"other.example", "10.0.0.1", []string{"10.0.0.0/24"}, true},
		{"other.example", "10.0.1.1", []string{"10.0.0.0/24"}, false},
		{"other.example", "172.16.0.1", nil, false},
		{"other.example", "172.15.255.255", nil, true},
		{"other.example", "172.32.0.0", nil, true},
		{"other.example", "192.168.1.1", nil, false},
		{"other.example", "100.64.0.1", nil, false},
		{"other.example", "fd12::1", nil, false},
		{"named.example", "fd12::1", nil, true},
		{"named.example", "0.0.0.0", nil, false},
		{"named.example", "127.8.8.8", nil, false},
		{"named.example", "224.0.0.1", nil, false},
		{"named.example", "255.255.255.255", nil, false},
		{"named.example", "100.100.100.200", nil, false},
		{"named.example", "168.63.129.16", nil, false},
		{"named.example", "::", nil, false},
		{"named.example", "::1", nil, false},
		{"named.example", "::7f00:1", nil, false},
		{"named.example", "fe80::1", nil, false},
		{"named.example", "ff02::1", nil, false},
		{"named.example", "::ffff:127.0.0.1", nil, false},
		{"named.example", "64:ff9b::7f00:1", nil, false},
		{"named.example", "64:ff9b::808:808", nil, true},
		{"named.example", "2002:a9fe:a9fe::", nil, false},
		{"named.example", "2002:808:808::", nil, true},
		{"named.example", "2001:0:1:2:3:4:f7f7:f7f7", nil, true},
		{"named.example", "2001:0:1:2:3:4:5601:5601", nil, false},
		{"named.example", "2606:4700::1111", nil, true},
	}
	for _, each := range cases {
		out, err := newNetwork(fetchLimits{MaxBytes: 1, AllowNetworks: each.allow})
		if err != nil {
			t.Fatal(err)
		}
		out.name("named.example")
		err = out.check(each.host, netip.AddrPortFrom(netip.MustParseAddr(each.address), 80))
		if (err == nil) != each.ok {
			t.Errorf("%s at %s: %v", each.host, each.address, err)
		}
	}
}
