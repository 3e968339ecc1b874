// Archives: the formats of go-getter, read by libraries, written by tree.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	noArchive = "-"

	// A decoder's window: what zstd --long=27 and xz -9 need.
	maxWindowBytes  = 128 * 1024 * 1024
	maxLinkBytes    = 4096
	zipEntryBytes   = 512
	zipOverheadByte = 1024 * 1024
)

// archiveFormats, the longest extension first.
var archiveFormats = []string{"tar.bz2", "tar.zst", "tar.gz", "tar.xz", "tbz2", "tzst", "tgz", "txz", "bz2", "tar", "zip", "zst", "gz", "xz"}

var compressionOf = map[string]string{
	"tar.bz2": "bz2", "tbz2": "bz2", "tar.gz": "gz", "tgz": "gz", "tar.xz": "xz", "txz": "xz", "tar.zst": "zst", "tzst": "zst",
	"bz2": "bz2", "gz": "gz", "xz": "xz", "zst": "zst", "tar": "",
}

// formatOf reads the format off a name; empty: none.
func formatOf(name string) string {
	for _, format := range archiveFormats {
		if strings.HasSuffix(name, "."+format) {
			return format
		}
	}
	return ""
}

// isSingle: a compressed file that is no archive of several.
func isSingle(format string) bool {
	return format == "gz" || format == "bz2" || format == "xz" || format == "zst"
}

// unpack writes the archive into the tree. fileName is the archive's own, for the formats that hold one file without a name.
func unpack(archive *os.File, format, fileName string, into *tree) error {
	if format == "zip" {
		return unpackZip(archive, into)
	}
	content, closeContent, err := decompressor(compressionOf[format], archive)
	if err != nil {
		return describeArchive(err)
	}
	defer closeContent()
	if isSingle(format) {
		name := strings.TrimSuffix(path.Base(fileName), "."+format)
		return describeArchive(into.file(name, 0o644, 0, content))
	}
	return unpackTar(into.budget.stream(content), into)
}

func describeArchive(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the archive cannot be unpacked: %w", err)
}

func decompressor(compression string, from io.Reader) (io.Reader, func(), error) {
	nothing := func() {}
	switch compression {
	case "gz":
		reader, err := gzip.NewReader(from)
		return reader, nothing, err
	case "bz2":
		return bzip2.NewReader(from), nothing, nil
	case "xz":
		reader, err := xz.NewReader(from)
		return reader, nothing, err
	case "zst":
		reader, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindowBytes), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nothing, err
		}
		return reader, reader.Close, nil
	}
	return from, nothing, nil
}

func unpackTar(from io.Reader, into *tree) error {
	reader := tar.NewReader(from)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return into.finish()
		}
		if err != nil {
			return describeArchive(err)
		}
		if err := tarEntry(header, reader, into); err != nil {
			return describeArchive(err)
		}
	}
}

func tarEntry(header *tar.Header, content io.Reader, into *tree) error {
	mode := fs.FileMode(header.Mode & 0o777)
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return into.file(header.Name, mode, header.Size, content)
	case tar.TypeDir:
		return into.directory(header.Name, mode)
	case tar.TypeSymlink:
		return into.symlink(header.Name, header.Linkname)
	case tar.TypeLink:
		return into.hardLink(header.Name, header.Linkname)
	case tar.TypeXGlobalHeader:
		return into.budget.entry()
	case tar.TypeChar, tar.TypeBlock:
		return fmt.Errorf("the entry %q is a device", header.Name)
	case tar.TypeFifo:
		return fmt.Errorf("the entry %q is a named pipe", header.Name)
	}
	return fmt.Errorf("the entry %q is neither a file nor a directory nor a link", header.Name)
}

// unpackZip bounds what is read before the first entry is seen: the library keeps the whole directory in memory.
func unpackZip(archive *os.File, into *tree) error {
	about, err := archive.Stat()
	if err != nil {
		return err
	}
	directory := &meteredFile{file: archive, left: into.budget.maxFiles*zipEntryBytes + zipOverheadByte}
	reader, err := zip.NewReader(directory, about.Size())
	if directory.left < 0 {
		return describeArchive(fmt.Errorf("it holds more than %d files, the most that the profile allows", into.budget.maxFiles))
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return describeArchive(err)
	}
	directory.open = true
	if int64(len(reader.File)) > into.budget.maxFiles {
		return describeArchive(fmt.Errorf("it holds more than %d files, the most that the profile allows", into.budget.maxFiles))
	}
	for _, entry := range reader.File {
		if err := zipEntry(entry, into); err != nil {
			return describeArchive(err)
		}
	}
	return into.finish()
}

// meteredFile stops reading at a limit until it is opened.
type meteredFile struct {
	file *os.File
	left int64
	open bool
}

func (m *meteredFile) ReadAt(buffer []byte, offset int64) (int, error) {
	count, err := m.file.ReadAt(buffer, offset)
	if m.open {
		return count, err
	}
	if m.left -= int64(count); m.left < 0 {
		return 0, errors.New("too large a directory")
	}
	return count, err
}

const zipEncrypted = 1

func zipEntry(entry *zip.File, into *tree) error {
	mode := entry.Mode()
	if entry.Flags&zipEncrypted != 0 {
		return fmt.Errorf("the entry %q is encrypted", entry.Name)
	}
	if mode.IsDir() || strings.HasSuffix(entry.Name, "/") {
		return into.directory(entry.Name, directoryMode(mode))
	}
	if entry.UncompressedSize64 > 1<<62 {
		return fmt.Errorf("the entry %q says that it is %d bytes long", entry.Name, entry.UncompressedSize64)
	}
	if kind := mode.Type(); kind != 0 && kind != fs.ModeSymlink {
		return fmt.Errorf("the entry %q is a device, a named pipe or a socket", entry.Name)
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if mode.Type() != fs.ModeSymlink {
		return into.file(entry.Name, fileMode(mode), int64(entry.UncompressedSize64), content)
	}
	target, err := io.ReadAll(io.LimitReader(content, maxLinkBytes+1))
	if err != nil {
		return err
	}
	return into.symlink(entry.Name, string(target))
}

// A zip made where there are no modes has none.
func directoryMode(mode fs.FileMode) fs.FileMode {
	if mode.Perm() == 0 {
		return 0o755
	}
	return mode.Perm()
}

func fileMode(mode fs.FileMode) fs.FileMode {
	if mode.Perm() == 0 {
		return 0o644
	}
	return mode.Perm()
}
