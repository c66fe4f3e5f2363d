package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite testdata")

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sample() (built, *debug.BuildInfo) {
	const zero = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	b := built{
		version: "v1.2.3+x", when: noon, binary: []byte("program"),
		modules: map[string]*module{
			ourselves:               {path: ourselves, imports: []string{"example.org/Azure/sdk", likeGo}},
			"example.org/Azure/sdk": {path: "example.org/Azure/sdk", version: "v2.0.0+incompatible", sum: zero, imports: []string{likeGo, "example.org/sqlite"}},
			"example.org/sqlite":    {path: "example.org/sqlite", version: "v1.0.0", sum: zero},
			likeGo:                  {path: likeGo, version: "v0.1.0", sum: zero},
		},
		licences: map[string][]string{"example.org/Azure/sdk": {"Apache-2.0", "MIT"}, "example.org/sqlite": {publicDomain}, likeGo: {"BSD-3-Clause"}},
	}
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Settings: []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "GOOS", Value: "linux"}}}
	for _, m := range foreign(b.modules) {
		info.Deps = append(info.Deps, &debug.Module{Path: m.path, Version: m.version, Sum: m.sum})
	}
	return b, info
}

// The file is also what the schema of CycloneDX is held against, in tools/.
func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	const file = "testdata/sample.cdx.json"
	got, err := billOf(sample())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSerialNumberFollowsTheContent(t *testing.T) {
	t.Parallel()
	serial := func(change func(*built)) string {
		b, info := sample()
		change(&b)
		raw, err := billOf(b, info)
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(raw), `"serialNumber": "`)
		s, _, _ := strings.Cut(after, `"`)
		return s
	}
	plain := serial(func(*built) {})
	if again := serial(func(*built) {}); again != plain || len(plain) != len("urn:uuid:")+36 {
		t.Errorf("serial numbers of the same: %q, %q", plain, again)
	}
	if other := serial(func(b *built) { b.binary = []byte("another") }); other == plain {
		t.Errorf("another program has the same serial number %q", other)
	}
}

func TestProgramAndListMustAgree(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*debug.BuildInfo){
		"one more": func(i *debug.BuildInfo) {
			i.Deps = append(i.Deps, &debug.Module{Path: "example.org/more", Version: "v1.0.0"})
		},
		"one less":        func(i *debug.BuildInfo) { i.Deps = i.Deps[1:] },
		"another version": func(i *debug.BuildInfo) { i.Deps[0].Version = "v9.0.0" },
		"another sum":     func(i *debug.BuildInfo) { i.Deps[0].Sum = "h1:other" },
		"replaced":        func(i *debug.BuildInfo) { i.Deps[0].Replace = &debug.Module{Path: "../local"} },
	} {
		b, info := sample()
		change(info)
		if _, err := billOf(b, info); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPackageURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]string]string{
		{"github.com/Azure/x/v2", "v2.0.1"}:        "pkg:golang/github.com/azure/x/v2@v2.0.1",
		{"example.org/a", "v1.0.0+incompatible"}:   "pkg:golang/example.org/a@v1.0.0%2Bincompatible",
		{"tenantaudit", "v1.0.0-3-gabcdef0-dirty"}: "pkg:golang/tenantaudit@v1.0.0-3-gabcdef0-dirty",
	} {
		if got := purl(in[0], in[1]); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestArchivesDependOnContentOnly(t *testing.T) {
	t.Parallel()
	entries := []entry{{name: "d/program", data: []byte("x"), exec: true}, {name: "d/LICENSE", data: []byte("text")}}
	turned := slices.Clone(entries)
	slices.Reverse(turned)
	elsewhere := noon.In(time.FixedZone("elsewhere", 13*3600))
	for name, pack := range map[string]func([]entry, time.Time) ([]byte, error){"tar.gz": tarball, "zip": zipped} {
		a, err := pack(entries, noon)
		if err != nil {
			t.Fatal(err)
		}
		b, err := pack(turned, elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the order of the files or the time zone shows", name)
		}
		if c, err := pack(entries, noon.Add(time.Hour)); err != nil || bytes.Equal(a, c) {
			t.Errorf("%s: the time of the commit does not show (%v)", name, err)
		}
	}
}

func TestTarball(t *testing.T) {
	t.Parallel()
	raw, err := tarball([]entry{{name: "d/program", data: []byte("x"), exec: true}, {name: "d/LICENSE", data: []byte("text")}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if zr.Name != "" || !zr.ModTime.IsZero() {
		t.Errorf("the header of gzip has name %q and time %v", zr.Name, zr.ModTime)
	}
	want := []tar.Header{{Name: "d/LICENSE", Mode: 0o644, Size: 4}, {Name: "d/program", Mode: 0o755, Size: 1}}
	for r := tar.NewReader(zr); ; want = want[1:] {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(want) == 0 {
			t.Fatalf("entry %+v, error %v", h, err)
		}
		if h.Name != want[0].Name || h.Mode != want[0].Mode || h.Size != want[0].Size || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(noon) {
			t.Errorf("entry %+v, want %+v", h, want[0])
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %+v", want)
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	raw, err := zipped([]entry{{name: "d/tenantaudit.exe", data: []byte("x"), exec: true}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 1 || r.File[0].Name != "d/tenantaudit.exe" || r.File[0].Mode() != 0o755 || !r.File[0].Modified.Equal(noon) {
		t.Errorf("entries %+v", r.File[0].FileHeader)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "no command"},
		{[]string{"publish"}, "no command"},
		{[]string{"build", "-version", "v1"}, "time of the commit"},
		{[]string{"build", "-version", "v1", "-epoch", "1", "-platforms", "linux/386"}, "no platform"},
		{[]string{"build", "-version", "v1", "-epoch", "1", "more"}, "one word too many"},
		{[]string{"build", "-version", "", "-epoch", "1", "-out", full}, "-version"},
		{[]string{"build", "-version", "../v1", "-epoch", "1", "-out", full}, "-version"},
		{[]string{"build", "-version", "v1 -X main.other=1", "-epoch", "1", "-out", full}, "-version"},
		{[]string{"build", "-version", "v1", "-epoch", "1", "-out", full}, "not empty"},
	} {
		if err := run(t.Context(), tt.args); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.want)
		}
	}
	some, err := choose("windows/arm64, linux/amd64")
	if err != nil || !slices.Equal(some, []platform{{"windows", "arm64"}, {"linux", "amd64"}}) {
		t.Errorf("platforms %v, %v", some, err)
	}
}
