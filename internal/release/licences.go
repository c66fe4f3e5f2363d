package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// publicDomain is SQLite's dedication, for which SPDX has no identifier.
const publicDomain = "LicenseRef-public-domain"

// allowed are the licences under which somebody else's code may be compiled in: they ask
// for a notice, or for the source of changed files, and for nothing of the program.
var allowed = map[string]bool{
	"Apache-2.0": true, "MIT": true, "BSD-2-Clause": true, "BSD-3-Clause": true,
	"ISC": true, "MPL-2.0": true, "Zlib": true, "CC0-1.0": true, "Unlicense": true, publicDomain: true,
}

// licenceFile is one text that a module wants to be carried along.
type licenceFile struct {
	name string // in the module, with slashes
	text string
	ids  []string // the licences in it; for a notice only those that are not allowed
}

var (
	licenceName = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^copyright`)
	noticeName  = regexp.MustCompile(`(?i)^notice|(3rd|third).?part(y|ies)|-logo`)
	textFile    = regexp.MustCompile(`(?i)^[^.]*$|\.(txt|md|rst|mit|bsd|apache)$`)
)

// licenceFiles reads the licence texts of a module: those in its root and in every folder
// between there and a package that is compiled in. Each must be known.
func licenceFiles(m *module) ([]licenceFile, error) {
	folders := map[string]bool{m.dir: true}
	for _, dir := range m.packages {
		for ; len(dir) > len(m.dir) && strings.HasPrefix(dir, m.dir); dir = filepath.Dir(dir) {
			folders[dir] = true
		}
	}
	var out []licenceFile
	for dir := range folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		for _, e := range entries {
			if e.IsDir() || !textFile.MatchString(e.Name()) || !licenceName.MatchString(e.Name()) && !noticeName.MatchString(e.Name()) {
				continue
			}
			raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.path, err)
			}
			name, err := filepath.Rel(m.dir, filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			f := licenceFile{name: filepath.ToSlash(name), text: tidy(string(raw)), ids: classify(string(raw))}
			if noticeName.MatchString(e.Name()) {
				f.ids = slices.DeleteFunc(f.ids, func(id string) bool { return allowed[id] })
			} else if len(f.ids) == 0 {
				return nil, fmt.Errorf("%s %s: the licence in %s is not known", m.path, m.version, f.name)
			}
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b licenceFile) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// licencesOf is what licenceFiles found, as sorted identifiers. A module without a
// licence, or with one that is not allowed, is an error.
func licencesOf(m *module, files []licenceFile) ([]string, error) {
	var ids []string
	for _, f := range files {
		for _, id := range f.ids {
			if !allowed[id] {
				return nil, fmt.Errorf("%s %s: %s is under %s, which is not on the list of allowed licences", m.path, m.version, f.name, id)
			}
		}
		ids = append(ids, f.ids...)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s %s has no licence", m.path, m.version)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// tidy is a text with the line ends of Unix and nothing behind a line.
func tidy(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(s, "\r\n", "\n")) {
		b.WriteString(strings.TrimRight(line, " \t\r\n\f"))
		b.WriteByte('\n')
	}
	return strings.Trim(b.String(), "\n") + "\n"
}

var (
	notWords = regexp.MustCompile(`[^a-z0-9.]+`)
	// The sentence that grants, as the licence has it, in words only.
	grants = []struct{ id, words string }{
		{"Apache-2.0", "apache license version 2.0 january 2004"},
		{"Apache-2.0", "licensed under the apache license version 2.0"},
		{"MIT", "permission is hereby granted free of charge to any person obtaining a copy of this software and associated documentation files"},
		{"ISC", "permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"},
		{"ISC", "permission to use copy modify and distribute this software for any purpose with or without fee is hereby granted"},
		{"MPL-2.0", "mozilla public license version 2.0 1. definitions"},
		{"Zlib", "permission is granted to anyone to use this software for any purpose including commercial applications and to alter it and redistribute it freely"},
		{"CC0-1.0", "cc0 1.0 universal"},
		{"Unlicense", "this is free and unencumbered software released into the public domain"},
		{publicDomain, "has been dedicated to the public domain by the authors"},
		// What no allowed licence says about itself. The Mozilla licence speaks of the
		// GNU licences too, but has not their titles with a version and a date.
		{"GPL-2.0", "gnu general public license version 2 june 1991"},
		{"GPL-3.0", "gnu general public license version 3 29 june 2007"},
		{"LGPL-2.1", "gnu lesser general public license version 2.1 february 1999"},
		{"LGPL-3.0", "gnu lesser general public license version 3 29 june 2007"},
		{"AGPL-3.0", "gnu affero general public license version 3 19 november 2007"},
		{"GNU", "under the terms of the gnu"},
		{"Commons-Clause", "commons clause"},
		{"BUSL-1.1", "business source license"},
		{"SSPL-1.0", "server side public license"},
		{"Elastic-2.0", "elastic license"},
		{"PolyForm", "polyform"},
		{"non-commercial", "for non commercial"},
		{"non-commercial", "noncommercial purpose"},
		{"EPL", "eclipse public license"},
		{"CDDL", "common development and distribution license"},
	}
)

// classify names the licences in a text, by the sentences that cannot be left out of them.
func classify(text string) []string {
	words := notWords.ReplaceAllString(strings.ToLower(text), " ")
	words = strings.ReplaceAll(words, ". ", " ")
	var ids []string
	for _, g := range grants {
		if strings.Contains(words, strings.ReplaceAll(g.words, ". ", " ")) {
			ids = append(ids, g.id)
		}
	}
	if strings.Contains(words, "redistribution and use in source and binary forms") {
		id := "BSD-2-Clause"
		if strings.Contains(words, "neither the name") || strings.Contains(words, "endorse or promote products") {
			id = "BSD-3-Clause"
		}
		ids = append(ids, id)
		if strings.Contains(words, "all advertising materials mentioning") {
			ids = append(ids, "BSD-4-Clause")
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
