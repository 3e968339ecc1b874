// What kind of content a file has, by its first bytes, as Nomad's clients are told. Not net/http's own: that package would
// more than double the launcher.
package main

import (
	"bytes"
	"strings"
	"syscall"
)

const (
	unknownContent = "application/octet-stream"
	sniffedBytes   = 512
)

// contentTypeOf names what a browser could show; all else is bytes.
func contentTypeOf(fd int, about syscall.Stat_t, name string) string {
	if strings.HasSuffix(name, ".json") {
		return "application/json"
	}
	readable, err := reopen(fd, about, 0)
	if err != nil {
		return unknownContent
	}
	defer syscall.Close(readable)
	beginning := make([]byte, sniffedBytes)
	n, err := syscall.Pread(readable, beginning, 0)
	if err != nil || n <= 0 {
		return unknownContent
	}
	return sniff(beginning[:n])
}

func sniff(beginning []byte) string {
	for _, kind := range []struct{ magic, name string }{
		{"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF8", "image/gif"}, {"%PDF-", "application/pdf"},
		{"\x1f\x8b\x08", "application/x-gzip"}, {"PK\x03\x04", "application/zip"}, {"<!DOCTYPE HTML", "text/html; charset=utf-8"},
		{"<html", "text/html; charset=utf-8"}, {"<?xml", "text/xml; charset=utf-8"},
	} {
		if len(beginning) >= len(kind.magic) && bytes.EqualFold(beginning[:len(kind.magic)], []byte(kind.magic)) {
			return kind.name
		}
	}
	for _, c := range beginning {
		if c <= 0x08 || c == 0x0b || c >= 0x0e && c <= 0x1a || c >= 0x1c && c <= 0x1f {
			return unknownContent
		}
	}
	return "text/plain; charset=utf-8"
}
