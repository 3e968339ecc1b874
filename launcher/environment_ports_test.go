package main

import (
	"maps"
	"testing"
)

func TestPortVariables(t *testing.T) {
	addresses := podAddresses{pod: "10.1.2.3", host: "192.0.2.7"}
	cases := []struct {
		name string
		port documentPort
		want map[string]string
	}{
		{"in the pod's network", documentPort{Label: "http", Port: 8080, Isolated: true}, map[string]string{
			"NOMAD_PORT_http": "8080", "NOMAD_IP_http": "10.1.2.3", "NOMAD_ADDR_http": "10.1.2.3:8080",
			"NOMAD_HOST_PORT_http": "8080", "NOMAD_HOST_IP_http": "10.1.2.3", "NOMAD_HOST_ADDR_http": "10.1.2.3:8080",
			"NOMAD_ALLOC_PORT_http": "8080", "NOMAD_ALLOC_IP_http": "10.1.2.3", "NOMAD_ALLOC_ADDR_http": "10.1.2.3:8080", "NOMAD_ALLOC_INTERFACE_http": "eth0",
		}},
		{"passed on by the node", documentPort{Label: "http", Port: 8080, HostPort: 80, Isolated: true}, map[string]string{
			"NOMAD_PORT_http": "8080", "NOMAD_IP_http": "192.0.2.7", "NOMAD_ADDR_http": "192.0.2.7:80",
			"NOMAD_HOST_PORT_http": "80", "NOMAD_HOST_IP_http": "192.0.2.7", "NOMAD_HOST_ADDR_http": "192.0.2.7:80",
			"NOMAD_ALLOC_PORT_http": "8080", "NOMAD_ALLOC_IP_http": "10.1.2.3", "NOMAD_ALLOC_ADDR_http": "10.1.2.3:8080", "NOMAD_ALLOC_INTERFACE_http": "eth0",
		}},
		{"on the node's network, with a dash in its label and a port that it is told to take", documentPort{Label: "admin-api", Port: 9000, HostPort: 24654}, map[string]string{
			"NOMAD_PORT_admin_api": "9000", "NOMAD_IP_admin_api": "192.0.2.7", "NOMAD_ADDR_admin_api": "192.0.2.7:24654", "NOMAD_ALLOC_PORT_admin-api": "9000",
			"NOMAD_HOST_PORT_admin_api": "24654", "NOMAD_HOST_IP_admin-api": "192.0.2.7", "NOMAD_HOST_ADDR_admin-api": "192.0.2.7:24654",
		}},
	}
	for _, c := range cases {
		if got := portVariables([]documentPort{c.port}, addresses); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPortsReachATaskAndItsTexts(t *testing.T) {
	document := validDocument()
	document.Ports = []documentPort{{Label: "http", Port: 8080, Isolated: true}}
	document.TaskEnv = map[string]string{"LISTEN": "${NOMAD_IP_http}:${NOMAD_PORT_http}", "NOMAD_HOST_PORT_http": "mine"}
	facts := testFacts()
	facts.addresses = podAddresses{pod: "fd00::1"}
	all, err := taskEnvironment(document, facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"LISTEN": "fd00::1:8080", "NOMAD_ADDR_http": "[fd00::1]:8080", "NOMAD_HOST_PORT_http": "mine"} {
		if all[name] != want {
			t.Errorf("%s is %q, want %q", name, all[name], want)
		}
	}
}

func TestDocumentPortsAreChecked(t *testing.T) {
	for _, port := range []documentPort{{Label: "", Port: 1}, {Label: "a=b", Port: 1}, {Label: "a\x00", Port: 1}, {Label: "a"}} {
		document := validDocument()
		document.Ports = []documentPort{port}
		if document.check() == nil {
			t.Errorf("%+v is taken", port)
		}
	}
}
