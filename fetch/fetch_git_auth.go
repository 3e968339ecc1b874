// How a repository is asked for: with the credentials of its own host alone, and over ssh with its known key.
package main

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// auth gives the job's credentials to the host of the source alone.
func (s *gitSession) auth(address *url.URL) (transport.AuthMethod, error) {
	if address.Scheme == "ssh" {
		return s.sshAuth(address)
	}
	if !isSameOrigin(s.from.url, address) {
		return nil, nil
	}
	if name, ok := s.fetcher.credential("username"); ok {
		password, _ := s.fetcher.credential("password")
		return &githttp.BasicAuth{Username: name, Password: password}, nil
	}
	if user := s.from.url.User; user != nil {
		password, _ := user.Password()
		return &githttp.BasicAuth{Username: user.Username(), Password: password}, nil
	}
	return nil, nil
}

func (s *gitSession) sshAuth(address *url.URL) (transport.AuthMethod, error) {
	key, err := s.privateKey()
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(address.Hostname(), s.from.url.Hostname()) {
		return nil, errors.New("it is at another host, which the ssh key is not for")
	}
	user := address.User.Username()
	if user == "" {
		user = "git"
	}
	auth, err := gitssh.NewPublicKeys(user, key, "")
	if err != nil {
		return nil, errors.New("the ssh key cannot be read; it must be a private key without a passphrase")
	}
	return auth, s.checkHostKey(auth, net.JoinHostPort(address.Hostname(), portOf(address)))
}

// checkHostKey needs known_hosts, as nobody is there to be asked; insecure leaves the check out, as it does for TLS.
func (s *gitSession) checkHostKey(auth *gitssh.PublicKeys, host string) error {
	known, ok := s.fetcher.job.Credentials["known_hosts"]
	if !ok && s.fetcher.job.Artifact.Insecure {
		auth.HostKeyCallback = ssh.InsecureIgnoreHostKey()
		return nil
	}
	if !ok {
		return errors.New("the host's ssh key is not known: put what ssh-keyscan prints into the Secret as known_hosts")
	}
	file := path.Join(s.scratch, "known_hosts")
	if err := writeNew(file, known, fs.FileMode(0o600)); err != nil {
		return err
	}
	hosts, err := gitssh.NewKnownHostsDb(file)
	if err != nil {
		return errors.New("the known_hosts of the Secret cannot be read")
	}
	auth.HostKeyCallback = hosts.HostKeyCallback()
	auth.HostKeyAlgorithms = hosts.HostKeyAlgorithms(host)
	return nil
}

func (s *gitSession) privateKey() ([]byte, error) {
	if key, ok := s.fetcher.job.Credentials["ssh-privatekey"]; ok {
		return key, nil
	}
	encoded := s.from.options["sshkey"]
	if encoded == "" {
		return nil, errors.New("ssh needs a key: name a Secret with ssh-privatekey in credentials")
	}
	key, err := decodeBase64(encoded)
	if err != nil {
		return nil, errors.New("the option sshkey is not base64")
	}
	return key, nil
}
