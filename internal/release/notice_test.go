package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Every module that is compiled in for any platform has its licence in NOTICE, and none
// has a licence that is not allowed.
func TestNoticeIsComplete(t *testing.T) {
	t.Parallel()
	root := repository(t)
	modules, err := everywhere(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 30 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	want, err := noticeOf(modules)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if !slices.ContainsFunc(strings.Split(string(got), "\n"), func(line string) bool {
			f := strings.Fields(line)
			return len(f) > 3 && f[0] == m.path && f[1] == m.version
		}) {
			t.Errorf("%s %s is compiled in and has no entry in NOTICE: run make notice, and read what it adds", m.path, m.version)
		}
	}
	if string(got) != string(want) {
		t.Error("NOTICE is not what make notice writes: run it, and read what changes")
	}
}

const (
	mit = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software and associated documentation files (the \"Software\"), to deal"
	bsd = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided that"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"MIT", mit, "MIT"},
		{"MIT in comment signs", "// " + strings.ReplaceAll(mit, "\n", "\n// "), "MIT"},
		{"an advertisement of MIT", "This project uses the MIT License.", ""},
		{"Apache", "Apache License\n  Version 2.0, January 2004\n http://www.apache.org/licenses/", "Apache-2.0"},
		{"Apache 1.1 is another", "The Apache Software License, Version 1.1", ""},
		{"BSD of two clauses", bsd, "BSD-2-Clause"},
		{"BSD of three", bsd + " Neither the name of Kim nor the names of", "BSD-3-Clause"},
		{"BSD of three without the word neither", bsd + " The name of Kim may not be used to endorse or promote products", "BSD-3-Clause"},
		{"BSD of four", bsd + " All advertising materials mentioning features ... Neither the name", "BSD-3-Clause BSD-4-Clause"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted", "ISC"},
		{"Mozilla names the GNU licences and is none", "Mozilla Public License Version 2.0\n=====\n\n1. Definitions\n \"Secondary License\" means either the GNU General Public License, Version 2.0, the GNU Lesser General Public License, Version 2.1", "MPL-2.0"},
		{"GPL 2", "GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991", "GPL-2.0"},
		{"GPL 3", "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0"},
		{"Affero", "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007", "AGPL-3.0"},
		{"Lesser", "GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999", "LGPL-2.1"},
		{"GNU by its short note", "you can redistribute it and/or modify it under the terms of the GNU General Public License", "GNU"},
		{"MIT with a catch", "\"Commons Clause\" License Condition v1.0\n\n" + mit, "Commons-Clause MIT"},
		{"a source that is only shown", "Business Source License 1.1", "BUSL-1.1"},
		{"two in one", mit + "\n\nApache License Version 2.0, January 2004", "Apache-2.0 MIT"},
		{"none", "All rights reserved.", ""},
	} {
		if got := strings.Join(classify(tt.text), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// invented makes a module of files in a temporary folder.
func invented(t *testing.T, files map[string]string) *module {
	t.Helper()
	m := &module{path: "example.org/invented", version: "v1.0.0", dir: t.TempDir()}
	for name, text := range files {
		path := filepath.Join(m.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.packages = []string{filepath.Join(m.dir, "a", "b")}
	return m
}

func TestLicencesOfAModule(t *testing.T) {
	t.Parallel()
	const gpl = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // identifiers, or a part of the error
		fails bool
	}{
		{"one", map[string]string{"LICENSE": mit, "a/b/x.go": ""}, "MIT", false},
		{"a folder with a licence of its own", map[string]string{"LICENSE.txt": mit, "a/COPYING": bsd, "a/b/x.go": ""}, "BSD-2-Clause MIT", false},
		{"a folder that is not compiled in", map[string]string{"LICENSE": mit, "other/LICENSE": gpl, "a/b/x.go": ""}, "MIT", false},
		{"a folder that is", map[string]string{"LICENSE": mit, "a/b/LICENCE.md": gpl}, "a/b/LICENCE.md is under GPL-3.0", true},
		{"a source file is no licence", map[string]string{"LICENSE": mit, "a/b/license.go": gpl}, "MIT", false},
		{"a notice names no licence of the module", map[string]string{"LICENSE": mit, "NOTICE": "Apache License Version 2.0, January 2004", "a/b/x.go": ""}, "MIT", false},
		{"a notice hides nothing", map[string]string{"LICENSE": mit, "LICENSE-3RD-PARTY.md": gpl, "a/b/x.go": ""}, "GPL-3.0", true},
		{"none", map[string]string{"README.md": "MIT", "a/b/x.go": ""}, "has no licence", true},
		{"a notice alone", map[string]string{"NOTICE": mit, "a/b/x.go": ""}, "has no licence", true},
		{"unknown", map[string]string{"LICENSE": "Do as we say.", "a/b/x.go": ""}, "is not known", true},
		{"known and unknown", map[string]string{"LICENSE": mit, "LICENSE-EXTRA": "Do as we say.", "a/b/x.go": ""}, "LICENSE-EXTRA is not known", true},
	} {
		m := invented(t, tt.files)
		files, err := licenceFiles(m)
		var ids []string
		if err == nil {
			ids, err = licencesOf(m, files)
		}
		got := strings.Join(ids, " ")
		if err != nil {
			got = err.Error()
		}
		if tt.fails != (err != nil) || !strings.Contains(got, tt.want) || !tt.fails && got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	var packages []listed
	add := func(path, mod, version string, imports ...string) *listed {
		p := listed{ImportPath: path, Dir: "/" + path, Imports: imports}
		p.Module = &struct {
			Path, Version, Dir string
			Main               bool
			Replace            *struct{ Path string }
		}{Path: mod, Version: version, Main: version == ""}
		packages = append(packages, p)
		return &packages[len(packages)-1]
	}
	packages = append(packages, listed{ImportPath: "fmt", Standard: true})
	add("tenantaudit/cmd", ourselves, "", "fmt", "example.org/a/x", "tenantaudit/internal")
	add("tenantaudit/internal", ourselves, "", "example.org/a/y")
	add("example.org/a/x", "example.org/a", "v1.0.0", "example.org/a/y")
	last := add("example.org/a/y", "example.org/a", "v1.0.0", "fmt")
	sums := map[string]string{"example.org/a v1.0.0": "h1:x"}
	got, err := group(packages, sums)
	if err != nil {
		t.Fatal(err)
	}
	if a := got["example.org/a"]; len(got) != 2 || a.sum != "h1:x" || len(a.packages) != 2 || len(a.imports) != 0 || !slices.Equal(got[ourselves].imports, []string{"example.org/a"}) {
		t.Errorf("modules %+v, of others %+v", got[ourselves], a)
	}
	if _, err := group(packages, map[string]string{"example.org/a v1.0.1": "h1:x"}); err == nil {
		t.Error("a module that is not in go.sum is let through")
	}
	last.Module.Replace = &struct{ Path string }{"../local"}
	if _, err := group(packages, sums); err == nil {
		t.Error("a replaced module is let through")
	}
}
