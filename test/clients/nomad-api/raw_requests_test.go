package nomadapi

import (
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/gorilla/websocket"
)

// TestRawRequests sends exec requests that Nomad's client never would: the server upgrades, then closes with Nomad's code and text.
func TestRawRequests(t *testing.T) {
	to := theTarget(t)
	change := func(name string, values ...string) func(url.Values) {
		return func(params url.Values) { params[name] = values }
	}
	for name, each := range map[string]struct {
		change func(url.Values)
		code   int
		text   string
	}{
		"a command that is not JSON":              {change("command", "ls -l"), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"a command that is an object":             {change("command", `{"0":"ls"}`), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"a command with a number in it":           {change("command", `["sleep",3]`), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"a command that is cut off":               {change("command", `["ls"`), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"a command without an end to its nesting": {change("command", nested(5000)), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"no command at all":                       {change("command"), websocket.CloseInternalServerErr, "failed to marshal command into json: …"},
		"an empty command":                        {change("command", "[]"), websocket.ClosePolicyViolation, "command is not present"},
		"a null command":                          {change("command", "null"), websocket.ClosePolicyViolation, "command is not present"},
		"a terminal that is neither yes nor no":   {change("tty", "maybe"), websocket.CloseInternalServerErr, "tty value is not a boolean: …"},
		"no task":                                 {change("task"), websocket.ClosePolicyViolation, "must provide task name"},
		"an unknown task":                         {change("task", "no-such-task"), websocket.CloseInternalServerErr, "task not found"},
		"a task name that is a path":              {change("task", "../../etc"), websocket.CloseInternalServerErr, "task not found"},
	} {
		t.Run(name, func(t *testing.T) {
			params := execParams(t, to, false, "true")
			each.change(params)
			wantClose(t, dialExec(t, to.alloc.ID, params, tokenHeader(t)).untilEnd(), each.code, each.text)
		})
	}
	for name, each := range map[string]struct {
		allocID string
		code    int
		text    string
	}{
		"an unknown allocation":                {nowhere, websocket.ClosePolicyViolation, `Unknown allocation "` + nowhere + `"`},
		"an allocation ID that is too short":   {"abcd", websocket.CloseInternalServerErr, "alloc lookup failed: index error: UUID must be 36 characters"},
		"an allocation ID that is a job's":     {to.alloc.JobID, websocket.CloseInternalServerErr, "alloc lookup failed: index error: UUID must be 36 characters"},
		"an allocation ID with an escaped dot": {"%2e%2e", websocket.CloseInternalServerErr, "alloc lookup failed: index error: UUID must be 36 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			wantClose(t, dialExec(t, each.allocID, execParams(t, to, false, "true"), tokenHeader(t)).untilEnd(), each.code, each.text)
		})
	}
	for name, header := range map[string]http.Header{
		"no token":                     {},
		"an unknown token":             {"X-Nomad-Token": {nowhere}},
		"a basic password for a token": {"Authorization": {"Basic dXNlcjpwYXNz"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := dialExec(t, to.alloc.ID, execParams(t, to, false, "true"), header).untilEnd()
			wantClose(t, got, websocket.CloseInternalServerErr, "Permission denied")
		})
	}
	t.Run("a token as bearer", func(t *testing.T) {
		bearer := http.Header{"Authorization": {"bearer " + requiredEnv(t, "NOMAD_TOKEN")}}
		wantEnding(t, dialExec(t, to.alloc.ID, execParams(t, to, false, "sh", "-c", "exit 5"), bearer).untilEnd(), ending{code: 5})
	})
	t.Run("terminal yes in Go's other spellings", func(t *testing.T) {
		params := execParams(t, to, false, "sh", "-c", "test -t 0; echo $?")
		params.Set("tty", "T")
		wantEnding(t, dialExec(t, to.alloc.ID, params, tokenHeader(t)).untilEnd(), ending{stdout: "0\r\n"})
	})
	wantServing(t, to)
}

// TestRawVerbs asks for a session without asking for an upgrade.
func TestRawVerbs(t *testing.T) {
	to := theTarget(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: tlsOfEnvironment(t)}}
	for _, each := range []struct {
		method string
		status int
		text   string
	}{
		{http.MethodGet, http.StatusBadRequest, "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"},
		{http.MethodPost, http.StatusMethodNotAllowed, "Invalid method"},
	} {
		t.Run(each.method+" without an upgrade", func(t *testing.T) {
			address := execURL(t, "http", to.alloc.ID, execParams(t, to, false, "true"))
			request, err := http.NewRequestWithContext(t.Context(), each.method, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header = tokenHeader(t)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != each.status || string(body) != each.text {
				t.Fatalf("got %d %q (%v), want %d %q", response.StatusCode, body, err, each.status, each.text)
			}
		})
	}
	t.Run("a page of another site gets no session", func(t *testing.T) {
		header := tokenHeader(t)
		header.Set("Origin", "https://elsewhere.example")
		dialer := websocket.Dialer{TLSClientConfig: tlsOfEnvironment(t)}
		_, response, err := dialer.DialContext(t.Context(), execURL(t, "ws", to.alloc.ID, execParams(t, to, false, "true")), header)
		if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
			t.Fatalf("got %v (%+v), want a reply 403", err, response)
		}
	})
	wantServing(t, to)
}
