package nomadapi

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

const readerRules = `namespace "default" { policy = "read" }`

func TestACLBootstrap(t *testing.T) {
	t.Run("is done once", func(t *testing.T) {
		_, _, err := clientWith(t, "").ACLTokens().Bootstrap(nil)
		if err == nil || !regexp.MustCompile(`^Unexpected response code: 400 \(ACL bootstrap already done \(reset index: [1-9][0-9]*\)\)$`).MatchString(err.Error()) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("refuses a secret that is no UUID", func(t *testing.T) {
		_, _, err := clientWith(t, "").ACLTokens().BootstrapOpts("short", nil)
		wantRefusal(t, err, http.StatusBadRequest, "invalid acl token")
	})
}

func TestACLPolicies(t *testing.T) {
	client := managementClient(t)
	t.Run("one is written, listed, read, changed and deleted", func(t *testing.T) {
		name := newPolicy(t, client, readerRules)
		wantPolicy(t, client, name, readerRules)
		stubs, _, err := client.ACLPolicies().List(nil)
		if err != nil || !slices.ContainsFunc(stubs, func(stub *api.ACLPolicyListStub) bool { return stub.Name == name }) {
			t.Fatalf("%d policies are listed (%v), and %s is not among them", len(stubs), err, name)
		}
		changed := `namespace "default" { capabilities = ["read-job", "alloc-exec"] }`
		if _, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: name, Rules: changed}, nil); err != nil {
			t.Fatal(err)
		}
		wantPolicy(t, client, name, changed)
		if _, err := client.ACLPolicies().Delete(name, nil); err != nil {
			t.Fatal(err)
		}
		_, _, err = client.ACLPolicies().Info(name, nil)
		wantRefusal(t, err, http.StatusNotFound, "ACL policy not found")
	})
	t.Run("an unknown one is not found", func(t *testing.T) {
		_, _, err := client.ACLPolicies().Info("no-such-policy", nil)
		wantRefusal(t, err, http.StatusNotFound, "ACL policy not found")
	})
	t.Run("its name must be that of the path", func(t *testing.T) {
		_, err := client.Raw().Write("/v1/acl/policy/one-name", map[string]string{"Name": "another-name", "Rules": readerRules}, nil, nil)
		wantRefusal(t, err, http.StatusBadRequest, "ACL policy name does not match request path")
	})
	for name, rules := range map[string]string{
		"rules that are no HCL":         `namespace "default" {`,
		"an unknown capability":         `namespace "default" { capabilities = ["fly"] }`,
		"an unknown policy":             `namespace "default" { policy = "sometimes" }`,
		"an unknown block":              `spaceship "default" { policy = "read" }`,
		"a namespace without its label": `namespace { policy = "read" }`,
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			_, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: uniqueName("nb-test"), Rules: rules}, nil)
			wantRefused(t, err)
		})
	}
	for name, rules := range map[string]string{
		"JSON":     `{"namespace":{"default":{"policy":"read"}},"node":{"policy":"read"}}`,
		"no rules": "",
	} {
		t.Run("rules may be "+name, func(t *testing.T) { wantPolicy(t, client, newPolicy(t, client, rules), rules) })
	}
	t.Run("rules that are a comment alone are refused", func(t *testing.T) {
		_, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: uniqueName("nb-test"), Rules: "# nothing yet"}, nil)
		wantRefusal(t, err, http.StatusBadRequest, "policy 0 invalid: 1 error occurred:\n\t* failed to parse rules: Invalid policy: # nothing yet")
	})
	t.Run("JSON gives the rights that it names", func(t *testing.T) {
		policy := newPolicy(t, client, `{"namespace":{"default":{"capabilities":["list-jobs"]}}}`)
		if _, _, err := clientWith(t, newToken(t, client, policy).SecretID).Jobs().List(nil); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a name that a path cannot hold is refused", func(t *testing.T) {
		_, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: "under_score", Rules: readerRules}, nil)
		wantRefused(t, err)
	})
	t.Run("a policy for one job's workload is kept so, or refused", func(t *testing.T) {
		wanted := &api.ACLPolicy{Name: uniqueName("nb-test"), Rules: readerRules, JobACL: &api.JobACL{Namespace: "default", JobID: "some-job"}}
		if _, err := client.ACLPolicies().Upsert(wanted, nil); err != nil {
			wantRefused(t, err)
			return
		}
		t.Cleanup(func() { client.ACLPolicies().Delete(wanted.Name, nil) })
		policy, _, err := client.ACLPolicies().Info(wanted.Name, nil)
		if err != nil || policy.JobACL == nil || *policy.JobACL != *wanted.JobACL {
			t.Fatalf("got %+v (%v): the bridge took JobACL and forgot it", policy, err)
		}
	})
	t.Run("a token sees its own policies alone", func(t *testing.T) {
		own, other := newPolicy(t, client, readerRules), newPolicy(t, client, readerRules)
		reader := clientWith(t, newToken(t, client, own).SecretID)
		self, _, err := reader.ACLPolicies().Self(nil)
		if err != nil || len(self) != 1 || self[0].Name != own {
			t.Fatalf("got %v (%v), want %s alone", self, err, own)
		}
		wantPolicy(t, reader, own, readerRules)
		_, _, err = reader.ACLPolicies().Info(other, nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
		_, err = reader.ACLPolicies().Upsert(&api.ACLPolicy{Name: own, Rules: readerRules}, nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
}

func TestACLTokens(t *testing.T) {
	client := managementClient(t)
	t.Run("one is made, listed, read, renamed and deleted", func(t *testing.T) { tokenLife(t, client) })
	t.Run("a token reads itself and no other", func(t *testing.T) {
		token := newToken(t, client, newPolicy(t, client, readerRules))
		reader := clientWith(t, token.SecretID)
		self, _, err := reader.ACLTokens().Self(nil)
		if err != nil || self.AccessorID != token.AccessorID || self.SecretID != token.SecretID {
			t.Fatalf("got %+v (%v), want the token itself", self, err)
		}
		if own, _, err := reader.ACLTokens().Info(token.AccessorID, nil); err != nil || own.Name != token.Name {
			t.Fatalf("got %+v (%v), want the token itself by its accessor", own, err)
		}
		mine, _, err := client.ACLTokens().Self(nil)
		if err != nil || mine.Type != "management" {
			t.Fatalf("got %+v (%v), want a management token", mine, err)
		}
		_, _, err = reader.ACLTokens().Info(mine.AccessorID, nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
		_, _, err = reader.ACLTokens().List(nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
		_, _, err = reader.ACLTokens().Create(&api.ACLToken{Type: "management"}, nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
	t.Run("the members of a request may be in lower case", func(t *testing.T) {
		var token api.ACLToken
		name := uniqueName("nb-test")
		if _, err := client.Raw().Write("/v1/acl/token", map[string]string{"name": name, "type": "management"}, &token, nil); err != nil {
			t.Fatal(err)
		}
		deleteLater(t, client, &token)
		if token.Name != name || token.Type != "management" {
			t.Fatalf("got %+v", token)
		}
	})
	t.Run("an unknown accessor is not found", func(t *testing.T) {
		_, _, err := client.ACLTokens().Info(nowhere, nil)
		wantRefusal(t, err, http.StatusNotFound, "ACL token not found")
	})
	t.Run("an unknown accessor cannot be deleted", func(t *testing.T) {
		_, err := client.ACLTokens().Delete(nowhere, nil)
		wantRefusal(t, err, http.StatusBadRequest, "Cannot delete nonexistent tokens: "+nowhere)
	})
	for name, refused := range map[string]struct {
		token api.ACLToken
		text  string
	}{
		"a client token without policies":   {api.ACLToken{Type: "client"}, "client token missing policies or roles"},
		"a management token with policies":  {api.ACLToken{Type: "management", Policies: []string{"p"}}, "management token cannot be associated with policies or roles"},
		"a token of another type":           {api.ACLToken{Type: "root"}, "token type must be client or management"},
		"a name that is too long":           {api.ACLToken{Type: "management", Name: strings.Repeat("n", 257)}, "token name too long"},
		"a life that is too short":          {api.ACLToken{Type: "management", ExpirationTTL: time.Second}, "expiration time cannot be less than 1m0s in the future (was 1s)"},
		"a life that is too long":           {api.ACLToken{Type: "management", ExpirationTTL: 48 * time.Hour}, "expiration time cannot be more than 24h0m0s in the future (was 48h0m0s)"},
		"a life that ends before it begins": {api.ACLToken{Type: "management", ExpirationTTL: -time.Hour}, "token expiration TTL '-1h0m0s' should not be negative\n\t* expiration time cannot be before create time\n\t* expiration time cannot be less than 1m0s in the future (was -1h0m0s)"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, _, err := client.ACLTokens().Create(&refused.token, nil)
			wantRefusal(t, err, http.StatusBadRequest, invalidToken(refused.text))
		})
	}
	t.Run("a token keeps its life and its reach", func(t *testing.T) {
		token, _, err := client.ACLTokens().Create(&api.ACLToken{Type: "management", Name: uniqueName("nb-test"), ExpirationTTL: time.Hour}, nil)
		if err != nil {
			t.Fatal(err)
		}
		deleteLater(t, client, token)
		if token.ExpirationTime == nil || !token.ExpirationTime.Equal(token.CreateTime.Add(time.Hour)) {
			t.Fatalf("made at %v, it expires at %v, want an hour later", token.CreateTime, token.ExpirationTime)
		}
		longer := &api.ACLToken{AccessorID: token.AccessorID, Type: token.Type, ExpirationTTL: 2 * time.Hour}
		_, _, err = client.ACLTokens().Update(longer, nil)
		wantRefusal(t, err, http.StatusBadRequest, invalidToken("cannot update expiration TTL"))
		global := &api.ACLToken{AccessorID: token.AccessorID, Type: token.Type, Global: !token.Global}
		_, _, err = client.ACLTokens().Update(global, nil)
		wantRefusal(t, err, http.StatusBadRequest, invalidToken("cannot toggle global mode"))
	})
}

// invalidToken has errors one below the other, as Nomad lists them.
func invalidToken(errors string) string {
	count := strings.Count(errors, "\n") + 1
	what := map[bool]string{true: "1 error", false: fmt.Sprintf("%d errors", count)}[count == 1]
	return fmt.Sprintf("token 0 invalid: %s occurred:\n\t* %s", what, errors)
}

func tokenLife(t *testing.T, client *api.Client) {
	policy := newPolicy(t, client, readerRules)
	token := newToken(t, client, policy)
	if len(token.AccessorID) != 36 || len(token.SecretID) != 36 || token.CreateIndex == 0 || !slices.Equal(token.Policies, []string{policy}) {
		t.Fatalf("got %+v", token)
	}
	stubs, _, err := client.ACLTokens().List(nil)
	if err != nil || !slices.ContainsFunc(stubs, func(stub *api.ACLTokenListStub) bool { return stub.AccessorID == token.AccessorID }) {
		t.Fatalf("%d tokens are listed (%v), and %s is not among them", len(stubs), err, token.AccessorID)
	}
	renamed := &api.ACLToken{AccessorID: token.AccessorID, Name: uniqueName("nb-renamed"), Type: "client", Policies: token.Policies}
	if _, _, err := client.ACLTokens().Update(renamed, nil); err != nil {
		t.Fatal(err)
	}
	if read, _, err := client.ACLTokens().Info(token.AccessorID, nil); err != nil || read.Name != renamed.Name {
		t.Fatalf("got name %+v (%v), want %q", read, err, renamed.Name)
	}
	if _, err := client.ACLTokens().Delete(token.AccessorID, nil); err != nil {
		t.Fatal(err)
	}
	_, _, err = client.ACLTokens().Info(token.AccessorID, nil)
	wantRefusal(t, err, http.StatusNotFound, "ACL token not found")
}

// newPolicy returns the name of a policy that goes with the test.
func newPolicy(t *testing.T, client *api.Client, rules string) string {
	t.Helper()
	name := uniqueName("nb-test")
	if _, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: name, Description: "of a test", Rules: rules}, nil); err != nil {
		t.Fatalf("writing the policy %s: %v", rules, err)
	}
	t.Cleanup(func() { client.ACLPolicies().Delete(name, nil) })
	return name
}

// newToken returns a client token that goes with the test.
func newToken(t *testing.T, client *api.Client, policies ...string) *api.ACLToken {
	t.Helper()
	token, _, err := client.ACLTokens().Create(&api.ACLToken{Name: uniqueName("nb-test"), Type: "client", Policies: policies}, nil)
	if err != nil {
		t.Fatalf("making a token with %v: %v", policies, err)
	}
	deleteLater(t, client, token)
	return token
}

func deleteLater(t *testing.T, client *api.Client, token *api.ACLToken) {
	t.Cleanup(func() { client.ACLTokens().Delete(token.AccessorID, nil) })
}

func wantPolicy(t *testing.T, client *api.Client, name, rules string) {
	t.Helper()
	policy, _, err := client.ACLPolicies().Info(name, nil)
	if err != nil || policy.Name != name || policy.Rules != rules {
		t.Fatalf("got %+v (%v), want %s with %s", policy, err, name, rules)
	}
}

// wantRefused asserts a reply 400 whose words are the bridge's own.
func wantRefused(t *testing.T, err error) {
	t.Helper()
	var reply api.UnexpectedResponseError
	if !errors.As(err, &reply) || reply.StatusCode() != http.StatusBadRequest || reply.Body() == "" {
		t.Fatalf("got %v, want a reply 400 that says why", err)
	}
}
