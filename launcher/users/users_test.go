package users

import (
	"strings"
	"testing"
)

const somePasswd = "root:x:0:0:root:/root:/bin/sh\nbroken line\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\napp:x:1000:50:app:/home/app:/bin/sh\nhuge:x:4294967295:1::/:/\n"

func TestUsersAreResolved(t *testing.T) {
	cases := []struct {
		name   string
		user   string
		change func(*Rules)
		want   User
		err    string
	}{
		{name: "from passwd with group 0", user: "nobody", want: User{Name: "nobody", UID: 65534, Home: "/nonexistent"}},
		{name: "from the table first", user: "app", change: func(d *Rules) { d.Table["app"] = TableEntry{UID: 7, GID: 8, Home: "/x"} }, want: User{Name: "app", UID: 7, GID: 8, Home: "/x"}},
		{name: "the table without a home", user: "web", change: func(d *Rules) { d.Table["web"] = TableEntry{UID: 1000, GID: 8} }, want: User{Name: "web", UID: 1000, GID: 8, Home: "/home/app"}},
		{name: "a number that has a name", user: "1000", want: User{Name: "app", UID: 1000, Home: "/home/app"}},
		{name: "a number that has none", user: "4711", want: User{Name: "4711", UID: 4711, Home: "/"}},
		{name: "unknown", user: "zorro", err: `failed host user validation: failed to identify user "zorro": user: unknown user zorro`},
		{name: "the number that means none", user: "4294967295", err: "unknown user 4294967295"},
		{name: "that number in passwd", user: "huge", err: "unknown user huge"},
		{name: "user and group", user: "1000:1000", err: "unknown user 1000:1000"},
		{name: "negative", user: "-1", err: "unknown user -1"},
		{name: "root", user: "root", err: `running as user "root" is disallowed`},
		{name: "root under another name", user: "toor", change: func(d *Rules) { d.Table["toor"] = TableEntry{} }, err: `running as user "toor" is disallowed`},
		{name: "root where it is allowed", user: "root", change: func(d *Rules) { d.AllowRoot = true }, want: User{Name: "root", Home: "/root"}},
		{name: "denied uid", user: "app", change: func(d *Rules) { d.DeniedUIDs = "5, 999-1000" }, err: "failed host user validation: running as uid 1000 is disallowed"},
		{name: "uid beside the denied", user: "app", change: func(d *Rules) { d.DeniedUIDs = "1001-2000" }, want: User{Name: "app", UID: 1000, Home: "/home/app"}},
		{name: "denied gid of passwd", user: "app", change: func(d *Rules) { d.DeniedGIDs = "50" }, err: "failed host user validation: running as gid 50 is disallowed"},
		{name: "denied gid of the table", user: "web", change: func(d *Rules) {
			d.Table["web"] = TableEntry{UID: 9, GID: 8}
			d.DeniedGIDs = "8"
		}, err: "failed host user validation: running as gid 8 is disallowed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := Rules{User: c.user, Table: map[string]TableEntry{}}
			if c.change != nil {
				c.change(&rules)
			}
			got, err := rules.Resolve(ParsePasswd(strings.NewReader(somePasswd)))
			if c.err != "" {
				if err == nil || !strings.HasSuffix(err.Error(), c.err) {
					t.Errorf("user %+v, error %v, want %q", got, err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("user %+v, error %v", got, err)
			}
		})
	}
}

func TestNobodyIsKnownWithoutAPasswd(t *testing.T) {
	got, err := Rules{User: "nobody"}.Resolve(nil)
	if want := (User{Name: "nobody", UID: 65534, Home: "/nonexistent"}); err != nil || got != want {
		t.Errorf("user %+v, error %v", got, err)
	}
	if _, err := (Rules{User: "nobody", DeniedUIDs: "65534"}).Resolve(nil); err == nil {
		t.Error("a denied nobody is taken")
	}
	if got, err := (Rules{User: "nobody"}).Resolve([]PasswdEntry{{Name: "nobody", UID: 99, Home: "/"}}); err != nil || got.UID != 99 {
		t.Errorf("an image's own nobody is %+v, error %v", got, err)
	}
}

func TestIDRangesThatAreRefused(t *testing.T) {
	for _, text := range []string{"a", "1-", "-5", "5-1", "1,,2", "4294967296", "1 - 2"} {
		if ranges, err := ParseIDRanges(text); err == nil {
			t.Errorf("%q is read as %v", text, ranges)
		}
	}
}

func TestALongLineHidesNoUser(t *testing.T) {
	passwd := ParsePasswd(strings.NewReader("# " + strings.Repeat("x", 100_000) + "\n" + somePasswd))
	if len(passwd) == 0 || passwd[0].Name != "root" {
		t.Errorf("%d entries", len(passwd))
	}
}
