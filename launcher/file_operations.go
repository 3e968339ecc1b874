// The operations on files of the allocation: list, stat, read, stream.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	maxListedEntries = 16 * 1024
	listedAtOnce     = 256
	betweenFileLooks = 200 * time.Millisecond

	// What a directory with a few entries has on most file systems.
	madeUpSize = 4096
	modeOpen   = 0o777
	modePlain  = 0o755

	eventDeleted   = "file deleted"
	eventTruncated = "file truncated"
)

// fileInfo is Nomad's AllocFileInfo.
type fileInfo struct {
	Name        string
	IsDir       bool
	Size        int64
	FileMode    string
	ModTime     time.Time
	ContentType string
}

func infoOf(name string, about syscall.Stat_t, contentType string) fileInfo {
	return fileInfo{
		Name: name, IsDir: about.Mode&syscall.S_IFMT == syscall.S_IFDIR, Size: about.Size,
		FileMode: fileModeOf(about.Mode).String(), ModTime: tellableTime(about.Mtim), ContentType: contentType,
	}
}

// tellableTime is the nearest one that JSON can have. A task can give its files any time, and one such file must not keep
// its directory from being listed.
func tellableTime(at syscall.Timespec) time.Time {
	seconds, nanoseconds := at.Unix()
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if seconds < first.Unix() {
		return first
	}
	if seconds > last.Unix() {
		return last
	}
	return time.Unix(seconds, nanoseconds).UTC()
}

// madeUpInfo is of a directory that only the view has: it came with the directory that stands for it.
func madeUpInfo(name string, mode uint32, like string) fileInfo {
	about := syscall.Stat_t{Mode: syscall.S_IFDIR | mode, Size: madeUpSize}
	var real syscall.Stat_t
	if err := syscall.Lstat(like, &real); err == nil && isDirectory(real) {
		about.Mtim = real.Mtim
	}
	return infoOf(name, about, unknownContent)
}

// entryInfo is of one directory in such a directory.
func (v fileView) entryInfo(place filePlace, name string) fileInfo {
	inner, err := v.locate(path.Join(place.name, name))
	if err != nil || inner.isMadeUp() {
		return madeUpInfo(name, modeOpen, v.places.alloc)
	}
	fd, about, err := inner.open()
	if err != nil {
		return madeUpInfo(name, modeOpen, v.places.alloc)
	}
	syscall.Close(fd)
	return infoOf(name, about, unknownContent)
}

func fileModeOf(mode uint32) fs.FileMode {
	kinds := map[uint32]fs.FileMode{
		syscall.S_IFDIR: fs.ModeDir, syscall.S_IFLNK: fs.ModeSymlink, syscall.S_IFIFO: fs.ModeNamedPipe,
		syscall.S_IFSOCK: fs.ModeSocket, syscall.S_IFBLK: fs.ModeDevice, syscall.S_IFCHR: fs.ModeDevice | fs.ModeCharDevice,
	}
	result := fs.FileMode(mode&0o777) | kinds[mode&syscall.S_IFMT]
	for bit, set := range map[uint32]fs.FileMode{
		syscall.S_ISUID: fs.ModeSetuid, syscall.S_ISGID: fs.ModeSetgid, syscall.S_ISVTX: fs.ModeSticky,
	} {
		if mode&bit != 0 {
			result |= set
		}
	}
	return result
}

func isRegular(about syscall.Stat_t) bool   { return about.Mode&syscall.S_IFMT == syscall.S_IFREG }
func isDirectory(about syscall.Stat_t) bool { return about.Mode&syscall.S_IFMT == syscall.S_IFDIR }

// baseName is as Nomad names what it was asked for: the root is the allocation's own directory.
func (p filePlace) baseName() string {
	return p.name[strings.LastIndexByte(p.name, '/')+1:]
}

func (v fileView) stat(given string, output *operationOutput) error {
	place, err := v.locate(given)
	if err != nil {
		return err
	}
	if place.isMadeUp() {
		mode := uint32(modeOpen)
		if place.name == "" {
			mode = modePlain
		}
		return sendJSON(output, madeUpInfo(place.baseName(), mode, v.places.alloc))
	}
	fd, about, err := place.open()
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return sendJSON(output, infoOf(place.baseName(), about, place.contentType(fd, about)))
}

func (p filePlace) contentType(fd int, about syscall.Stat_t) string {
	if p.isSecret || !isRegular(about) {
		return unknownContent
	}
	return contentTypeOf(fd, about, p.name)
}

func (v fileView) list(given string, output *operationOutput) error {
	place, err := v.locate(given)
	if err != nil {
		return err
	}
	if place.isMadeUp() {
		list := []fileInfo{}
		for _, name := range place.entries {
			list = append(list, v.entryInfo(place, name))
		}
		return sendJSON(output, sorted(list))
	}
	fd, about, err := place.open()
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if !isDirectory(about) {
		return operationError{status: 500, text: fmt.Sprintf("open %s: not a directory", place.name)}
	}
	list, err := place.entriesOf(fd, about)
	if err != nil {
		return err
	}
	return sendJSON(output, sorted(list))
}

func sorted(list []fileInfo) []fileInfo {
	slices.SortFunc(list, func(a, b fileInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// entriesOf leaves out what goes away while it reads.
func (p filePlace) entriesOf(fd int, about syscall.Stat_t) ([]fileInfo, error) {
	readable, err := reopen(fd, about, syscall.O_DIRECTORY)
	if err != nil {
		return nil, p.failure(err)
	}
	directory := os.NewFile(uintptr(readable), p.name)
	defer directory.Close()
	list := []fileInfo{}
	for {
		names, err := directory.Readdirnames(listedAtOnce)
		if len(list)+len(names) > maxListedEntries {
			return nil, operationError{status: 500, text: fmt.Sprintf(
				"%s has more than %d entries, which is more than is listed here; look at it with \"nomad alloc exec\"", p.name, maxListedEntries)}
		}
		for _, name := range names {
			if info, ok := p.entryAt(readable, about.Uid, name); ok {
				list = append(list, info)
			}
		}
		if len(names) == 0 || err != nil {
			return list, nil
		}
	}
}

func (p filePlace) entryAt(directory int, owner uint32, name string) (fileInfo, bool) {
	how := openHow{flags: openPath | syscall.O_NOFOLLOW, resolve: resolveBeneath | resolveNoMagic | resolveNoMounts}
	fd, err := openResolved(directory, name, how)
	if err == syscall.EACCES {
		err = asFileUser(owner, func() (asOwner error) {
			fd, asOwner = openResolved(directory, name, how)
			return asOwner
		})
	}
	if err == syscall.EXDEV {
		// A volume is mounted there. What it is has to be enough.
		return madeUpInfo(name, modeOpen, p.directory), true
	}
	if err != nil {
		return fileInfo{}, false
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if syscall.Fstat(fd, &about) != nil {
		return fileInfo{}, false
	}
	entry := filePlace{name: p.name + "/" + name, isSecret: p.isSecret}
	return infoOf(name, about, entry.contentType(fd, about)), true
}

// openContent opens a regular file whose content may be shown.
func (v fileView) openContent(given string) (filePlace, int, error) {
	place, err := v.locate(given)
	if err != nil {
		return place, -1, err
	}
	if place.isSecret {
		return place, -1, operationError{status: 403, text: "Reading secret file prohibited: " + place.name}
	}
	if place.isMadeUp() {
		return place, -1, notAFile(place.name, true)
	}
	fd, about, err := place.open()
	if err != nil {
		return place, -1, err
	}
	defer syscall.Close(fd)
	if !isRegular(about) {
		return place, -1, notAFile(place.name, isDirectory(about))
	}
	readable, err := reopen(fd, about, 0)
	if err != nil {
		return place, -1, place.failure(err)
	}
	return place, readable, nil
}

func notAFile(name string, isDirectory bool) error {
	if name == "" {
		name = "/"
	}
	if isDirectory {
		return operationError{status: 400, text: fmt.Sprintf("file %q is a directory", name)}
	}
	return operationError{status: 400, text: fmt.Sprintf("%s is not a regular file", name)}
}

const noLimit = int64(1) << 62

func (v fileView) read(message operateMessage, output *operationOutput) error {
	_, fd, err := v.openContent(message.Path)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	limit := message.Limit
	if limit == 0 {
		limit = noLimit
	}
	_, err = output.copyAt(fd, message.Offset, limit)
	return err
}

// stream sends a file from an offset on, and then what is added to it, until it is gone.
func (v fileView) stream(message operateMessage, output *operationOutput) error {
	place, fd, err := v.openContent(message.Path)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return place.failure(err)
	}
	offset := message.Offset
	if message.Origin == originEnd {
		offset = max(0, about.Size-message.Offset)
	}
	output.from(message.Path, offset)
	for {
		if offset, err = output.copyAt(fd, offset, noLimit); err != nil || !message.Follow {
			return err
		}
		if err := output.pause(betweenFileLooks); err != nil {
			return err
		}
		if err := syscall.Fstat(fd, &about); err != nil {
			return place.failure(err)
		}
		if about.Size < offset {
			offset = 0
			output.event(message.Path, 0, eventTruncated)
		}
		if about.Nlink == 0 {
			output.event(message.Path, offset, eventDeleted)
			return nil
		}
	}
}
