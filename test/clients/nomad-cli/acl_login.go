// `nomad acl role …`, `auth-method …`, `binding-rule …` and `nomad login`.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/nomad/api"
)

var loginSequences = map[string]sequence{
	"acl role create":         aclRoleCreate,
	"acl role info":           aclRoleInfo,
	"acl role update":         aclRoleUpdate,
	"acl role delete":         aclRoleDelete,
	"acl role list":           aclRoleList,
	"acl auth-method create":  aclAuthMethodCreate,
	"acl auth-method info":    aclAuthMethodInfo,
	"acl auth-method update":  aclAuthMethodUpdate,
	"acl auth-method delete":  aclAuthMethodDelete,
	"acl auth-method list":    aclAuthMethodList,
	"acl binding-rule create": aclBindingRuleCreate,
	"acl binding-rule info":   aclBindingRuleInfo,
	"acl binding-rule update": aclBindingRuleUpdate,
	"acl binding-rule delete": aclBindingRuleDelete,
	"acl binding-rule list":   aclBindingRuleList,
	"login":                   login,
}

func aclRoleCreate(s *session) (int, error) {
	role, _, err := s.client.ACLRoles().Create(&api.ACLRole{Name: s.flags["name"], Policies: []*api.ACLRolePolicyLink{{Name: s.flags["policy"]}}}, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error creating ACL role: %w", err)
	}
	s.saw["id"], s.saw["name"] = role.ID, role.Name
	return exitOK, nil
}

func aclRoleInfo(s *session) (int, error) {
	get := s.client.ACLRoles().Get
	if s.has("by-name") {
		get = s.client.ACLRoles().GetByName
	}
	role, _, err := get(s.arg(0), nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error reading ACL role: %w", err)
	}
	s.saw["name"], s.saw["policies"] = role.Name, len(role.Policies)
	return exitOK, nil
}

func aclRoleUpdate(s *session) (int, error) {
	role, _, err := s.client.ACLRoles().Get(s.arg(0), nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error when retrieving ACL role: %w", err)
	}
	role.Description = s.flags["description"]
	updated, _, err := s.client.ACLRoles().Update(role, nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["description"] = updated.Description
	return exitOK, nil
}

func aclRoleDelete(s *session) (int, error) {
	_, err := s.client.ACLRoles().Delete(s.arg(0), nil)
	return exitOK, err
}

func aclRoleList(s *session) (int, error) {
	roles, _, err := s.client.ACLRoles().List(nil)
	s.saw["roles"] = len(roles)
	return exitOK, err
}

func aclAuthMethodCreate(s *session) (int, error) {
	text, err := os.ReadFile(s.flags["config"])
	if err != nil {
		return exitFailed, err
	}
	config := &api.ACLAuthMethodConfig{}
	if err := json.Unmarshal(text, config); err != nil {
		return exitFailed, fmt.Errorf("Failed to parse config: %w", err)
	}
	method := &api.ACLAuthMethod{Name: s.flags["name"], Type: s.flags["type"], TokenLocality: "local", MaxTokenTTL: time.Hour, Default: s.has("default"), Config: config}
	made, _, err := s.client.ACLAuthMethods().Create(method, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error creating ACL auth method: %w", err)
	}
	s.needs("Config", made.Config != nil)
	s.saw["type"] = made.Type
	return exitOK, nil
}

func aclAuthMethodInfo(s *session) (int, error) {
	method, _, err := s.client.ACLAuthMethods().Get(s.arg(0), nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error reading ACL auth method: %w", err)
	}
	s.needs("Config", method.Config != nil)
	s.saw["type"], s.saw["ttl"] = method.Type, method.MaxTokenTTL.String()
	return exitOK, nil
}

func aclAuthMethodUpdate(s *session) (int, error) {
	method, _, err := s.client.ACLAuthMethods().Get(s.arg(0), nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error when retrieving ACL auth method: %w", err)
	}
	if method.MaxTokenTTL, err = time.ParseDuration(s.flags["max-token-ttl"]); err != nil {
		return exitFailed, err
	}
	updated, _, err := s.client.ACLAuthMethods().Update(method, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error updating ACL auth method: %w", err)
	}
	s.saw["ttl"], s.saw["type"] = updated.MaxTokenTTL.String(), updated.Type
	return exitOK, nil
}

func aclAuthMethodDelete(s *session) (int, error) {
	_, err := s.client.ACLAuthMethods().Delete(s.arg(0), nil)
	return exitOK, err
}

func aclAuthMethodList(s *session) (int, error) {
	methods, _, err := s.client.ACLAuthMethods().List(nil)
	s.saw["methods"] = len(methods)
	return exitOK, err
}

func aclBindingRuleCreate(s *session) (int, error) {
	rule := &api.ACLBindingRule{AuthMethod: s.flags["auth-method"], BindType: s.flags["bind-type"], BindName: s.flags["bind-name"], Selector: s.flags["selector"]}
	made, _, err := s.client.ACLBindingRules().Create(rule, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error creating ACL binding rule: %w", err)
	}
	s.saw["id"] = made.ID
	return exitOK, nil
}

func aclBindingRuleInfo(s *session) (int, error) {
	rule, _, err := s.client.ACLBindingRules().Get(s.arg(0), nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["method"], s.saw["bind"] = rule.AuthMethod, rule.BindName
	return exitOK, nil
}

func aclBindingRuleUpdate(s *session) (int, error) {
	rule, _, err := s.client.ACLBindingRules().Get(s.arg(0), nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error reading ACL binding rule: %w", err)
	}
	rule.Description = s.flags["description"]
	updated, _, err := s.client.ACLBindingRules().Update(rule, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error updating ACL binding rule: %w", err)
	}
	s.saw["description"], s.saw["bind"] = updated.Description, updated.BindName
	return exitOK, nil
}

func aclBindingRuleDelete(s *session) (int, error) {
	_, err := s.client.ACLBindingRules().Delete(s.arg(0), nil)
	return exitOK, err
}

func aclBindingRuleList(s *session) (int, error) {
	rules, _, err := s.client.ACLBindingRules().List(nil)
	s.saw["rules"] = len(rules)
	return exitOK, err
}

// login asks for the default method where none is named; with -type=jwt the token comes as an argument.
func login(s *session) (int, error) {
	name := s.flags["method"]
	if name == "" {
		methods, _, err := s.client.ACLAuthMethods().List(nil)
		if err != nil {
			return exitFailed, fmt.Errorf("Error listing ACL auth methods: %w", err)
		}
		for _, method := range methods {
			if method.Default {
				name = method.Name
			}
		}
		if name == "" {
			return exitFailed, fmt.Errorf("Must specify an auth method name, no default found")
		}
	}
	if s.flags["type"] == "oidc" {
		token, err := s.loginByBrowser(name)
		if err != nil {
			return exitFailed, err
		}
		s.saw["type"], s.saw["hasSecret"] = token.Type, token.SecretID != ""
		return exitOK, nil
	}
	token, _, err := s.client.ACLAuth().Login(&api.ACLLoginRequest{AuthMethodName: name, LoginToken: s.arg(0)}, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error performing login: %w", err)
	}
	s.saw["type"], s.saw["hasSecret"] = token.Type, token.SecretID != ""
	return exitOK, nil
}
