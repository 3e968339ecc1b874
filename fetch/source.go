// Sources as go-getter writes them: getter::address//sub/directory?options, and its short forms for well-known hosts.
package main

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	getterHTTP = "http"
	getterGit  = "git"
	getterS3   = "s3"
)

// source is an address with the options taken out of it that are ours and not the server's.
type source struct {
	getter string
	url    *url.URL
	// subdirectory is what of an archive or a repository is wanted; empty: all of it.
	subdirectory string
	checksum     string
	// archive is a format, noArchive, or empty where the name decides.
	archive string
	// fileName is what a single file is called in a directory.
	fileName string
	// options are those of the getter: ref, depth, sshkey, region and the like.
	options map[string]string
}

var (
	forcedGetter = regexp.MustCompile(`^([A-Za-z0-9]+)::(.+)$`)
	scpAddress   = regexp.MustCompile(`^(?:([^/@:]+)@)?([^/:@]+):([^/0-9:?][^?]*)(\?.*)?$`)
	hasScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.\-]*://`)
	amazonHost   = regexp.MustCompile(`^[^/]*\.?s3[.\-][^/]*amazonaws\.com(?:\.cn)?/|^s3\.amazonaws\.com/`)
)

// getterOptions are taken out of the query, for each getter.
var getterOptions = map[string][]string{
	getterHTTP: nil,
	getterGit:  {"ref", "depth", "sshkey"},
	getterS3:   {"region", "version", "aws_access_key_id", "aws_access_key_secret", "aws_access_token", "aws_profile"},
}

var commonOptions = []string{"checksum", "archive", "filename"}

// parseSource reads a source and the options beside it, which count as if they stood in its query.
func parseSource(text string, options map[string]string) (source, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return source{}, errors.New("the source holds a control character")
	}
	forced, address := "", text
	if match := forcedGetter.FindStringSubmatch(address); match != nil {
		forced, address = strings.ToLower(match[1]), match[2]
	}
	if forcedGetter.MatchString(address) {
		return source{}, errors.New("the source names more than one getter")
	}
	address, subdirectory := splitSubdirectory(address)
	getter, address, err := detect(forced, address)
	if err != nil {
		return source{}, err
	}
	parsed, err := url.Parse(address)
	if err != nil {
		// What url.Parse says quotes the address, and with it a password.
		return source{}, errors.New("the source is not a URL")
	}
	found := source{getter: getter, url: parsed, subdirectory: subdirectory, options: map[string]string{}}
	if err := found.check(); err != nil {
		return source{}, err
	}
	return found.withOptions(options)
}

// splitSubdirectory cuts at the first // that is not the scheme's. A query behind it stays with the address.
func splitSubdirectory(text string) (address, subdirectory string) {
	query := ""
	if index := strings.IndexByte(text, '?'); index >= 0 {
		text, query = text[:index], text[index:]
	}
	start := 0
	if index := strings.Index(text, "://"); index >= 0 {
		start = index + 3
	}
	index := strings.Index(text[start:], "//")
	if index < 0 {
		return text + query, ""
	}
	return text[:start+index] + query, strings.Trim(text[start+index:], "/")
}

// detect chooses the getter and makes a URL of the short forms.
func detect(forced, address string) (getter, full string, err error) {
	if !hasScheme.MatchString(address) {
		forced, address, err = expand(forced, address)
		if err != nil {
			return "", "", err
		}
	}
	scheme, _, _ := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if forced == "" {
		forced = scheme
	}
	switch forced {
	case "http", "https":
		return getterHTTP, address, nil
	case "git", "s3":
		return forced, address, nil
	case "ssh":
		return getterGit, address, nil
	case "file":
		return "", "", errors.New("file:// and paths of the node are not allowed as a source")
	case "hg", "gcs", "gs":
		return "", "", fmt.Errorf("the getter %q is not supported; http, https, git and s3 are", forced)
	}
	return "", "", fmt.Errorf("download not supported for scheme %q; http, https, git and s3 are", forced)
}

func expand(forced, address string) (getter, full string, err error) {
	for _, host := range []string{"github.com/", "gitlab.com/", "bitbucket.org/"} {
		if strings.HasPrefix(address, host) && (forced == "" || forced == getterGit) {
			return expandForge(address)
		}
	}
	if amazonHost.MatchString(address) && (forced == "" || forced == getterS3) {
		return getterS3, "https://" + address, nil
	}
	if strings.HasPrefix(address, "www.googleapis.com/") {
		return "gcs", "https://" + address, nil
	}
	if match := scpAddress.FindStringSubmatch(address); match != nil && (forced == getterGit || forced == "" && match[1] != "") {
		user := match[1]
		if user == "" {
			user = "git"
		}
		return getterGit, "ssh://" + user + "@" + match[2] + "/" + match[3] + match[4], nil
	}
	return "", "", errors.New("the source has no scheme such as https:// and is none of the short forms; file:// and paths of the node are not allowed")
}

// expandForge makes github.com/org/repository/sub of it a repository; what is deeper counts as the sub-directory.
func expandForge(address string) (getter, full string, err error) {
	name, query, hasQuery := strings.Cut(address, "?")
	parts := strings.Split(name, "/")
	if len(parts) < 3 || slices.Contains(parts[:3], "") {
		return "", "", fmt.Errorf("%q must be %s/<owner>/<repository>", name, parts[0])
	}
	if len(parts) > 3 && strings.Join(parts[3:], "") != "" {
		return "", "", fmt.Errorf("write the directory inside the repository after a double slash: %s//%s", strings.Join(parts[:3], "/"), strings.Join(parts[3:], "/"))
	}
	full = "https://" + strings.Join(parts[:3], "/")
	if !strings.HasSuffix(full, ".git") {
		full += ".git"
	}
	if hasQuery {
		full += "?" + query
	}
	return getterGit, full, nil
}

func (s source) check() error {
	scheme := strings.ToLower(s.url.Scheme)
	allowed := map[string][]string{getterHTTP: {"http", "https"}, getterGit: {"http", "https", "ssh"}, getterS3: {"http", "https"}}[s.getter]
	if !slices.Contains(allowed, scheme) {
		return fmt.Errorf("the getter %s does not fetch over %q; use %s", s.getter, scheme, strings.Join(allowed, ", "))
	}
	host := s.url.Hostname()
	if host == "" || s.url.Opaque != "" {
		return errors.New("the source names no host")
	}
	if strings.HasPrefix(host, "-") || strings.ContainsAny(host, " %") || strings.HasPrefix(s.url.User.Username(), "-") {
		return errors.New("the host or the user of the source is not possible")
	}
	for _, part := range strings.Split(s.subdirectory, "/") {
		if part == ".." {
			return fmt.Errorf("the sub-directory %q leads out", s.subdirectory)
		}
	}
	return nil
}

// withOptions takes options from the query and from beside it. One that is given twice must be given alike.
func (s source) withOptions(beside map[string]string) (source, error) {
	query := s.url.Query()
	changed := len(beside) > 0
	for name, value := range beside {
		query.Add(name, value)
	}
	taken := map[string]string{}
	for _, name := range append(slices.Clone(commonOptions), getterOptions[s.getter]...) {
		given := query[name]
		if len(given) == 0 {
			continue
		}
		if len(slices.Compact(slices.Sorted(slices.Values(given)))) > 1 {
			return source{}, fmt.Errorf("the option %s is given twice, and not alike", name)
		}
		taken[name] = given[0]
		query.Del(name)
		changed = true
	}
	if changed {
		address := *s.url
		address.RawQuery = query.Encode()
		s.url = &address
	}
	s.checksum = taken["checksum"]
	s.options = taken
	archive, err := archiveOption(taken["archive"])
	if err != nil {
		return source{}, err
	}
	s.archive = archive
	s.fileName, err = fileNameOf(s.url, taken["filename"])
	if err != nil && s.getter != getterGit {
		return source{}, err
	}
	return s, nil
}

// archiveOption: false switches unpacking off, true and nothing leave it to the name.
func archiveOption(text string) (string, error) {
	if text == "" || slices.Contains(archiveFormats, text) {
		return text, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return "", fmt.Errorf("the archive option is %q; it must be false or one of %s", text, strings.Join(archiveFormats, ", "))
	}
	if on {
		return "", nil
	}
	return noArchive, nil
}

// fileNameOf is empty where the path ends in a slash.
func fileNameOf(address *url.URL, option string) (string, error) {
	if option != "" {
		if option == "." || option == ".." || strings.ContainsAny(option, "/\x00") {
			return "", fmt.Errorf("the option filename is %q, which is not a file's name", option)
		}
		return option, nil
	}
	if address.Path == "" || strings.HasSuffix(address.Path, "/") {
		return "", nil
	}
	name := path.Base(address.Path)
	if name == "." || name == ".." || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("the source ends in %q, which is not a file's name", name)
	}
	return name, nil
}

// format is how the file is unpacked; empty: it is not.
func (s source) format() string {
	if s.archive == noArchive {
		return ""
	}
	if s.archive != "" {
		return s.archive
	}
	return formatOf(s.fileNameInURL())
}

// fileNameInURL is what the extension is read off: the option filename does not change what the file is.
func (s source) fileNameInURL() string { return path.Base(s.url.Path) }
