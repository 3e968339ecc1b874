// `nomad acl …`. A secret is never printed: only whether it came, but for `acl token create`, whose whole purpose it is.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

var aclSequences = map[string]sequence{
	"acl bootstrap":     aclBootstrap,
	"acl policy apply":  aclPolicyApply,
	"acl policy list":   aclPolicyList,
	"acl policy info":   aclPolicyInfo,
	"acl policy self":   aclPolicySelf,
	"acl policy delete": aclPolicyDelete,
	"acl token create":  aclTokenCreate,
	"acl token list":    aclTokenList,
	"acl token info":    aclTokenInfo,
	"acl token self":    aclTokenSelf,
	"acl token update":  aclTokenUpdate,
	"acl token delete":  aclTokenDelete,
}

func aclBootstrap(s *session) (int, error) {
	token, _, err := s.client.ACLTokens().BootstrapOpts("", nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error bootstrapping: %w", err)
	}
	s.saw["type"] = token.Type
	return exitOK, nil
}

func aclPolicyApply(s *session) (int, error) {
	rules, err := os.ReadFile(s.arg(1))
	if err != nil {
		return exitFailed, err
	}
	policy := &api.ACLPolicy{Name: s.arg(0), Description: s.flags["description"], Rules: string(rules)}
	_, err = s.client.ACLPolicies().Upsert(policy, nil)
	return exitOK, err
}

func aclPolicyList(s *session) (int, error) {
	policies, _, err := s.client.ACLPolicies().List(nil)
	names := []string{}
	for _, policy := range policies {
		names = append(names, policy.Name)
	}
	s.saw["policies"] = names
	return exitOK, err
}

func aclPolicyInfo(s *session) (int, error) {
	policy, _, err := s.client.ACLPolicies().Info(s.arg(0), nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["name"], s.saw["rules"] = policy.Name, policy.Rules
	return exitOK, nil
}

func aclPolicySelf(s *session) (int, error) {
	policies, _, err := s.client.ACLPolicies().Self(nil)
	s.saw["policies"] = len(policies)
	return exitOK, err
}

func aclPolicyDelete(s *session) (int, error) {
	_, err := s.client.ACLPolicies().Delete(s.arg(0), nil)
	return exitOK, err
}

func aclTokenCreate(s *session) (int, error) {
	policies := strings.FieldsFunc(s.flags["policy"], func(r rune) bool { return r == ',' })
	// A policy that is not there is worth a warning, and no more.
	for _, policy := range policies {
		_, _, err := s.client.ACLPolicies().Info(policy, nil)
		s.notes("policy "+policy, err)
	}
	asked := &api.ACLToken{Name: s.flags["name"], Type: s.flags["type"], Policies: policies, Global: s.has("global")}
	if id, name := s.flags["role-id"], s.flags["role-name"]; id != "" || name != "" {
		asked.Roles = []*api.ACLTokenRoleLink{{ID: id, Name: name}}
	}
	if ttl := s.flags["ttl"]; ttl != "" {
		duration, err := time.ParseDuration(ttl)
		if err != nil {
			return exitFailed, err
		}
		asked.ExpirationTTL = duration
	}
	token, _, err := s.client.ACLTokens().Create(asked, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error creating token: %w", err)
	}
	s.saw["accessor"], s.saw["hasSecret"], s.saw["expires"] = token.AccessorID, token.SecretID != "", token.ExpirationTime != nil
	roles := []string{}
	for _, role := range token.Roles {
		s.needs("Roles[]", role != nil && role.ID != "")
		roles = append(roles, role.Name)
	}
	s.saw["roles"] = roles
	return exitOK, nil
}

func aclTokenList(s *session) (int, error) {
	tokens, _, err := s.client.ACLTokens().List(nil)
	s.saw["tokens"] = len(tokens) > 0
	return exitOK, err
}

func aclTokenInfo(s *session) (int, error) {
	token, _, err := s.client.ACLTokens().Info(s.arg(0), nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["name"], s.saw["type"] = token.Name, token.Type
	return exitOK, nil
}

func aclTokenSelf(s *session) (int, error) {
	token, _, err := s.client.ACLTokens().Self(nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["type"] = token.Type
	return exitOK, nil
}

func aclTokenUpdate(s *session) (int, error) {
	token, _, err := s.client.ACLTokens().Info(s.arg(0), nil)
	if err != nil {
		return exitFailed, err
	}
	token.Name = s.flags["name"]
	updated, _, err := s.client.ACLTokens().Update(token, nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["name"] = updated.Name
	return exitOK, nil
}

func aclTokenDelete(s *session) (int, error) {
	_, err := s.client.ACLTokens().Delete(s.arg(0), nil)
	return exitOK, err
}
