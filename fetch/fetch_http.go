// Files over http and https, and the files of checksums beside them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// opened is a file on its way: its bytes, and how many they say they are; -1: they do not say.
type opened struct {
	body   io.ReadCloser
	length int64
}

// openHTTP asks for the file with the job's headers.
func (f *fetcher) openHTTP(ctx context.Context, from source) (opened, error) {
	if from.fileName == "" {
		return opened{}, errors.New("the source names a directory, which http cannot list; name a file or an archive")
	}
	headers := f.headersFor(from.url)
	return f.get(ctx, newHTTPClient(f.out, f.job.Artifact.Insecure, keysOf(headers)), from.url, headers)
}

func (f *fetcher) get(ctx context.Context, client *http.Client, address *url.URL, headers http.Header) (opened, error) {
	plain := *address
	plain.User, plain.Fragment = nil, ""
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, plain.String(), nil)
	if err != nil {
		return opened{}, withoutURL(err)
	}
	request.Header = headers.Clone()
	if host := headers.Get("Host"); host != "" {
		request.Host = host
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", userAgent)
	}
	response, err := client.Do(request)
	if err != nil {
		return opened{}, withoutURL(err)
	}
	// A range was not asked for: 206 would be a part that calls itself the whole.
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return opened{}, fmt.Errorf("bad response code: %d", response.StatusCode)
	}
	return opened{body: response.Body, length: response.ContentLength}, nil
}

// headersFor: those of the Secret win over the block's, and both over a user in the URL.
func (f *fetcher) headersFor(address *url.URL) http.Header {
	headers := http.Header{}
	if user := address.User; user != nil && user.Username() != "" {
		password, _ := user.Password()
		setBasic(headers, user.Username(), password)
	}
	if name, ok := f.credential("username"); ok {
		password, _ := f.credential("password")
		setBasic(headers, name, password)
	}
	for name, value := range f.job.Artifact.Headers {
		headers.Set(name, value)
	}
	for name := range f.job.Credentials {
		if header, ok := strings.CutPrefix(name, "header."); ok {
			value, _ := f.credential(name)
			headers.Set(header, value)
		}
	}
	return headers
}

func setBasic(headers http.Header, user, password string) {
	request := http.Request{Header: headers}
	request.SetBasicAuth(user, password)
}

func keysOf(headers http.Header) []string {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	return names
}

// wantedChecksum is nil where none is asked for.
func (f *fetcher) wantedChecksum(ctx context.Context, from source) (*checksum, error) {
	if from.checksum == "" {
		return nil, nil
	}
	address, isFile := checksumFileURL(from.checksum)
	if !isFile {
		found, err := parseChecksum(from.checksum)
		return &found, err
	}
	text, err := f.checksumFile(ctx, from, address)
	if err != nil {
		return nil, fmt.Errorf("the checksum file: %w", err)
	}
	found, err := findChecksum(text, from.fileNameInURL())
	return &found, err
}

func (f *fetcher) checksumFile(ctx context.Context, from source, address string) ([]byte, error) {
	beside, err := parseSource(address, nil)
	if err != nil {
		return nil, err
	}
	if beside.getter != getterHTTP {
		return nil, errors.New("it must be at an http or https address")
	}
	f.out.name(beside.url.Hostname())
	headers := http.Header{}
	if isSameOrigin(from.url, beside.url) {
		headers = f.headersFor(beside.url)
	}
	file, err := f.get(ctx, newHTTPClient(f.out, f.job.Artifact.Insecure, keysOf(headers)), beside.url, headers)
	if err != nil {
		return nil, err
	}
	defer file.body.Close()
	text, err := io.ReadAll(io.LimitReader(file.body, maxChecksumFileBytes+1))
	if err != nil {
		return nil, withoutURL(err)
	}
	if len(text) > maxChecksumFileBytes {
		return nil, fmt.Errorf("it is longer than %d bytes", maxChecksumFileBytes)
	}
	return text, nil
}
