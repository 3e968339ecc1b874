package nomadapi

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// socket is an exec session without Nomad's client around it, to send what that client never would.
type socket struct {
	*websocket.Conn
}

// frame is whatever the server may say.
type frame struct {
	Stdout, Stderr *struct {
		Data  []byte
		Close bool
	}
	Exited bool
	Result *struct {
		ExitCode int `json:"exit_code"`
	}
}

func tlsOfEnvironment(t *testing.T) *tls.Config {
	t.Helper()
	file := os.Getenv("NOMAD_CACERT")
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("NOMAD_CACERT %s holds no certificate", file)
	}
	return &tls.Config{RootCAs: roots}
}

// execURL is the address of an exec request with these parameters.
func execURL(t *testing.T, scheme, allocID string, params url.Values) string {
	t.Helper()
	address, err := url.Parse(requiredEnv(t, "NOMAD_ADDR"))
	if err != nil {
		t.Fatal(err)
	}
	if address.Scheme == "https" {
		scheme += "s"
	}
	address.Scheme, address.Path, address.RawQuery = scheme, "/v1/client/allocation/"+allocID+"/exec", params.Encode()
	return address.String()
}

func execParams(t *testing.T, to target, tty bool, command ...string) url.Values {
	t.Helper()
	encoded, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	params := url.Values{"task": {to.task}, "command": {string(encoded)}, "tty": {"false"}}
	if tty {
		params.Set("tty", "true")
	}
	return params
}

func tokenHeader(t *testing.T) http.Header {
	t.Helper()
	return http.Header{"X-Nomad-Token": {requiredEnv(t, "NOMAD_TOKEN")}}
}

// dialExec fails the test unless the server upgrades: it says why it refuses in the close frame.
func dialExec(t *testing.T, allocID string, params url.Values, header http.Header) socket {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: tlsOfEnvironment(t), HandshakeTimeout: patience}
	connection, response, err := dialer.DialContext(t.Context(), execURL(t, "ws", allocID, params), header)
	if err != nil {
		t.Fatalf("no upgrade: %v (%+v)", err, response)
	}
	t.Cleanup(func() { connection.Close() })
	connection.SetReadDeadline(time.Now().Add(patience))
	return socket{connection}
}

func dialSession(t *testing.T, to target, tty bool, command ...string) socket {
	t.Helper()
	return dialExec(t, to.alloc.ID, execParams(t, to, tty, command...), tokenHeader(t))
}

// say sends a text frame. The server may close while a large one is on its way, so that a failure is no finding.
func (s socket) say(text string) {
	s.WriteMessage(websocket.TextMessage, []byte(text))
}

// untilEnd collects the output up to the exit frame, or to the error that took its place.
func (s socket) untilEnd() ending {
	var got ending
	for {
		var next frame
		if err := s.ReadJSON(&next); err != nil {
			got.err = err
			return got
		}
		switch {
		case next.Stdout != nil:
			got.stdout += string(next.Stdout.Data)
		case next.Stderr != nil:
			got.stderr += string(next.Stderr.Data)
		case next.Exited && next.Result != nil:
			got.code = next.Result.ExitCode
			return got
		}
	}
}

// waitForOutput reads until the text was printed.
func (s socket) waitForOutput(t *testing.T, text string) {
	t.Helper()
	for got := ""; !strings.Contains(got, text); {
		var next frame
		if err := s.ReadJSON(&next); err != nil {
			t.Fatalf("waiting for %q: %v after %q", text, err, got)
		}
		if next.Stdout != nil {
			got += string(next.Stdout.Data)
		}
	}
}

// wantClose asserts the code of the close frame, and that its reason is the text, or begins with it where it ends with "…".
func wantClose(t *testing.T, got ending, code int, text string) {
	t.Helper()
	var closed *websocket.CloseError
	if !errors.As(got.err, &closed) {
		t.Fatalf("got %+v, want a close frame %d %q", got, code, text)
	}
	start, isOpen := strings.CutSuffix(text, "…")
	matches := closed.Text == text || (isOpen && strings.HasPrefix(closed.Text, start) && len(closed.Text) > len(start))
	if closed.Code != code || !matches {
		t.Fatalf("got close frame %d %q, want %d %q", closed.Code, closed.Text, code, text)
	}
}
