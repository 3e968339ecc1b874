// Keeping secrets out of what is shown: the source as people may see it, and a last sweep over every error.
package main

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const redacted = "REDACTED"

var (
	secretName = regexp.MustCompile(`(?i)key|token|secret|passw|pwd|sig|cred|auth|session|jwt|code|^sv$|^se$|^sp$`)
	userInfo   = regexp.MustCompile(`(://|^)([^/@?#\s]*)@`)
	gitUser    = regexp.MustCompile(`(://|^)git@`)
)

// displayOf is the source without credentials: no user and password, no value of a query that looks like a secret. It works on
// text, since a source that cannot be parsed is shown too.
func displayOf(text string) string {
	address, query, hasQuery := strings.Cut(text, "?")
	prefix := ""
	if match := forcedGetter.FindStringSubmatch(address); match != nil {
		prefix, address = match[1]+"::", match[2]
	}
	// A password may hold an @ or a slash that nobody escaped: all up to the last @ before the path's end goes.
	if !gitUser.MatchString(address) || strings.Count(address, "@") > 1 {
		if scheme, rest, ok := strings.Cut(address, "://"); ok {
			if index := strings.LastIndexByte(rest, '@'); index >= 0 {
				address = scheme + "://" + redacted + rest[index:]
			}
		} else {
			address = userInfo.ReplaceAllString(address, "${1}"+redacted+"@")
		}
	}
	if !hasQuery {
		return prefix + address
	}
	pairs := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' })
	for index, pair := range pairs {
		name, _, hasValue := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if hasValue && (err != nil || secretName.MatchString(plain)) {
			pairs[index] = name + "=" + redacted
		}
	}
	return prefix + address + "?" + strings.Join(pairs, "&")
}

// secretsOf are the values that no text of ours may hold.
func secretsOf(block artifact, credentials map[string][]byte) []string {
	var secrets []string
	add := func(value string) {
		value = strings.TrimSpace(value)
		if len(value) >= 3 {
			secrets = append(secrets, value, url.QueryEscape(value), url.PathEscape(value))
		}
	}
	_, query, _ := strings.Cut(block.Source, "?")
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' }) {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || secretName.MatchString(plain) {
			add(value)
			if decoded, err := url.QueryUnescape(value); err == nil {
				add(decoded)
			}
		}
	}
	if match := userInfo.FindStringSubmatch(block.Source); match != nil && match[2] != "git" {
		name, password, _ := strings.Cut(match[2], ":")
		add(password)
		if password == "" {
			add(name)
		}
		if decoded, err := url.PathUnescape(password); err == nil {
			add(decoded)
		}
	}
	for name, value := range block.Options {
		if secretName.MatchString(name) {
			add(value)
		}
	}
	for _, value := range block.Headers {
		add(value)
	}
	for name, value := range credentials {
		if name != "username" && name != "known_hosts" {
			add(string(value))
		}
	}
	// The longest first: a short one may be part of it.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

// sweep takes every secret out of a text, and control characters, which a terminal would obey.
func sweep(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// withoutURL is the reason inside Go's errors about requests, which quote the whole address.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return withoutURL(wrapped.Err)
	}
	return err
}
