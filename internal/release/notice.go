package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

const noticeHead = `tenantaudit
===========

tenantaudit is licensed under the Apache License, Version 2.0; the text is in LICENSE.

Its programs contain software of others, each under its own licence. Below are the modules
that are compiled into at least one of the programs for Linux, macOS and Windows, then the
texts that come with them. Written by "make notice"; a test holds it complete.

`

const rule = "------------------------------------------------------------------------------\n"

// notice is the text of the file NOTICE: every module that is compiled in for any platform,
// its licences, and each licence text once.
func notice(ctx context.Context, root string) ([]byte, error) {
	modules, err := everywhere(ctx, root)
	if err != nil {
		return nil, err
	}
	return noticeOf(modules)
}

// everywhere is what linked finds on all platforms together.
func everywhere(ctx context.Context, root string) ([]*module, error) {
	all := map[string]*module{}
	for _, p := range platforms {
		some, err := linked(ctx, root, p)
		if err != nil {
			return nil, err
		}
		for path, m := range some {
			if all[path] == nil {
				all[path] = m
				continue
			}
			all[path].packages = append(all[path].packages, m.packages...)
		}
	}
	return foreign(all), nil
}

// textOf is a licence text and who brings it along.
type textOf struct {
	text  string
	users []string
}

func noticeOf(modules []*module) ([]byte, error) {
	var texts []*textOf
	known := map[string]int{} // words of a text -> its number
	number := func(user, text string) int {
		key := strings.Join(strings.Fields(text), " ")
		n, ok := known[key]
		if !ok {
			texts = append(texts, &textOf{text: text})
			n = len(texts)
			known[key] = n
		}
		t := texts[n-1]
		if !slices.Contains(t.users, user) {
			t.users = append(t.users, user)
		}
		return n
	}

	out := bytes.NewBufferString(noticeHead)
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "MODULE\tVERSION\tLICENCE\tTEXTS")
	for _, m := range modules {
		files, err := licenceFiles(m)
		if err != nil {
			return nil, err
		}
		ids, err := licencesOf(m, files)
		if err != nil {
			return nil, err
		}
		if m.path == likeGo {
			// The standard library comes with the same text as the modules of its authors;
			// its own copy is not in every package of Go.
			fmt.Fprintf(table, "Go standard library\t\t%s\t[%d]\n", strings.Join(ids, " AND "), number("Go standard library", files[0].text))
		}
		var refs []string
		for _, f := range files {
			refs = append(refs, fmt.Sprintf("[%d]", number(m.path, f.text)))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.path, m.version, strings.Join(ids, " AND "), strings.Join(slices.Compact(refs), " "))
	}
	if err := table.Flush(); err != nil {
		return nil, err
	}
	for n, t := range texts {
		fmt.Fprintf(out, "\n%s[%d] %s\n%s\n%s", rule, n+1, strings.Join(t.users, "\n    "), rule, t.text)
	}
	return out.Bytes(), nil
}

// likeGo is a module of the authors of Go that is always compiled in.
const likeGo = "golang.org/x/sys"

// licenceIDs maps module path to licences, for the modules of one program.
func licenceIDs(modules []*module) (map[string][]string, error) {
	out := map[string][]string{}
	for _, m := range modules {
		files, err := licenceFiles(m)
		if err != nil {
			return nil, err
		}
		if out[m.path], err = licencesOf(m, files); err != nil {
			return nil, err
		}
	}
	return out, nil
}
