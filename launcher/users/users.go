// Package users says which user a task runs as: the profile's table, then a passwd file, with Nomad's refusals. The launcher
// starts the task as that user, and fetch makes its files theirs.
package users

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

const maxPasswdBytes = 1024 * 1024

// User is what a task's process runs as; it has no supplementary groups.
type User struct {
	Name string
	UID  uint32
	GID  uint32
	Home string
}

// PasswdEntry is a line of passwd, as far as it is used.
type PasswdEntry struct {
	Name string
	UID  uint32
	GID  uint32
	Home string
}

// TableEntry is what a name of the profile's table means. Home may be empty.
type TableEntry struct {
	UID  uint32
	GID  uint32
	Home string
}

// Rules are what a task's document says of its user.
type Rules struct {
	User                   string
	Table                  map[string]TableEntry
	DeniedUIDs, DeniedGIDs string
	AllowRoot              bool
}

// ReadPasswd skips lines that are not entries. A container without the file has no users, which is no error.
func ReadPasswd(path string) ([]PasswdEntry, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ParsePasswd(io.LimitReader(file, maxPasswdBytes)), nil
}

// ParsePasswd skips lines that are not entries.
func ParsePasswd(source io.Reader) []PasswdEntry {
	var entries []PasswdEntry
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, maxPasswdBytes)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 6 || fields[0] == "" {
			continue
		}
		uid, uidErr := ParseID(fields[2])
		gid, gidErr := ParseID(fields[3])
		if uidErr != nil || gidErr != nil {
			continue
		}
		entries = append(entries, PasswdEntry{Name: fields[0], UID: uid, GID: gid, Home: fields[5]})
	}
	return entries
}

// ParseID refuses the highest number, which means "leave it as it is" to setuid.
func ParseID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil || id == math.MaxUint32 || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is not an id", text)
	}
	return uint32(id), nil
}

// Resolve gives Nomad's texts for a user that is unknown or refused.
func (r Rules) Resolve(passwd []PasswdEntry) (User, error) {
	found, ok := r.lookUp(passwd)
	if !ok {
		const text = "failed host user validation: failed to identify user %q: user: unknown user %s"
		return User{}, fmt.Errorf(text, r.User, r.User)
	}
	if found.UID == 0 && !r.AllowRoot {
		return User{}, fmt.Errorf("running as user %q is disallowed", found.Name)
	}
	if IsDenied(r.DeniedUIDs, found.UID) {
		return User{}, fmt.Errorf("failed host user validation: running as uid %d is disallowed", found.UID)
	}
	for _, gid := range gidsOf(found, passwd) {
		if IsDenied(r.DeniedGIDs, gid) {
			return User{}, fmt.Errorf("failed host user validation: running as gid %d is disallowed", gid)
		}
	}
	return found, nil
}

func (r Rules) lookUp(passwd []PasswdEntry) (User, bool) {
	name := r.User
	if entry, ok := r.Table[name]; ok {
		home := entry.Home
		if home == "" {
			home = homeOf(entry.UID, passwd)
		}
		return User{Name: name, UID: entry.UID, GID: entry.GID, Home: home}, true
	}
	for _, entry := range passwd {
		if entry.Name == name {
			return User{Name: name, UID: entry.UID, Home: entry.Home}, true
		}
	}
	uid, err := ParseID(name)
	if err == nil {
		return numericUser(uid, passwd), true
	}
	// Nomad asks its own machine, which has one; an image may have no passwd at all.
	if name == defaultUser {
		return User{Name: name, UID: defaultUID, Home: "/nonexistent"}, true
	}
	return User{}, false
}

// defaultUser is Nomad's for a task that names none, and defaultUID what distributions give it.
const (
	defaultUser = "nobody"
	defaultUID  = 65534
)

func numericUser(uid uint32, passwd []PasswdEntry) User {
	for _, entry := range passwd {
		if entry.UID == uid {
			return User{Name: entry.Name, UID: uid, Home: entry.Home}
		}
	}
	return User{Name: strconv.FormatUint(uint64(uid), 10), UID: uid, Home: "/"}
}

func homeOf(uid uint32, passwd []PasswdEntry) string {
	return numericUser(uid, passwd).Home
}

// gidsOf are the groups that a denial looks at: the one the task gets, if it is one of the table, and the one its user
// has in passwd. Group 0 alone is what Nomad gives to every task, so it says nothing about a user from passwd.
func gidsOf(user User, passwd []PasswdEntry) []uint32 {
	var gids []uint32
	if user.GID != 0 {
		gids = append(gids, user.GID)
	}
	for _, entry := range passwd {
		if entry.Name == user.Name {
			gids = append(gids, entry.GID)
		}
	}
	return gids
}

// IDRange is from Low to High, both included.
type IDRange struct{ Low, High uint32 }

// ParseIDRanges reads ids as Nomad writes them: "1,5-10,24". Empty is no range.
func ParseIDRanges(text string) ([]IDRange, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var ranges []IDRange
	for _, part := range strings.Split(text, ",") {
		lowText, highText, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			highText = lowText
		}
		low, lowErr := ParseID(lowText)
		high, highErr := ParseID(highText)
		if lowErr != nil || highErr != nil || low > high {
			return nil, fmt.Errorf("%q is not an id or a range of ids such as 5-10", part)
		}
		ranges = append(ranges, IDRange{Low: low, High: high})
	}
	return ranges, nil
}

// IsDenied treats ranges that cannot be read as denying everyone; parsing the document has refused them before.
func IsDenied(text string, id uint32) bool {
	ranges, err := ParseIDRanges(text)
	if err != nil {
		return true
	}
	for _, candidate := range ranges {
		if id >= candidate.Low && id <= candidate.High {
			return true
		}
	}
	return false
}
