// The HTTP client of all getters: checked addresses, no proxy, no downgrade, and no secret for another host.
package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	// Certificates of authorities for an image that has none; those of the machine are used where it has some.
	_ "golang.org/x/crypto/x509roots/fallback"
)

const (
	maxRedirects        = 10
	maxResponseHeader   = 256 * 1024
	handshakeTimeout    = 30 * time.Second
	firstByteTimeout    = 2 * time.Minute
	userAgent           = "nomad-bridge-fetch"
	authorizationHeader = "Authorization"
)

// newHTTPClient sends the names of ours, headers that the job or its Secret gives, to the first origin alone.
func newHTTPClient(out *network, insecure bool, ours []string) *http.Client {
	transport := &http.Transport{
		Proxy:                  nil,
		DialContext:            out.dial,
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: insecure, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		ResponseHeaderTimeout:  firstByteTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		// What is saved must be what was sent, byte for byte.
		DisableCompression: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		return checkRedirect(next, before, ours)
	}}
}

func checkRedirect(next *http.Request, before []*http.Request, ours []string) error {
	if len(before) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	scheme := strings.ToLower(next.URL.Scheme)
	if scheme != "http" && scheme != "https" {
		return fmt.Errorf("it redirects to %q, which is neither http nor https", scheme)
	}
	if before[len(before)-1].URL.Scheme == "https" && scheme != "https" {
		return errors.New("it redirects from https to http")
	}
	next.URL.User = nil
	// It would tell the next host the query of this one, and with it a signature.
	next.Header.Del("Referer")
	if !isSameOrigin(before[0].URL, next.URL) {
		for _, name := range append([]string{authorizationHeader, "Cookie"}, ours...) {
			next.Header.Del(name)
		}
	}
	return nil
}

// isSameOrigin: same scheme, host and port; or the same host, now with TLS on its usual port.
func isSameOrigin(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	if from.Scheme == to.Scheme {
		return portOf(from) == portOf(to)
	}
	return from.Scheme == "http" && portOf(from) == "80" && to.Scheme == "https" && portOf(to) == "443"
}

func portOf(address *url.URL) string {
	if port := address.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443", "ssh": "22"}[address.Scheme]
}
