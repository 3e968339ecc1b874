// Users of raw_exec: the profile's table, then the node's own passwd and group, with the groups that a user has there.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

// resolveHostUser gives the user and the supplementary groups. A user that neither the table nor the node knows is
// refused, also as a number: what group it has is not known.
func resolveHostUser(root string, document taskDocument) (users.User, []uint32, error) {
	passwdText, err := readUserFile(root, "/etc/passwd")
	if err != nil {
		return users.User{}, nil, err
	}
	groupText, err := readUserFile(root, "/etc/group")
	if err != nil {
		return users.User{}, nil, err
	}
	passwd := users.ParsePasswd(bytes.NewReader(passwdText))
	user, err := document.userRules().Resolve(passwd)
	if err != nil {
		return users.User{}, nil, err
	}
	if _, ok := document.Users[document.User]; ok {
		return user, nil, nil
	}
	at := slices.IndexFunc(passwd, func(entry users.PasswdEntry) bool { return entry.Name == user.Name && entry.UID == user.UID })
	if at < 0 {
		const text = "failed host user validation: failed to identify user %q: user: unknown user %s"
		return users.User{}, nil, fmt.Errorf(text, document.User, document.User)
	}
	user.GID = passwd[at].GID
	groups := groupsOf(user.Name, groupText)
	for _, gid := range append([]uint32{user.GID}, groups...) {
		if users.IsDenied(document.DeniedGIDs, gid) {
			return users.User{}, nil, fmt.Errorf("failed host user validation: running as gid %d is disallowed", gid)
		}
	}
	return user, groups, nil
}

// readUserFile is empty for a file that the node has not.
func readUserFile(root, name string) ([]byte, error) {
	text, err := readInRoot(root, name, maxUserFileBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the node's %s cannot be read: %w", name, err)
	}
	return text, nil
}

// groupsOf are the groups that list the user as a member. Lines that are no entries are skipped.
func groupsOf(user string, text []byte) []uint32 {
	var groups []uint32
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxUserFileBytes)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) != 4 || !slices.Contains(strings.Split(fields[3], ","), user) {
			continue
		}
		gid, err := users.ParseID(fields[2])
		if err == nil && !slices.Contains(groups, gid) {
			groups = append(groups, gid)
		}
	}
	return groups
}
