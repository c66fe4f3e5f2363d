// Package archtest holds the package table of docs/architecture.md true.
package archtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"go/build"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "tenantaudit/"

// table reads the package table: package -> what it may import of ours.
func table(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]string{}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		cells := strings.Split(scan.Text(), "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		name := strings.Trim(strings.TrimSpace(cells[1]), "`")
		may := []string{}
		for _, c := range strings.Split(cells[3], ",") {
			if c = strings.Trim(strings.TrimSpace(c), "`"); c != "" {
				may = append(may, c)
			}
		}
		out[name] = may
	}
	return out
}

func packages(t *testing.T) []*build.Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports,GoFiles", "tenantaudit/...")
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var out []*build.Package
	for dec := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p build.Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, &p)
	}
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	may := table(t)
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		seen[name] = true
		allowed, listed := may[name]
		if !listed {
			if len(p.GoFiles) > 0 {
				t.Errorf("%s has no row in the table of docs/architecture.md", name)
			}
			continue
		}
		for _, i := range p.Imports {
			ours, is := strings.CutPrefix(i, module)
			if is && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "everything") {
				t.Errorf("%s imports %s, which the table does not allow", name, ours)
			}
		}
	}
	for name := range may {
		if strings.Contains(name, "/") && strings.HasPrefix(name, "internal") && !seen[name] {
			t.Errorf("the table has a row for %s, which does not exist", name)
		}
	}
}

// What only one package may touch.
func TestDangerousPackagesStayWhereTheyBelong(t *testing.T) {
	only := map[string][]string{
		"database/sql":       {"internal/snapshot"},
		"modernc.org/sqlite": {"internal/snapshot"},
		"github.com/microsoftgraph/msgraph-sdk-go/": {"internal/graph"},
		"crypto/tls": {"internal/transport", "cmd/tenantaudit"}, // cmd: the simulator's server
	}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			for what, where := range only {
				if (i == what || strings.HasSuffix(what, "/") && strings.HasPrefix(i, what)) && !slices.Contains(where, name) {
					t.Errorf("%s imports %s: only %s may", name, i, strings.Join(where, ", "))
				}
			}
			if i == "github.com/microsoftgraph/msgraph-sdk-go" {
				t.Errorf("%s imports the root client of the Graph SDK", name)
			}
		}
	}
}

// Only the transport builds HTTP clients: below every other caller sits its guard.
func TestOnlyTheTransportSends(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == "internal/transport" {
			continue
		}
		for _, file := range p.GoFiles {
			src, err := os.ReadFile("../../" + name + "/" + file)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"http.Client{", "http.Transport{", "http.DefaultClient", "http.DefaultTransport", "http.Get(", "http.Post(", "http.Head("} {
				if strings.Contains(string(src), word) {
					t.Errorf("%s/%s uses %s: only internal/transport sends", name, file, word)
				}
			}
		}
	}
}
