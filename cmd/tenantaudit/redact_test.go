package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

var blobs = regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}`)

// contents are the bytes of every file below dir in lower case, packed ones unpacked.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[name] = append([]byte(name+"\n"), raw...)
		if strings.HasSuffix(name, ".xlsx") {
			z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
			if err != nil {
				return err
			}
			for _, f := range z.File {
				r, err := f.Open()
				if err != nil {
					return err
				}
				part, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				out[name+"/"+f.Name] = part
			}
		}
		if strings.HasSuffix(name, ".html") {
			for i, b := range blobs.FindAll(raw, -1) {
				packed, err := base64.StdEncoding.DecodeString(string(b))
				if err != nil {
					continue
				}
				if z, err := gzip.NewReader(bytes.NewReader(packed)); err == nil {
					if part, err := io.ReadAll(z); err == nil {
						out[fmt.Sprintf("%s#%d", name, i)] = part
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range out {
		out[k] = bytes.ToLower(v)
	}
	return out
}

const taint = "zq9taintzq9"

// A snapshot in which everything that a tenant may write carries a mark: no byte of the copy does.
func TestRedactedCopyHoldsNoMark(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, snapshotFile)
	s, err := snapshot.Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	mark := func(n int) string { return fmt.Sprintf("%s %d", taint, n) }
	if err := s.SetMeta(t.Context(), "tenant", snapshot.Tenant{ID: mark(1), DisplayName: mark(2), DefaultDomain: taint + ".example", VerifiedDomains: []string{"a." + taint + ".example"}}); err != nil {
		t.Fatal(err)
	}
	run := snapshot.Run{StartedAt: tenantClock(), FinishedAt: tenantClock(), Identity: mark(3), IdentityID: mark(4), IdentityType: "user", DirectoryRoles: []string{mark(5)},
		Scopes: []string{mark(6)}, Filter: mark(7), Folders: "default", Cloud: "global", Complete: true}
	if err := s.SetMeta(t.Context(), "run", run); err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{"trusteeType": "user", "principalType": "user", "memberType": "user", "assigneeType": "user", "recipientTypeDetails": "UserMailbox", "evidenceDataset": "users",
		"route": "folder", "capability": "read"}
	err = s.Derive(t.Context(), normalize.Version, func(d *snapshot.Deriver) error {
		for _, set := range snapshot.Datasets() {
			for n := range 3 {
				empty, _ := snapshot.NewRow(set)
				row := reflect.New(reflect.TypeOf(empty)).Elem()
				tainted(row, fmt.Sprintf("%s%d", taint, n), kept)
				if err := d.Put(t.Context(), row.Interface()); err != nil {
					return err
				}
			}
			c := snapshot.Coverage{Dataset: set, State: snapshot.CoveragePartial, Rows: 3, Expected: 3, Collected: 2, Failed: 1,
				Reasons: []snapshot.Reason{{Cause: snapshot.ServiceError, Detail: mark(8), Count: 1}, {Cause: snapshot.MissingPrivilege, Detail: "not asked; " + mark(9), Count: 1}}}
			if err := d.PutCoverage(t.Context(), c); err != nil {
				return err
			}
		}
		for _, detail := range []string{mark(10), mark(11)} {
			if err := d.PutMailboxGap(t.Context(), snapshot.MailboxGap{Mailbox: mark(12), Address: taint + "@x.example", Datasets: []snapshot.Dataset{"inboxRules"}, Cause: snapshot.ServiceError, Detail: detail}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := tenantaudit(t, t.Context(), "report", path, "--redact", "--format", "xlsx,html,json,csv,ocsf"); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	whole := contents(t, dir)
	for _, name := range []string{"report.json", "review.html", "evidence/users.csv", "redaction-map.csv"} {
		if !bytes.Contains(whole[name], []byte(taint)) {
			t.Errorf("%s of the owner has no mark: this test would not see one", name)
		}
	}
	for name, body := range contents(t, filepath.Join(dir, shareableFolder)) {
		if at := bytes.Index(body, []byte("taintzq9")); at >= 0 {
			t.Errorf("%s holds a mark: …%q…", name, body[max(0, at-80):min(len(body), at+80)])
		}
	}
	if r := readReport(t, filepath.Join(dir, shareableFolder)); len(r.Datasets["users"]) != 3 {
		t.Errorf("%d users in the copy, want 3", len(r.Datasets["users"]))
	}
}

// tainted fills every text of a row, but for the columns that services choose from lists.
func tainted(v reflect.Value, s string, kept map[string]string) {
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		value, known := kept[f.Tag.Get("json")]
		if !known {
			value = s
		}
		switch {
		case f.Anonymous:
			tainted(field, s, kept)
		case f.Type.Kind() == reflect.String:
			field.SetString(value)
		case f.Type == reflect.TypeFor[*string]():
			field.Set(reflect.ValueOf(&value))
		case f.Type == reflect.TypeFor[[]string]():
			field.Set(reflect.ValueOf([]string{value}))
		case f.Type == reflect.TypeFor[[]snapshot.ObjectRef]():
			field.Set(reflect.ValueOf([]snapshot.ObjectRef{{ID: s, Name: s, Type: "user"}}))
		}
	}
	// What is of Microsoft's choosing carries no mark, in the words of the services.
	set := func(field, value string) {
		if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String && f.CanSet() {
			f.SetString(value)
		}
	}
	for _, w := range []struct{ field, value string }{{"SKUPartNumber", "SPE_E5"}, {"Status", "Enabled"}, {"EntraPremium", "P2"}, {"ForwardingTargetType", "external"}, {"State", "Enabled"},
		{"Mode", "Enforce"}, {"AutoForwardingMode", "On"}, {"RuleState", "Enabled"}, {"Direction", "inbound"}, {"Type", "Partner"}, {"DomainType", "Authoritative"}, {"Source", "exchange"},
		{"RecipientType", "UserMailbox"}, {"AccessControlType", "Allow"}, {"FolderType", "Inbox"}, {"ServicePrincipalType", "Application"}, {"KnownBad", ""}, {"ConsentType", "AllPrincipals"},
		{"Tier", "high"}, {"Assignment", "active"}, {"Kind", "roleAssignment"}, {"UserType", "Member"}, {"SMTPAuth", "enabled"}, {"AllowInvitesFrom", "everyone"}, {"AssignmentType", "Assigned"}} {
		set(w.field, w.value)
	}
	switch row := v.Addr().Interface().(type) {
	case *snapshot.SKU:
		row.SKUID, row.Name, row.ServicePlans, row.ServicePlanIDs = "sku"+s[len(s)-1:], "E5", []string{"X"}, []string{"y"}
	case *snapshot.UserLicence:
		row.SKUID, row.Name, row.DisabledPlans = "sku", "E5", []string{"X"}
	case *snapshot.Mailbox:
		row.AuditOwner, row.AuditDelegate, row.AuditAdmin, row.DefaultAuditSet = []string{"Update"}, []string{"Update"}, []string{"Update"}, []string{"Owner"}
	case *snapshot.TransportRule:
		row.SetSCL = nil
	case *snapshot.Connector:
		row.TLSSettings = nil
	case *snapshot.MailboxPermission:
		row.Rights = []string{"FullAccess"}
	case *snapshot.SendAsPermission:
		row.Rights = []string{"SendAs"}
	case *snapshot.FolderPermission:
		row.Roles, row.Rights, row.SharingFlags = []string{"Editor"}, []string{"ReadItems"}, []string{}
	}
}

// The copy of a whole review: nothing of the tenant in it, the same numbers, and what belongs
// together still does.
func TestRedactedReview(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "review")
	tenant, url := simulator(t, faketenant.Options{Mailboxes: 60, Seed: 7, Faults: []faketenant.Fault{{Name: faketenant.FaultMailbox, At: 9}}})
	withTokens(t, tenant)
	args := auditArgs(tenant, url, dir, "--redact")
	args[slices.Index(args, "--format")+1] = "xlsx,html,json,csv,ocsf"
	if code, _, errs := tenantaudit(t, t.Context(), args...); code != exitOK || !strings.Contains(errs, "Keep redaction-map.csv and redaction.key") {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	copyDir := filepath.Join(dir, shareableFolder)
	whole, shown := readReport(t, dir), readReport(t, copyDir)

	files := contents(t, copyDir)
	for name, body := range files { // the rule of a check, on the sheet Method, says what a group of the tenant is called
		files[name] = bytes.ReplaceAll(body, []byte("a group of all staff is no limit"), nil)
	}
	searched := 0
	for _, leaf := range tenantTexts(whole) {
		searched++
		for name, body := range files {
			if at := bytes.Index(body, []byte(strings.ToLower(leaf))); at >= 0 {
				t.Errorf("%s holds %q: …%q…", name, leaf, body[max(0, at-60):min(len(body), at+80)])
			}
		}
	}
	if searched < 1000 {
		t.Errorf("only %d texts of the tenant were searched for", searched)
	}

	if len(shown.Findings) != len(whole.Findings) || len(shown.Checks) != len(whole.Checks) {
		t.Errorf("%d findings of %d checks, want %d of %d", len(shown.Findings), len(shown.Checks), len(whole.Findings), len(whole.Checks))
	}
	for i, c := range whole.Checks {
		got := shown.Checks[i]
		if got.ID != c.ID || got.Status != c.Status || got.Severity != c.Severity || got.Evaluated != c.Evaluated || got.Expected != c.Expected || got.Findings != c.Findings || (got.Cause == "") != (c.Cause == "") {
			t.Errorf("check %+v, want %+v", got, c)
		}
	}
	for _, set := range snapshot.Datasets() {
		if a, b := len(shown.Datasets[string(set)]), len(whole.Datasets[string(set)]); a != b {
			t.Errorf("%s: %d rows, want %d", set, a, b)
		}
	}
	// The access explorer and the evidence are joined by ids and keys.
	boxes, keys := map[string]bool{}, map[string]bool{}
	for _, m := range shown.Datasets["mailboxes"] {
		boxes[m["mailbox"].(string)] = true
	}
	for _, p := range shown.Datasets["mailboxPermissions"] {
		if !boxes[p["mailbox"].(string)] {
			t.Errorf("permissions of %v, which is no mailbox", p["mailbox"])
		}
	}
	for set, rows := range shown.Datasets {
		for _, row := range rows {
			keys[set+"|"+row["rowKey"].(string)] = true
		}
	}
	for _, a := range shown.Datasets["effectiveAccess"] {
		if k := a["evidenceDataset"].(string) + "|" + a["evidenceKey"].(string); !keys[k] {
			t.Errorf("access from %s, which is no row", k)
		}
		if c := a["close"].(string); strings.Contains(c, "left out") {
			t.Errorf("no command is left for %s by %s", a["capability"], a["route"])
		}
	}
	worded := 0
	raw, err := os.ReadFile(filepath.Join(copyDir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words struct {
		Redacted bool
		Findings []struct {
			Details  map[string]any
			Evidence []struct{ Dataset, Key string }
		}
	}
	if err := json.Unmarshal(raw, &words); err != nil || !words.Redacted {
		t.Errorf("report.json does not say that it is redacted (%v)", err)
	}
	for _, f := range words.Findings {
		if len(f.Details) > 0 {
			worded++
		}
		for _, e := range f.Evidence {
			if !keys[e.Dataset+"|"+e.Key] {
				t.Errorf("evidence %s %q is no row", e.Dataset, e.Key)
			}
		}
	}
	t.Logf("%d texts searched for, %d of %d findings in words of their own", searched, worded, len(words.Findings))
	if worded*10 < len(words.Findings)*9 {
		t.Errorf("only %d of %d findings have words of their own", worded, len(words.Findings))
	}
	for _, name := range []string{"redaction-map.csv", "redaction.key"} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, st, err)
		}
	}
	if _, err := os.Stat(filepath.Join(copyDir, snapshotFile)); err == nil {
		t.Error("the snapshot is in the copy")
	}
	if !bytes.Contains(files["review.html"], []byte("redacted copy")) || !bytes.Contains(files["manifest.json"], []byte(`"redacted": true`)) {
		t.Error("the page or the manifest does not say that it is a redacted copy")
	}
	sameKeySamePseudonyms(t, dir, files)
}

// sameKeySamePseudonyms writes two more copies offline: one with the key, one with another.
func sameKeySamePseudonyms(t *testing.T, dir string, want map[string][]byte) {
	t.Helper()
	again, other := filepath.Join(t.TempDir(), "again"), filepath.Join(t.TempDir(), "other")
	if code, _, errs := tenantaudit(t, t.Context(), "report", dir, "--out", again, "--redact", "--redact-key", filepath.Join(dir, redactionKey), "--format", "html,json,csv"); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for name, body := range contents(t, filepath.Join(again, shareableFolder)) {
		if !strings.HasPrefix(name, "manifest") && !bytes.Equal(body, want[name]) {
			t.Errorf("%s is another one with the same key", name)
		}
	}
	if code, _, errs := tenantaudit(t, t.Context(), "report", dir, "--out", other, "--redact", "--format", "json"); code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	first, second := pseudonyms(t, dir), pseudonyms(t, other)
	shared := 0
	for p := range second {
		if first[p] {
			shared++
		}
	}
	if len(second) < 100 || shared > 0 {
		t.Errorf("%d of %d pseudonyms are the same with another key", shared, len(second))
	}
	if code, _, errs := tenantaudit(t, t.Context(), "report", dir, "--out", other, "--redact", "--redact-key", filepath.Join(dir, "report.json")); code != exitUsage || !strings.Contains(errs, "no key") {
		t.Errorf("a file that is no key: exit %d, %s", code, errs)
	}
}

// pseudonyms are those of a mapping that stand for an address, an id or a name.
func pseudonyms(t *testing.T, dir string) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, redactionMap))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, row := range rows[1:] {
		out[row[0]] = true
	}
	return out
}

// tenantTexts are the texts of a review that say whose it is, by the columns that hold them.
func tenantTexts(r reportFile) []string {
	ours := []string{"skuId", "skuPartNumber", "servicePlans", "servicePlanIds", "status", "disabledPlans", "entraPremium", "recipientTypeDetails", "auditOwner", "auditDelegate", "auditAdmin",
		"defaultAuditSet", "forwardingTargetType", "conditions", "exceptions", "actions", "state", "mode", "setScl", "autoForwardingMode", "ruleState", "appliesTo", "direction", "type", "tlsSettings",
		"domainType", "source", "trusteeType", "rights", "recipientType", "accessControlType", "folderType", "roles", "sharingFlags", "servicePrincipalType", "knownBad", "consentType", "tier",
		"principalType", "memberType", "assignment", "kind", "userType", "smtpAuth", "allowInvitesFrom", "assignmentType", "assigneeType", "capability", "route", "scope", "note", "close", "via",
		"evidenceDataset", "evidenceKey", "rowKey", "credentials", "owners", "applicationOwners", "folderPath", "moveToFolder", "permissionGrantPoliciesAssigned", "domains", "usage", "accessRight", "role", "roleGroup"}
	seen := map[string]bool{}
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case string:
			_, service := facts.WellKnownTrustee(v, "")
			if len(v) >= 8 && !facts.Public(v) && !service && !strings.Contains(v, "0000-0000") && !ordinary[v] && !times.MatchString(v) {
				seen[v] = true
			}
		case []any:
			for _, e := range v {
				add(e)
			}
		}
	}
	for _, v := range append([]string{r.Tenant.ID, r.Tenant.DisplayName, r.Tenant.DefaultDomain}, r.Tenant.VerifiedDomains...) {
		add(v)
	}
	for set, rows := range r.Datasets {
		for _, row := range rows {
			for name, v := range row {
				if !slices.Contains(ours, name) && set != "skus" && !(set == "userLicences" && name == "name") {
					add(v)
				}
			}
		}
	}
	return sortedKeys(seen)
}

// ordinary are names that a tenant has from Microsoft, and words that every page holds.
var ordinary = map[string]bool{"Admin Audit Log Settings": true, "authorizationPolicy": true, "adminConsentRequestPolicy": true, "Transport Settings": true, "Default Sharing Policy": true,
	"Anonymous": true, "anonymous": true, "NT AUTHORITY\\SELF": true, `EURPR08A012\Administrator`: true, "Everything": true, "made by another client": true}

var times = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$`)
