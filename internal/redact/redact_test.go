package redact

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

func fixed() *Redactor { return New([]byte(strings.Repeat("k", keySize))) }

// neutral are the columns that pass as they are: the services choose their values from lists
// of their own. This list is written by hand, apart from the table that it is held against.
var neutral = map[snapshot.Dataset][]string{
	"skus":                      {"skuId", "skuPartNumber", "name", "status", "servicePlans", "servicePlanIds"},
	"userLicences":              {"skuId", "skuPartNumber", "name", "disabledPlans", "entraPremium"},
	"mailboxes":                 {"recipientTypeDetails", "auditOwner", "auditDelegate", "auditAdmin", "defaultAuditSet", "forwardingTargetType"},
	"transportRules":            {"state", "mode", "setScl"},
	"outboundSpamPolicies":      {"autoForwardingMode", "ruleState"},
	"connectors":                {"direction", "type", "tlsSettings"},
	"acceptedDomains":           {"domainType", "source"},
	"mailboxPermissions":        {"trusteeType", "rights"},
	"sendAs":                    {"recipientType", "trusteeType", "rights", "accessControlType"},
	"sendOnBehalf":              {"trusteeType"},
	"folderPermissions":         {"folderType", "trusteeType", "roles", "rights", "sharingFlags"},
	"servicePrincipals":         {"servicePrincipalType", "knownBad"},
	"oauth2PermissionGrants":    {"consentType", "tier"},
	"appRoleAssignments":        {"principalType", "tier"},
	"directoryRoleAssignments":  {"memberType", "assignment"},
	"exchangeRoleAssignments":   {"memberType"},
	"applicationAccessPolicies": {"kind"},
	"groupMembers":              {"memberType"},
	"users":                     {"userType"},
	"casMailboxes":              {"smtpAuth"},
	"authorizationPolicy":       {"allowInvitesFrom"},
	"roleAssignmentSchedules":   {"memberType", "assignmentType"},
	"managementRoleAssignments": {"assigneeType"},
	"effectiveAccess":           {"principalType", "capability", "route", "evidenceDataset"},
}

const mark = "zq9taintzq9"

// shapes are the forms in which a text of the tenant may come.
var shapes = []string{
	mark, "Name " + mark, mark + "@" + mark + ".example", mark + ".example", `"` + mark + `" [SMTP:` + mark + `@x.example]`, `"` + mark + `" [EX:/o=` + mark + `]`,
	"unresolved:" + mark, "SubjectContainsWords: " + mark + ", " + mark, mark + ": CalendarSharingFreeBusySimple", "anonymous:" + mark, "/Inbox/" + mark, mark + ` > ` + mark,
	"folder:/" + mark, "members:" + mark, "not reachable in Outlook: /" + mark + " is not visible to it", "disabled; " + mark, "Remove-InboxRule -Mailbox '" + mark + "' -Identity 'a''" + mark + "'",
	"Remove-InboxRule " + mark, "ManagePermissionGrantsForSelf." + mark, "/administrativeUnits/" + mark, "unknown role " + mark, "microsoft-" + mark, `NT AUTHORITY\` + mark, `X\` + mark,
	"=" + mark, "a|" + mark + "%", "smtp:" + mark, "*." + mark + ".example", mark + "'", "'" + mark, "Set-X 'a' " + mark, "onmicrosoft.com." + mark,
}

// Every text of every row, in every shape, leaves no trace; what passes is in the list above.
func TestNoTextOfTheTenantPasses(t *testing.T) {
	r := fixed()
	for _, set := range snapshot.Datasets() {
		for _, shape := range shapes {
			row, _ := snapshot.NewRow(set)
			v := reflect.New(reflect.TypeOf(row)).Elem()
			fill(v, shape)
			if a, ok := v.Interface().(snapshot.AccessRow); ok {
				// The key is that of a row, and the dataset one of ours.
				a.Dataset, a.Key = "inboxRules", mark+"|"+mark
				v.Set(reflect.ValueOf(a))
			}
			out, err := r.row(v.Interface())
			if err != nil {
				t.Fatalf("%s: %v", set, err)
			}
			for i, c := range snapshot.Columns(set) {
				before, after := fmt.Sprint(snapshot.Values(v.Interface())[i]), fmt.Sprint(snapshot.Values(out)[i])
				if slices.Contains(neutral[set], c.Name) {
					if before != after {
						t.Errorf("%s.%s: %q became %q", set, c.Name, before, after)
					}
					continue
				}
				if strings.Contains(strings.ToLower(after), mark) {
					t.Errorf("%s.%s: %q became %q", set, c.Name, before, after)
				}
			}
		}
	}
}

// fill puts a text into every text of a struct.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), s)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return
		}
		for i := range v.NumField() {
			// What parts of lists hold by the choice of the services.
			switch v.Type().Name() + "." + v.Type().Field(i).Name {
			case "Credential.Kind", "Credential.On", "Credential.Usage", "ObjectRef.Type":
				fill(v.Field(i), "kept")
			default:
				fill(v.Field(i), s)
			}
		}
	}
}

// The row that was read is not changed: lists of the copy are lists of its own.
func TestTheOriginalStays(t *testing.T) {
	owners := []snapshot.ObjectRef{{ID: "a", Name: "Kim", Type: "user"}}
	in := snapshot.ServicePrincipal{ID: "x", Owners: owners}
	if _, err := fixed().row(in); err != nil {
		t.Fatal(err)
	}
	if owners[0].Name != "Kim" {
		t.Errorf("the owner of the original is %q now", owners[0].Name)
	}
}

func TestPseudonymsKeepWhatBelongsTogether(t *testing.T) {
	r := fixed()
	if a, b := r.value("kim@contoso.example"), r.target("smtp:kim@contoso.example"); "smtp:"+a != b {
		t.Errorf("one address has two pseudonyms: %q and %q", a, b)
	}
	a, b := r.value("Kim@Contoso.example"), r.value("kim@contoso.example")
	if a == b || !strings.EqualFold(a, b) {
		t.Errorf("two spellings of one address: %q and %q; want two spellings of one pseudonym", a, b)
	}
	if a, b := r.domainName("mail.contoso.example"), r.domainName("contoso.example"); !strings.HasSuffix(a, "."+b) {
		t.Errorf("%q is no subdomain of %q", a, b)
	}
	if a, b := r.domainName("notcontoso.example"), r.domainName("contoso.example"); strings.HasSuffix(a, b) || a == b {
		t.Errorf("%q ends with %q", a, b)
	}
	if got := r.domainName("contoso.mail.onmicrosoft.com"); !strings.HasSuffix(got, ".mail.onmicrosoft.com") || strings.Contains(got, "contoso") {
		t.Errorf("contoso.mail.onmicrosoft.com became %q", got)
	}
	if a, b := fixed().value("Kim"), New([]byte(strings.Repeat("j", keySize))).value("Kim"); a == b {
		t.Errorf("two keys give one pseudonym, %q", a)
	}
	for _, same := range []string{"", "Default", "Anonymous", "NT AUTHORITY\\SELF", "Global Administrator", "Mail.Read", "*", "00000003-0000-0000-c000-000000000000"} {
		if got := r.value(same); got != same {
			t.Errorf("%q, which every tenant has, became %q", same, got)
		}
	}
	if got := r.id("8a15e774-340e-4a78-9a12-3bfa7db4a55b"); !guidForm.MatchString(got) || strings.HasPrefix(got, "8a15e774") {
		t.Errorf("an id became %q", got)
	}
	if got := r.command(`Remove-MailboxFolderPermission -Identity 'kim@contoso.example:\Sent Items\Secret' -User 'O''Hara'`); strings.Contains(got, "kim") ||
		strings.Contains(got, "Secret") || strings.Contains(got, "Hara") || !strings.Contains(got, `:\Sent Items\text-`) || !strings.HasPrefix(got, "Remove-MailboxFolderPermission -Identity 'user-") {
		t.Errorf("the command became %q", got)
	}
}

// The key of a row's copy is what the key of the row becomes: links from findings hold.
func TestKeysOfCopies(t *testing.T) {
	r := fixed()
	for _, row := range []any{
		snapshot.FolderPermission{Mailbox: "8a15e774-340e-4a78-9a12-3bfa7db4a55b", FolderID: "LgAA|%7C", TrusteeRef: snapshot.TrusteeRef{Trustee: "Kim|%"}},
		snapshot.MailboxPermission{Mailbox: "m", TrusteeRef: snapshot.TrusteeRef{Trustee: `CONTOSO\kim`}, TrusteeSID: "S-1-5-21-1-2-3-4", Deny: true},
		snapshot.AccessRow{Mailbox: "*", Principal: "Kim", Capability: "read", Route: "folder", Via: "A > B", Scope: "folder:/x", Dataset: "inboxRules", Key: "m|1"},
		snapshot.DirectoryRoleAssignment{RoleTemplateID: "62e90394-69f5-4237-9190-012177145e10", Member: "x", Assignment: "active", Scope: "/"},
	} {
		if a, ok := row.(snapshot.AccessRow); ok {
			// Its key does not hold the dataset of the evidence: it is not asked for by its key.
			if _, err := r.row(a); err != nil {
				t.Error(err)
			}
			continue
		}
		out, err := r.row(row)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Key(snapshot.DatasetOf(row), snapshot.Key(row))
		if err != nil || got != snapshot.Key(out) {
			t.Errorf("%T: key %q, %v; the copy has %q", row, got, err, snapshot.Key(out))
		}
	}
	if _, err := r.Key("inboxRules", "only one"); err == nil {
		t.Error("a key that lacks a part was taken")
	}
}

// What the copy has no words for keeps its verdict.
func TestFindingsWithoutWordsStay(t *testing.T) {
	r := fixed()
	evidence := func(key string) []checks.Evidence { return []checks.Evidence{{Dataset: "users", Key: key}} }
	copied, err := r.Key("users", "11111111-1111-4111-8111-111111111111")
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Findings(
		[]checks.Finding{
			{Check: "a.b", Severity: checks.High, Subject: checks.Subject{Type: "user", ID: "11111111-1111-4111-8111-111111111111", Name: "Kim"}, Summary: "Kim did it", Evidence: evidence("11111111-1111-4111-8111-111111111111")},
			{Check: "a.b", Severity: checks.Low, Subject: checks.Subject{Type: "user", ID: "22222222-2222-4222-8222-222222222222", Name: "Ada"}, Summary: "Ada did it", Details: map[string]any{"who": "Ada"}, Evidence: evidence("22222222-2222-4222-8222-222222222222")},
		},
		[]checks.Finding{
			{Check: "a.b", Severity: checks.Info, Subject: checks.Subject{Type: "user", ID: copied, Name: "name-x"}, Summary: "name-x did it", Evidence: evidence(copied)},
			{Check: "a.b", Subject: checks.Subject{Type: "user", ID: "another"}, Summary: "another did it", Evidence: evidence("another")},
		},
		map[string]string{"a.b": "Nobody does it"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d findings, %v; want those of the original", len(got), err)
	}
	if got[0].Summary != "name-x did it" || got[0].Severity != checks.High || got[0].ID != checks.FindingID("a.b", got[0].Subject) {
		t.Errorf("the first finding is %+v", got[0])
	}
	if got[1].Summary != "Nobody does it" || got[1].Severity != checks.Low || len(got[1].Details) != 0 || strings.Contains(fmt.Sprint(got[1]), "Ada") || strings.Contains(fmt.Sprint(got[1]), "2222") {
		t.Errorf("the second finding is %+v", got[1])
	}
}

func TestKeysAsText(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKey("  " + FormatKey(key))
	if err != nil || string(back) != string(key) {
		t.Errorf("the key came back as %x, %v", back, err)
	}
	for _, bad := range []string{"", "abc", strings.Repeat("g", 64), FormatKey(key)[:62]} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}

// Which rows stand as evidence may follow their order, which the copy does not have: the
// subject tells then which finding is meant. Two findings about it tell nothing.
func TestFindingsAreMatchedBySubjectToo(t *testing.T) {
	const kim, ada = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	r := fixed()
	about := func(id, summary, row string) checks.Finding {
		return checks.Finding{Check: "a.b", Subject: checks.Subject{Type: "user", ID: id, Name: "Kim"}, Summary: summary,
			Evidence: []checks.Evidence{{Dataset: "users", Key: row}}}
	}
	got, err := r.Findings(
		[]checks.Finding{about(kim, "Kim did it", kim), about(ada, "Ada did it", ada)},
		[]checks.Finding{about(r.id(kim), "one did it", "other row"), about(r.id(ada), "two did it", "row 1"), about(r.id(ada), "three did it", "row 2")},
		map[string]string{"a.b": "Nobody does it"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d findings, %v; want those of the original", len(got), err)
	}
	if got[0].Summary != "one did it" || got[0].Evidence[0].Key != r.id(kim) {
		t.Errorf("the first finding is %+v; want the words about its subject, and its own evidence", got[0])
	}
	if got[1].Summary != "Nobody does it" {
		t.Errorf("the second finding is %+v; want the title of its check", got[1])
	}
	if !slices.ContainsFunc(r.Mapping(), func(e Entry) bool { return e.Pseudonym == got[1].Subject.Name && e.Original == "Kim" }) {
		t.Errorf("the mapping does not say who %s is", got[1].Subject.Name)
	}
}
