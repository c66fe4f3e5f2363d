package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The main package, and the name of the module it is in.
const (
	program   = "./cmd/tenantaudit"
	ourselves = "tenantaudit"
)

// module is one module of which something is compiled into the program.
type module struct {
	path, version string
	sum           string   // as in go.sum: "h1:…"
	dir           string   // in the module cache
	packages      []string // the folders of the packages that are compiled in
	imports       []string // paths of the modules that these import, sorted
}

// goCommand is the go tool in a fixed environment for one platform: what a developer has
// set for himself does not reach a release.
func goCommand(ctx context.Context, root string, p platform, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off")
	return cmd
}

// listed is one package as go list prints it.
type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
	Standard   bool
	Module     *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path string }
	}
}

// linked lists the modules that are compiled into the program for one platform, by path;
// the main module is among them.
func linked(ctx context.Context, root string, p platform) (map[string]*module, error) {
	cmd := goCommand(ctx, root, p, "list", "-deps", "-json=ImportPath,Dir,Imports,Standard,Module", program)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w: %s", p, err, bytes.TrimSpace(stderr.Bytes()))
	}
	packages, err := decodePackages(raw)
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w", p, err)
	}
	sums, err := readSums(filepath.Join(root, "go.sum"))
	if err != nil {
		return nil, err
	}
	return group(packages, sums)
}

func decodePackages(raw []byte) ([]listed, error) {
	var out []listed
	for dec := json.NewDecoder(bytes.NewReader(raw)); ; {
		var pkg listed
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out = append(out, pkg)
	}
}

// group makes modules of packages.
func group(packages []listed, sums map[string]string) (map[string]*module, error) {
	owner := map[string]string{}
	out := map[string]*module{}
	for _, pkg := range packages {
		m := pkg.Module
		if pkg.Standard || m == nil {
			continue
		}
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced by %s: a release is made of published modules only", m.Path, m.Replace.Path)
		}
		owner[pkg.ImportPath] = m.Path
		if out[m.Path] == nil {
			sum := sums[m.Path+" "+m.Version]
			if sum == "" && !m.Main {
				return nil, fmt.Errorf("%s %s is not in go.sum", m.Path, m.Version)
			}
			out[m.Path] = &module{path: m.Path, version: m.Version, sum: sum, dir: m.Dir}
		}
		out[m.Path].packages = append(out[m.Path].packages, pkg.Dir)
	}
	edges := map[string]map[string]bool{}
	for _, pkg := range packages {
		from := owner[pkg.ImportPath]
		for _, i := range pkg.Imports {
			if to := owner[i]; from != "" && to != "" && from != to {
				if edges[from] == nil {
					edges[from] = map[string]bool{}
				}
				edges[from][to] = true
			}
		}
	}
	for from, to := range edges {
		out[from].imports = slices.Sorted(maps.Keys(to))
	}
	return out, nil
}

// readSums reads go.sum: "path version" -> "h1:…", without the lines of go.mod files.
func readSums(file string) (map[string]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) == 3 && !strings.HasSuffix(f[1], "/go.mod") {
			out[f[0]+" "+f[1]] = f[2]
		}
	}
	return out, nil
}

// foreign lists the modules of others, sorted by path.
func foreign(modules map[string]*module) []*module {
	var out []*module
	for path, m := range modules {
		if path != ourselves {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *module) int { return cmp.Compare(a.path, b.path) })
	return out
}
