// Package tools pins the programs that make lint and make vuln run, in a module of its
// own: what they need is no dependency of the product. Here is only the test that needs
// such modules itself.
package tools

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is the published one, as the module of CycloneDX carries it.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "schema")
	const base = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(base + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, raw []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// The bill of materials of the release's own test, and those in dist/ if there are any.
func TestBillsOfMaterialsFollowTheSchema(t *testing.T) {
	s := schema(t)
	files, err := filepath.Glob("../dist/*.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../internal/release/testdata/sample.cdx.json") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(s, raw); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		var bom cyclonedx.BOM
		if err := cyclonedx.NewBOMDecoder(bytes.NewReader(raw), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		known := map[string]bool{bom.Metadata.Component.BOMRef: true}
		for _, c := range *bom.Components {
			if known[c.BOMRef] {
				t.Errorf("%s: %s is there twice", file, c.BOMRef)
			}
			known[c.BOMRef] = true
		}
		for _, d := range *bom.Dependencies {
			names := []string{d.Ref}
			if d.Dependencies != nil { // nil: it needs nothing
				names = append(names, *d.Dependencies...)
			}
			for _, on := range names {
				if !known[on] {
					t.Errorf("%s: a dependency names %s, which is no component", file, on)
				}
			}
		}
	}
}

// A schema that lets everything through would prove nothing.
func TestTheSchemaRefuses(t *testing.T) {
	s := schema(t)
	raw, err := os.ReadFile("../internal/release/testdata/sample.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a licence that SPDX does not know": {`"id": "BSD-3-Clause"`, `"id": "BSD-33-Clause"`},
		"a hash that is too short":          {`0000000000000000`, `0000`},
		"a serial number that is none":      {"urn:uuid:", "urn:number:"},
		"a member that does not exist":      {`"bomFormat"`, `"bomFormats"`},
		"a type that does not exist":        {`"type": "library"`, `"type": "books"`},
	} {
		bad := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, raw) {
			t.Errorf("%s: nothing was changed", what)
		} else if validate(s, bad) == nil {
			t.Errorf("%s: the schema lets it through", what)
		}
	}
}
