package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// build makes a release of one commit.
type build struct {
	root, out, version string
	when               time.Time // of the commit
}

// What a version may look like: it becomes part of file names.
var goodVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)

func (b build) run(ctx context.Context, chosen []platform) error {
	if !goodVersion.MatchString(b.version) {
		return fmt.Errorf("-version %q: letters, digits, dots, plus and minus signs", b.version)
	}
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	if there, err := os.ReadDir(b.out); err != nil {
		return err
	} else if len(there) > 0 {
		return fmt.Errorf("%s is not empty", b.out)
	}
	tmp, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	made, err := b.all(ctx, tmp, chosen)
	if err == nil { // a release that is not whole has no sums
		err = b.sums(made)
	}
	return errors.Join(err, os.RemoveAll(tmp))
}

// all builds every platform and returns the sums of the files it made.
func (b build) all(ctx context.Context, tmp string, chosen []platform) (map[string]string, error) {
	modules, err := everywhere(ctx, b.root)
	if err != nil {
		return nil, err
	}
	ids, err := licenceIDs(modules)
	if err != nil {
		return nil, err
	}
	common, err := b.texts(ctx, tmp)
	if err != nil {
		return nil, err
	}
	made := map[string]string{}
	for _, p := range chosen {
		files, err := b.one(ctx, tmp, p, common, ids)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(b.out, f.name), f.data, 0o644); err != nil {
				return nil, err
			}
			made[f.name] = sum(f.data)
		}
	}
	return made, nil
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func (b build) sums(made map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(made)) {
		fmt.Fprintf(&text, "%s  %s\n", made[name], name)
	}
	return os.WriteFile(filepath.Join(b.out, "SHA256SUMS"), []byte(text.String()), 0o644)
}

// compile builds the program for one platform.
func (b build) compile(ctx context.Context, p platform, to string) error {
	cmd := goCommand(ctx, b.root, p, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version="+b.version, "-o", to, program)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// one builds one platform: its archive and its bill of materials.
func (b build) one(ctx context.Context, tmp string, p platform, common []entry, ids map[string][]string) ([]entry, error) {
	file := "tenantaudit"
	if p.os == "windows" {
		file += ".exe"
	}
	path := filepath.Join(tmp, p.os+"_"+p.arch, file)
	start := time.Now()
	if err := b.compile(ctx, p, path); err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	modules, err := linked(ctx, b.root, p)
	if err != nil {
		return nil, err
	}
	list, err := sbom(built{version: b.version, when: b.when, binary: binary, modules: modules, licences: ids})
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("tenantaudit_%s_%s_%s", b.version, p.os, p.arch)
	content := []entry{{name: name + "/" + file, data: binary, exec: true}}
	for _, e := range common {
		content = append(content, entry{name: name + "/" + e.name, data: e.data})
	}
	pack, suffix := tarball, ".tar.gz"
	if p.os == "windows" {
		pack, suffix = zipped, ".zip"
	}
	archive, err := pack(content, b.when)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%-14s %8.1f MB, archive %5.1f MB, %s  %s\n", p, mega(binary), mega(archive), time.Since(start).Round(time.Second), sum(binary))
	return []entry{{name: name + suffix, data: archive}, {name: name + ".cdx.json", data: list}}, nil
}

func mega(b []byte) float64 { return float64(len(b)) / 1e6 }

// texts are the files that every archive holds beside the program. Man pages and
// completions come from the program itself, built for this machine.
func (b build) texts(ctx context.Context, tmp string) ([]entry, error) {
	var out []entry
	for _, name := range []string{"LICENSE", "NOTICE"} {
		data, err := os.ReadFile(filepath.Join(b.root, name))
		if err != nil {
			return nil, err
		}
		out = append(out, entry{name: name, data: data})
	}
	here := filepath.Join(tmp, "here.exe") // Windows starts nothing without the ending
	if err := b.compile(ctx, platform{runtime.GOOS, runtime.GOARCH}, here); err != nil {
		return nil, err
	}
	man := filepath.Join(tmp, "man")
	if _, err := b.say(ctx, here, "man", man); err != nil {
		return nil, err
	}
	err := fs.WalkDir(os.DirFS(man), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(man, name))
		out = append(out, entry{name: "man/" + name, data: data})
		return err
	})
	if err != nil {
		return nil, err
	}
	for shell, name := range map[string]string{"bash": "tenantaudit.bash", "zsh": "_tenantaudit", "fish": "tenantaudit.fish", "powershell": "tenantaudit.ps1"} {
		data, err := b.say(ctx, here, "completion", shell)
		if err != nil {
			return nil, err
		}
		out = append(out, entry{name: "completions/" + name, data: data})
	}
	return out, nil
}

// say runs the program without the settings of whoever makes the release.
func (b build) say(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	empty := filepath.Dir(program)
	cmd.Env = []string{"HOME=" + empty, "XDG_CONFIG_HOME=" + empty, "AppData=" + empty, "TZ=UTC", "SystemRoot=" + os.Getenv("SystemRoot")}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
