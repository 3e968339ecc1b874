// Variables of the labelled ports of a Nomad job, with the addresses that only the pod knows.
package main

import (
	"net"
	"os"
	"regexp"
	"strconv"
)

const (
	podIPEnv  = "NOMAD_BRIDGE_POD_IP"
	hostIPEnv = "NOMAD_BRIDGE_HOST_IP"

	// podInterface is what the container runtimes call it.
	podInterface = "eth0"
)

// podAddresses are empty where the document has no ports.
type podAddresses struct{ pod, host string }

func readPodAddresses() podAddresses {
	return podAddresses{pod: os.Getenv(podIPEnv), host: os.Getenv(hostIPEnv)}
}

// portVariables says where a port is from the outside (HOST_, and without a prefix ADDR and IP), and from the inside (ALLOC_, and
// PORT). A port that the node does not pass on is reached at the pod's address, from anywhere.
func portVariables(ports []documentPort, addresses podAddresses) map[string]string {
	all := make(map[string]string, len(ports)*10)
	for _, port := range ports {
		inside := strconv.Itoa(int(port.Port))
		outside, hostIP := inside, addresses.pod
		if port.HostPort != 0 {
			outside, hostIP = strconv.Itoa(int(port.HostPort)), addresses.host
		}
		label, clean := port.Label, cleanLabel(port.Label)
		all["NOMAD_PORT_"+clean] = inside
		all["NOMAD_IP_"+clean] = hostIP
		all["NOMAD_ADDR_"+clean] = net.JoinHostPort(hostIP, outside)
		all["NOMAD_HOST_PORT_"+clean] = outside
		all["NOMAD_HOST_IP_"+label] = hostIP
		all["NOMAD_HOST_ADDR_"+label] = net.JoinHostPort(hostIP, outside)
		all["NOMAD_ALLOC_PORT_"+label] = inside
		if port.Isolated {
			all["NOMAD_ALLOC_IP_"+label] = addresses.pod
			all["NOMAD_ALLOC_ADDR_"+label] = net.JoinHostPort(addresses.pod, inside)
			all["NOMAD_ALLOC_INTERFACE_"+label] = podInterface
		}
	}
	return all
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_]`)

// cleanLabel is Nomad's way with the older of these names; the others keep a label as it is.
func cleanLabel(label string) string { return notInName.ReplaceAllString(label, "_") }
