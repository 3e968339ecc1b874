package main

import (
	"reflect"
	"strings"
	"testing"
)

const someMounts = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
30 22 254:0 /usr /nomad-bridge/host/usr ro,relatime - ext4 /dev/vda rw
31 30 254:16 / /nomad-bridge/host/usr/local ro - ext4 /dev/vdb rw
32 22 254:0 /usr/lib /nomad-bridge/host/lib ro - ext4 /dev/vda rw
33 22 254:0 /etc/a\040b\134c /nomad-bridge/host/etc/a\040b\134c ro master:1 propagate_from:2 - ext4 /dev/vda rw
34 22 254:9 /hidden /nomad-bridge/host/opt ro - ext4 /dev/vda rw
35 22 254:0 /gone//deleted /nomad-bridge/host/gone//deleted ro - ext4 /dev/vda rw
36 22 254:0 /usr /nomad-bridge/host/opt ro - ext4 /dev/vda rw
`

func TestMountsAreRead(t *testing.T) {
	mounts, err := parseMounts(strings.NewReader(someMounts))
	if err != nil || len(mounts) != 8 {
		t.Fatalf("%v, %v", mounts, err)
	}
	want := mountEntry{device: "254:0", root: `/etc/a b\c`, point: `/nomad-bridge/host/etc/a b\c`}
	if mounts[5] != want {
		t.Errorf("%+v", mounts[5])
	}
	for _, text := range []string{"rubbish\n", "1 2 3:4 / relative rw - a b c d\n", strings.Repeat("x", maxMountLine+1)} {
		if mounts, err := parseMounts(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q is read as %v", text, mounts)
		}
	}
}

func TestSourcesOfACopyAreTheOutermostMounts(t *testing.T) {
	mounts, err := parseMounts(strings.NewReader(someMounts))
	if err != nil {
		t.Fatal(err)
	}
	want := []copySource{{path: "usr"}, {path: `etc/a b\c`}, {path: "lib", sameAs: "usr/lib"}, {path: "opt", sameAs: "usr"}}
	if got := sourcesAmong(mounts, "/nomad-bridge/host"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := sourcesAmong(mounts, "/nomad-bridge/ho"); got != nil {
		t.Errorf("below a directory that has none: %+v", got)
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add(someMounts)
	f.Add("1 2 0:3 /\\777 /\\04 rw - a b c\n")
	f.Fuzz(func(t *testing.T, text string) {
		mounts, err := parseMounts(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, source := range sourcesAmong(mounts, "/nomad-bridge/host") {
			if source.path == "" || source.path == "." || strings.HasPrefix(source.path, "/") {
				t.Errorf("the source %+v", source)
			}
		}
		mountOf(mounts, "/local")
	})
}
