// Package facts holds the reference data that judgement needs: licences and
// what they unlock, permissions and how dangerous they are, directory roles,
// Microsoft's own applications, mailbox audit actions, control numbers of
// public frameworks, the trustees that belong to the service itself, and the
// folders, words and headers by which rules that hide or exempt mail are known.
//
// The tables are JSON files under data, embedded in the binary; each names its
// source. They carry identifiers, names and figures. All but trustees.json, mailrules.json
// and access.json are written by gen. A table is parsed when it is first asked for, once;
// after that every function is a map look-up that is safe for concurrent use.
//
// Identifiers (GUIDs) are compared without regard to case. The package reads
// nothing at run time and imports no other package of the product.
//
// Absence is part of every answer: an id that is not in a table is reported as
// not found, which means unknown and never harmless.
package facts

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:generate go run gen/main.go -in $REFERENCE_DATA -out data

//go:embed data/*.json
var files embed.FS

// table parses one embedded file. The files are part of the program, so a
// broken one is a bug in the build.
func table[T any](name string) T {
	b, err := files.ReadFile("data/" + name)
	if err != nil {
		panic(fmt.Sprintf("facts: %v", err)) // unreachable: the file is embedded
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		panic(fmt.Sprintf("facts: %s: %v", name, err)) // unreachable: the test parses every table
	}
	return v
}

// row decodes a table row that is written as an array of unlike elements.
func row(raw []json.RawMessage, into ...any) error {
	if len(raw) != len(into) {
		return fmt.Errorf("row of %d elements, want %d", len(raw), len(into))
	}
	for i, r := range raw {
		if err := json.Unmarshal(r, into[i]); err != nil {
			return err
		}
	}
	return nil
}

func fold(id string) string { return strings.ToLower(strings.TrimSpace(id)) }
