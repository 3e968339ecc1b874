// `nomad login -type=oidc`, with the browser played by a client that follows the issuer's redirect back.
package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/hashicorp/nomad/api"
)

// callback is where the CLI listens for the browser.
const callback = "http://localhost:4649/oidc/callback"

func (s *session) loginByBrowser(method string) (*api.ACLToken, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	nonce := hex.EncodeToString(random[:])
	begun, _, err := s.client.ACLAuth().GetAuthURL(&api.ACLOIDCAuthURLRequest{AuthMethodName: method, RedirectURI: callback, ClientNonce: nonce}, nil)
	if err != nil {
		return nil, fmt.Errorf("Error performing login: %w", err)
	}
	back, err := browse(begun.AuthURL, s.flags["issuer-ca"])
	if err != nil {
		return nil, err
	}
	request := &api.ACLOIDCCompleteAuthRequest{
		AuthMethodName: method, ClientNonce: nonce, RedirectURI: callback,
		State: back.Get("state"), Code: back.Get("code"), Iss: back.Get("iss"),
	}
	token, _, err := s.client.ACLAuth().CompleteAuth(request, nil)
	if err != nil {
		return nil, fmt.Errorf("Error performing login: %w", err)
	}
	return token, nil
}

// browse returns what the issuer sends the browser back with.
func browse(address, caFile string) (url.Values, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, CheckRedirect: stay}
	reply, err := browser.Get(address)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	back, err := url.Parse(reply.Header.Get("Location"))
	if err != nil || back.Path != "/oidc/callback" {
		return nil, fmt.Errorf("the issuer answered %s, and sent the browser to %q", reply.Status, reply.Header.Get("Location"))
	}
	return back.Query(), nil
}
