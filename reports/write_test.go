package reports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a file with testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the tests with -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from %s; got:\n%s", name, path, got)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenMachineFormats(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	golden(t, "report.json", read(t, dir, "report.json"))
	for _, d := range []snapshot.Dataset{snapshot.Mailboxes, snapshot.MailboxPermissions, snapshot.ServicePrincipals, snapshot.InboxRules} {
		golden(t, string(d)+".csv", read(t, dir, "evidence/"+string(d)+".csv"))
	}
}

func TestReportJSONKeepsTheSchema(t *testing.T) {
	m, res := small(t)
	var doc struct {
		Schema string
		Tool   struct{ Name, Version string }
		Tenant struct {
			ID, DisplayName, DefaultDomain string
			VerifiedDomains                []string
		}
		Run struct {
			StartedAt, FinishedAt, Identity, IdentityType string
			DirectoryRoles, Scopes                        []string
			Requests                                      struct{ Graph, Exchange, Retries, Throttled int }
		}
		Coverage []struct {
			Dataset, State                    string
			Rows, Expected, Collected, Failed int
			Reasons                           []struct {
				Cause, Detail string
				Count         int
			}
		}
		Checks []struct {
			ID, Title, Area, Severity, Status, Cause, Remediation string
			Evaluated, Expected, Findings                         int
			Mappings                                              struct{ CIS, SCuBA, MITRE []string }
			Sources                                               []string
		}
		Findings []struct {
			ID, Check, Severity, Summary string
			Subject                      struct{ Type, ID, Name string }
			Details                      map[string]any
			Evidence                     []struct{ Dataset, Key string }
		}
		Datasets map[string][]map[string]any
	}
	raw := read(t, write(t, m, res), "report.json")
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != "tenantaudit.report/v1" || doc.Tool.Name != "tenantaudit" || doc.Tool.Version != "1.2.3" {
		t.Errorf("head: got %q %+v", doc.Schema, doc.Tool)
	}
	if doc.Run.StartedAt != "2026-03-02T08:30:00Z" || doc.Run.FinishedAt != "2026-03-02T10:05:00Z" || doc.Run.Requests.Exchange != 1402 {
		t.Errorf("run: got %+v", doc.Run)
	}
	if len(doc.Coverage) != len(snapshot.Datasets()) || len(doc.Datasets) != len(snapshot.Datasets()) {
		t.Errorf("got %d coverage rows and %d datasets, want %d each", len(doc.Coverage), len(doc.Datasets), len(snapshot.Datasets()))
	}
	ids := make([]string, len(doc.Checks))
	for i, c := range doc.Checks {
		ids[i] = c.ID
		if c.Mappings.CIS == nil || c.Mappings.SCuBA == nil || c.Mappings.MITRE == nil || c.Sources == nil {
			t.Errorf("%s: a list is null", c.ID)
		}
	}
	if !slices.IsSorted(ids) || len(ids) != 5 {
		t.Errorf("checks: got %v, want five, sorted", ids)
	}
	if f := doc.Findings[0]; f.Severity != "critical" || f.Evidence[0].Key != id(2) {
		t.Errorf("first finding: got %+v, want the critical one with its evidence", f)
	}
	rows := doc.Datasets["mailboxes"]
	if rows[0]["auditEnabled"] != true || rows[1]["auditEnabled"] != nil {
		t.Errorf("auditEnabled: got %v and %v, want true and null", rows[0]["auditEnabled"], rows[1]["auditEnabled"])
	}
	if got, ok := rows[0]["auditDelegate"].([]any); !ok || len(got) != 0 {
		t.Errorf("an empty list: got %v, want []", rows[0]["auditDelegate"])
	}
	if rows[1]["auditOwner"] != nil {
		t.Errorf("an unknown list: got %v, want null", rows[1]["auditOwner"])
	}
	if key := doc.Datasets["mailboxPermissions"][1]["rowKey"]; key != id(2)+"|Audit %7C 100%25||true|false" {
		t.Errorf("rowKey: got %v", key)
	}
	if i := bytes.Index(raw, []byte(`"mailbox":"`+id(1))); !bytes.Contains(raw[i:], []byte(`,"rowKey":"`+id(1)+`"}`)) {
		t.Error("rowKey is not the last key of a row")
	}
}

func TestCSVHasTheColumnsOfTheContract(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	for _, d := range snapshot.Datasets() {
		b := read(t, dir, "evidence/"+string(d)+".csv")
		if !bytes.HasPrefix(b, []byte(bom)) || bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
			t.Errorf("%s: no BOM, or a line that does not end in CRLF", d)
		}
		rows, err := csv.NewReader(bytes.NewReader(b[len(bom):])).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", d, err)
		}
		var want []string
		for _, c := range snapshot.Columns(d) {
			want = append(want, c.Name)
		}
		if !slices.Equal(rows[0], append(want, "rowKey")) {
			t.Errorf("%s: header %v", d, rows[0])
		}
		if len(rows)-1 != len(m.rows[d]) {
			t.Errorf("%s: got %d rows, want %d", d, len(rows)-1, len(m.rows[d]))
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	m, res := small(t)
	a, b := write(t, m, res), write(t, m, res)
	// Findings that arrive in another order make the same review.
	turned := Results{Checks: slices.Clone(res.Checks), Findings: slices.Clone(res.Findings)}
	slices.Reverse(turned.Checks)
	slices.Reverse(turned.Findings)
	c := write(t, m, turned)
	for _, other := range []string{b, c} {
		n := 0
		err := filepath.WalkDir(a, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			n++
			name, _ := filepath.Rel(a, path)
			if !bytes.Equal(read(t, a, name), read(t, other, name)) {
				t.Errorf("%s: two runs differ", name)
			}
			return nil
		})
		if err != nil || n < 28 {
			t.Fatalf("compared %d files: %v", n, err)
		}
	}
}

func TestFilesAreForTheOwnerAndListed(t *testing.T) {
	m, res := small(t)
	dir := filepath.Join(t.TempDir(), "a", "review")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "snapshot.db"), []byte("evidence"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := Write(t.Context(), dir, m, res, Options{Formats: Formats(), Version: "1.2.3", Extra: []string{"snapshot.db"}})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schema, CreatedAt string
		Tool              struct{ Name, Version string }
		Tenant            struct{ ID string }
		Files             []File
	}
	raw := read(t, dir, "manifest.json")
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != "tenantaudit.manifest/v1" || doc.CreatedAt != "2026-03-02T10:05:00Z" || doc.Tenant.ID != m.tenant.ID || doc.Tool.Version != "1.2.3" {
		t.Errorf("manifest head: got %+v", doc)
	}
	if !slices.Equal(doc.Files, files) {
		t.Errorf("manifest lists %v, Write returned %v", doc.Files, files)
	}
	want := map[string]int64{"review.xlsx": 6, "review.html": 6, "report.json": 6, "snapshot.db": 6, "evidence/mailboxes.csv": 2, "evidence/inboxRules.csv": 0}
	for _, f := range files {
		b := read(t, dir, f.Name)
		sum := sha256.Sum256(b)
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(b)) {
			t.Errorf("%s: hash or size differs from the file", f.Name)
		}
		if n, ok := want[f.Name]; ok && n != f.Rows {
			t.Errorf("%s: got %d rows, want %d", f.Name, f.Rows, n)
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("not in the manifest: %v", want)
	}
	sum := sha256.Sum256(raw)
	if got := string(read(t, dir, "manifest.json.sha256")); got != hex.EncodeToString(sum[:])+"  manifest.json\n" {
		t.Errorf("manifest.json.sha256: got %q", got)
	}
	count := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if e.IsDir() {
			mode = 0o700
		} else {
			count++
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v", path, info.Mode().Perm(), mode)
		}
		return nil
	})
	if err != nil || count != len(files)+2 {
		t.Errorf("%d files in the folder, want those of the manifest and the manifest (%d): %v", count, len(files)+2, err)
	}
}

// A rerun with fewer formats leaves the other files of the folder alone, and does not say that
// they are of this review.
func TestFilesOfOtherFormatsAreNotListed(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	before := read(t, dir, "review.xlsx")
	files, err := Write(t.Context(), dir, m, res, Options{Formats: []string{JSON}, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name != "report.json" {
		t.Errorf("returned %v, want report.json alone", files)
	}
	manifest := string(read(t, dir, "manifest.json"))
	if strings.Contains(manifest, "review.xlsx") || strings.Contains(manifest, ".csv") || !strings.Contains(manifest, "report.json") {
		t.Errorf("the manifest lists files of the earlier run: %s", manifest)
	}
	if !bytes.Equal(before, read(t, dir, "review.xlsx")) || len(read(t, dir, "evidence/mailboxes.csv")) == 0 {
		t.Error("a file of the earlier run was changed")
	}
}

// Access that is computed is evidence like any other: a sheet, a table of the page, a CSV file.
func TestEffectiveAccessIsEvidence(t *testing.T) {
	m, res := small(t)
	m.rows[snapshot.EffectiveAccess] = []any{
		snapshot.AccessRow{Mailbox: snapshot.Everywhere, Principal: id(50), PrincipalName: "Archive connector", PrincipalType: "application", Capability: snapshot.CanRead,
			Route: "application", Via: "Mail.Read", Scope: "tenant", Close: "Take the permission away", Dataset: "appRoleAssignments", Key: "a|b"},
		snapshot.AccessRow{Mailbox: id(1), MailboxAddress: "kim@contoso.example", Principal: id(60), PrincipalType: "group", Members: ptr(int64(1200)), Capability: snapshot.CanManage,
			Route: "mailboxPermission", Scope: "mailbox", Dataset: "mailboxPermissions", Key: "k"},
	}
	m.complete()
	dir := write(t, m, res)
	f := openBook(t, dir+"/review.xlsx")
	rows, err := f.GetRows("effectiveAccess")
	if err != nil || len(rows) != 3 || !slices.Contains(rows[1], "Mail.Read") || !slices.Contains(rows[2], "1200") {
		t.Errorf("sheet: %q, %v", rows, err)
	}
	if text := sheetText(t, f, "Coverage"); !strings.Contains(text, "effectiveAccess\tEffective access\tComplete\t2") {
		t.Errorf("Coverage does not list it: %s", text)
	}
	if page := string(read(t, dir, "review.html")); !strings.Contains(page, `"name":"effectiveAccess","title":"Effective access","rows":2`) {
		t.Error("the page has no table of it")
	}
	want := "*|" + id(50) + "|read|application|Mail.Read|tenant|a%7Cb"
	for _, name := range []string{"evidence/effectiveAccess.csv", "report.json"} {
		if s := string(read(t, dir, name)); !strings.Contains(s, want) || !strings.Contains(s, "Take the permission away") {
			t.Errorf("%s does not hold the row %s", name, want)
		}
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, format := range Formats() {
		if format == OCSF { // reads no rows
			continue
		}
		m, res := small(t)
		m.fail[snapshot.ServicePrincipals] = broken
		dir := filepath.Join(t.TempDir(), "review")
		if _, err := Write(t.Context(), dir, m, res, Options{Formats: []string{format}}); !errors.Is(err, broken) {
			t.Errorf("%s: got error %v, want %v", format, err, broken)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: left behind %v (%v)", format, left, err)
		}
	}
}

func TestFailureKeepsTheEarlierReview(t *testing.T) {
	m, res := small(t)
	dir := write(t, m, res)
	before := read(t, dir, "manifest.json")
	m.fail[snapshot.GroupMembers] = errors.New("cut")
	if _, err := Write(t.Context(), dir, m, res, Options{Formats: Formats()}); err == nil {
		t.Fatal("a broken source was not reported")
	}
	if !bytes.Equal(before, read(t, dir, "manifest.json")) {
		t.Error("the manifest of the earlier review is gone")
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("left behind %s", e.Name())
		}
	}
}

func TestCancelledContextEndsTheReview(t *testing.T) {
	m, res := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range Formats() {
		if _, err := Write(ctx, t.TempDir(), m, res, Options{Formats: []string{format}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", format, err)
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	m, res := small(t)
	dir := filepath.Join(t.TempDir(), "review")
	_, err := Write(t.Context(), dir, m, res, Options{Formats: []string{"pdf"}})
	if err == nil || !strings.Contains(err.Error(), `"pdf"`) {
		t.Errorf("got %v, want an error that names the format", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}
