package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A bill of materials in CycloneDX 1.6, with the members that are used here.
type bom struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Serial       string       `json:"serialNumber,omitempty"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Hashes     []hashed   `json:"hashes,omitempty"`
	Licenses   []choice   `json:"licenses,omitempty"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type hashed struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// choice is one licence, or an expression of several.
type choice struct {
	License    *license `json:"license,omitempty"`
	Expression string   `json:"expression,omitempty"`
}

type license struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// built is one program that was built, and what is known of it.
type built struct {
	version  string
	when     time.Time // of the commit
	binary   []byte
	modules  map[string]*module  // what go list says is in it
	licences map[string][]string // of each module
}

// sbom is the bill of materials of a program. What the program says of itself (the same
// as go version -m prints) must be what was listed before; if not, it is an error.
func sbom(b built) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(b.binary))
	if err != nil {
		return nil, err
	}
	return billOf(b, info)
}

func billOf(b built, info *buildinfo.BuildInfo) ([]byte, error) {
	if err := agree(b.modules, info); err != nil {
		return nil, err
	}
	others := foreign(b.modules)
	main := component{
		Type: "application", Ref: purl(ourselves, b.version), Name: ourselves, Version: b.version, PURL: purl(ourselves, b.version),
		Hashes: []hashed{{"SHA-256", sum(b.binary)}}, Licenses: licences([]string{"Apache-2.0"}),
		Properties: []property{{"tenantaudit:build:go", info.GoVersion}},
	}
	for _, s := range info.Settings {
		main.Properties = append(main.Properties, property{"tenantaudit:build:" + s.Key, s.Value})
	}
	goVersion := strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")
	std := component{Type: "library", Ref: purl("std", goVersion), Name: "std", Version: goVersion, PURL: purl("std", goVersion), Licenses: licences(b.licences[likeGo])}
	doc := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata:     metadata{Timestamp: b.when.Format(time.RFC3339), Component: main},
		Components:   []component{std},
		Dependencies: []dependency{{Ref: std.Ref}},
	}
	for _, m := range append([]*module{b.modules[ourselves]}, others...) {
		ref := main.Ref
		if m.path != ourselves {
			c, err := library(m, b.licences[m.path])
			if err != nil {
				return nil, err
			}
			doc.Components = append(doc.Components, c)
			ref = c.Ref
		}
		on := []string{std.Ref}
		for _, i := range m.imports {
			on = append(on, purl(i, b.modules[i].version))
		}
		doc.Dependencies = append(doc.Dependencies, dependency{Ref: ref, DependsOn: on})
	}
	slices.SortFunc(doc.Components, func(x, y component) int { return strings.Compare(x.Ref, y.Ref) })
	slices.SortFunc(doc.Dependencies, func(x, y dependency) int { return strings.Compare(x.Ref, y.Ref) })
	return encode(doc)
}

// agree compares the modules that a program names with those that were listed.
func agree(modules map[string]*module, info *buildinfo.BuildInfo) error {
	said := map[string]bool{}
	for _, d := range info.Deps {
		m := modules[d.Path]
		if d.Replace != nil || m == nil || m.version != d.Version || m.sum != d.Sum {
			return fmt.Errorf("the program holds %s %s, which go list does not know so", d.Path, d.Version)
		}
		said[d.Path] = true
	}
	for _, m := range foreign(modules) {
		if !said[m.path] {
			return fmt.Errorf("the program does not hold %s, which go list names", m.path)
		}
	}
	return nil
}

func library(m *module, ids []string) (component, error) {
	// The h1 hash of go.sum is a SHA-256 over the names and hashes of the module's files.
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.sum, "h1:"))
	if err != nil || len(raw) != sha256.Size {
		return component{}, fmt.Errorf("%s: %q is not a sum of go.sum", m.path, m.sum)
	}
	ref := purl(m.path, m.version)
	return component{
		Type: "library", Ref: ref, Name: m.path, Version: m.version, PURL: ref,
		Hashes: []hashed{{"SHA-256", hex.EncodeToString(raw)}}, Licenses: licences(ids),
	}, nil
}

func licences(ids []string) []choice {
	switch {
	case len(ids) == 0:
		return nil
	case len(ids) > 1:
		return []choice{{Expression: strings.Join(ids, " AND ")}}
	case strings.HasPrefix(ids[0], "LicenseRef-"):
		return []choice{{License: &license{Name: ids[0]}}}
	}
	return []choice{{License: &license{ID: ids[0]}}}
}

// purl is the package URL of a module; its specification wants the path in lower case.
func purl(path, version string) string {
	parts := strings.Split(strings.ToLower(path), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "pkg:golang/" + strings.Join(parts, "/") + "@" + strings.ReplaceAll(url.PathEscape(version), "+", "%2B")
}

// encode writes the document. Its serial number is made of the rest of it, so that the
// same content has the same number, and another content another.
func encode(doc bom) ([]byte, error) {
	doc.Serial = ""
	raw, err := marshal(doc)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(raw)
	id[6] = id[6]&0x0f | 0x80 // a UUID of version 8: made by a rule of one's own
	id[8] = id[8]&0x3f | 0x80
	doc.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
	return marshal(doc)
}

func marshal(doc bom) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return out.Bytes(), err
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
