// One run of a command: its client, the calls that it made, and what it saw.
package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/nomad/api"
)

// call is one request. Query values that name something of this run are left out: only their names count.
type call struct {
	Method, Path string
	Query        []string
	Status       int
}

// recorder writes down every request that goes through it.
type recorder struct {
	inner http.RoundTripper
	mutex sync.Mutex
	calls []call
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	reply, err := r.inner.RoundTrip(request)
	made := call{Method: request.Method, Path: request.URL.Path, Query: []string{}}
	for name := range request.URL.Query() {
		made.Query = append(made.Query, name)
	}
	if reply != nil {
		made.Status = reply.StatusCode
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.calls = append(r.calls, made)
	return reply, err
}

func (r *recorder) seen() []call {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]call{}, r.calls...)
}

type session struct {
	client *api.Client
	// plain is not recorded: a WebSocket needs the transport itself.
	plain    *api.Client
	recorder *recorder
	args     []string
	flags    map[string]string
	saw      map[string]any
	hazards  []string
}

func newSession(args []string) (*session, error) {
	config := api.DefaultConfig()
	plain, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	httpClient := &http.Client{Transport: transport}
	if err := api.ConfigureTLS(httpClient, config.TLSConfig); err != nil {
		return nil, err
	}
	recording := &recorder{inner: httpClient.Transport}
	httpClient.Transport = recording
	config.HttpClient = httpClient
	client, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	s := &session{client: client, plain: plain, recorder: recording, flags: map[string]string{}, saw: map[string]any{}, hazards: []string{}}
	s.parse(args)
	return s, nil
}

// parse takes flags as the CLI does, before the arguments, always as -name or -name=value.
func (s *session) parse(args []string) {
	for at, arg := range args {
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			s.args = args[at:]
			return
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !hasValue {
			value = "true"
		}
		s.flags[name] = value
	}
}

func (s *session) has(flag string) bool { return s.flags[flag] == "true" }

func (s *session) arg(at int) string {
	if at < len(s.args) {
		return s.args[at]
	}
	return ""
}

// needs notes what the CLI follows a pointer into: where it is nil, the CLI ends with a panic.
func (s *session) needs(what string, isThere bool) {
	if !isThere {
		s.hazards = append(s.hazards, what)
	}
}

// notes is what the CLI prints and goes on after.
func (s *session) notes(what string, err error) {
	if err != nil {
		s.saw[what] = err.Error()
	}
}

// hints is the last call of many commands since 1.10: whether to print a link to the web interface. Every error of it is passed over.
func (s *session) hints() {
	self, err := s.client.Agent().Self()
	if err != nil {
		return
	}
	ui, _ := self.Config["UI"].(map[string]any)
	s.saw["hints"] = ui["ShowCLIHints"]
}

// patience bounds what monitors wait for.
const patience = 3 * time.Minute

func notFound(kind, id string) error {
	return fmt.Errorf("No %s(s) with prefix or id %q found", kind, id)
}

func manyFound(kind string, ids []string) error {
	return fmt.Errorf("Prefix matched multiple %ss: %s", kind, strings.Join(ids, " "))
}

// evenPrefix is what the CLI makes of a shortened ID: the index takes pairs of digits.
func evenPrefix(id string) string {
	digits := strings.ReplaceAll(id, "-", "")
	if len(digits)%2 == 1 {
		return id[:len(id)-1]
	}
	return id
}

func inNamespace(namespace string) *api.QueryOptions { return &api.QueryOptions{Namespace: namespace} }

func writeIn(namespace string) *api.WriteOptions { return &api.WriteOptions{Namespace: namespace} }
