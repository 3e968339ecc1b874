package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func newSigner(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

// sshServer gives the repositories of a folder to the owner of one key, by git's own program.
func sshServer(t *testing.T, folder string, host ssh.Signer, allowed ssh.PublicKey) string {
	t.Helper()
	settings := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(allowed.Marshal()) {
			return nil, fmt.Errorf("unknown key")
		}
		return nil, nil
	}}
	settings.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSH(connection, settings, folder)
		}
	}()
	return listener.Addr().String()
}

func serveSSH(connection net.Conn, settings *ssh.ServerConfig, folder string) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, settings)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range asked {
			if request.Type != "exec" {
				_ = request.Reply(false, nil)
				continue
			}
			_ = request.Reply(true, nil)
			command := string(request.Payload[4 : 4+binary.BigEndian.Uint32(request.Payload)])
			path := strings.Trim(strings.TrimPrefix(command, "git-upload-pack "), "'")
			upload := exec.Command("git", "-c", "safe.directory=*", "upload-pack", filepath.Join(folder, path))
			upload.Stdin, upload.Stdout = channel, channel
			_ = upload.Run()
			_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
			_ = channel.Close()
		}
	}
}

func TestRepositoriesOverSSH(t *testing.T) {
	folder := t.TempDir()
	repositoryOf(t, folder, "app", history)
	host, _ := newSigner(t)
	stranger, strangersKey := newSigner(t)
	user, key := newSigner(t)
	address := sshServer(t, folder, host, user.PublicKey())
	source := "git::ssh://git@" + address + "/app/.git//bin?ref=v1"
	known := []byte(knownhosts.Line([]string{address}, host.PublicKey()) + "\n")
	other := []byte(knownhosts.Line([]string{address}, stranger.PublicKey()) + "\n")
	cases := []struct {
		name        string
		credentials map[string][]byte
		insecure    bool
		refusal     string
	}{
		{"known host", map[string][]byte{"ssh-privatekey": key, "known_hosts": known}, false, ""},
		{"not checked", map[string][]byte{"ssh-privatekey": key}, true, ""},
		{"another host", map[string][]byte{"ssh-privatekey": key, "known_hosts": other}, false, "key"},
		{"another host although insecure", map[string][]byte{"ssh-privatekey": key, "known_hosts": other}, true, "key"},
		{"another key", map[string][]byte{"ssh-privatekey": strangersKey, "known_hosts": known}, false, "unable to authenticate"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			bench.credentials = each.credentials
			err := bench.fetch(artifact{Source: source, Insecure: each.insecure})
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(map[string]string{"local/run": "run\n"})
		})
	}
}
