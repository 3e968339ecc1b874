// Which user the artifacts belong to: the launcher's rules, so that the files are the task's. See launcher/user.go.
package main

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

type taskUser struct {
	name string
	uid  uint32
	gid  uint32
}

type passwdEntry struct {
	name string
	uid  uint32
	gid  uint32
	home string
}

// readPasswd: a container without the file has no users, which is no error.
func readPasswd(path string) ([]passwdEntry, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var entries []passwdEntry
	lines := bufio.NewScanner(io.LimitReader(file, maxPasswdBytes))
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 6 || fields[0] == "" {
			continue
		}
		uid, uidErr := parseID(fields[2])
		gid, gidErr := parseID(fields[3])
		if uidErr == nil && gidErr == nil {
			entries = append(entries, passwdEntry{name: fields[0], uid: uid, gid: gid, home: fields[5]})
		}
	}
	return entries, nil
}

// parseID refuses the highest number, which means "leave it as it is" to setuid.
func parseID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil || id == math.MaxUint32 || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is not an id", text)
	}
	return uint32(id), nil
}

// resolveUser gives Nomad's texts for a user that is unknown or refused.
func resolveUser(document taskDocument, passwd []passwdEntry) (taskUser, error) {
	found, ok := lookUpUser(document, passwd)
	if !ok {
		const text = "failed host user validation: failed to identify user %q: user: unknown user %s"
		return taskUser{}, fmt.Errorf(text, document.User, document.User)
	}
	if found.uid == 0 && !document.AllowRoot {
		return taskUser{}, fmt.Errorf("running as user %q is disallowed", found.name)
	}
	if isDenied(document.DeniedUIDs, found.uid) {
		return taskUser{}, fmt.Errorf("failed host user validation: running as uid %d is disallowed", found.uid)
	}
	for _, gid := range gidsOf(found, passwd) {
		if isDenied(document.DeniedGIDs, gid) {
			return taskUser{}, fmt.Errorf("failed host user validation: running as gid %d is disallowed", gid)
		}
	}
	return found, nil
}

func lookUpUser(document taskDocument, passwd []passwdEntry) (taskUser, bool) {
	name := document.User
	if entry, ok := document.Users[name]; ok {
		return taskUser{name: name, uid: *entry.UID, gid: *entry.GID}, true
	}
	for _, entry := range passwd {
		if entry.name == name {
			return taskUser{name: name, uid: entry.uid}, true
		}
	}
	uid, err := parseID(name)
	if err != nil {
		return taskUser{}, false
	}
	for _, entry := range passwd {
		if entry.uid == uid {
			return taskUser{name: entry.name, uid: uid}, true
		}
	}
	return taskUser{name: name, uid: uid}, true
}

// homeOf is what HOME of the task will be, for texts that name it.
func homeOf(user taskUser, passwd []passwdEntry) string {
	for _, entry := range passwd {
		if entry.uid == user.uid {
			return entry.home
		}
	}
	return "/"
}

// gidsOf are the groups that a denial looks at. Group 0 alone is what Nomad gives to every task.
func gidsOf(user taskUser, passwd []passwdEntry) []uint32 {
	var gids []uint32
	if user.gid != 0 {
		gids = append(gids, user.gid)
	}
	for _, entry := range passwd {
		if entry.name == user.name {
			gids = append(gids, entry.gid)
		}
	}
	return gids
}

type idRange struct{ low, high uint32 }

// parseIDRanges reads ids as Nomad writes them: "1,5-10,24". Empty is no range.
func parseIDRanges(text string) ([]idRange, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var ranges []idRange
	for _, part := range strings.Split(text, ",") {
		lowText, highText, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			highText = lowText
		}
		low, lowErr := parseID(lowText)
		high, highErr := parseID(highText)
		if lowErr != nil || highErr != nil || low > high {
			return nil, fmt.Errorf("%q is not an id or a range of ids such as 5-10", part)
		}
		ranges = append(ranges, idRange{low: low, high: high})
	}
	return ranges, nil
}

// isDenied treats ranges that cannot be read as denying everyone; reading the document has refused them before.
func isDenied(text string, id uint32) bool {
	ranges, err := parseIDRanges(text)
	if err != nil {
		return true
	}
	for _, candidate := range ranges {
		if id >= candidate.low && id <= candidate.high {
			return true
		}
	}
	return false
}
