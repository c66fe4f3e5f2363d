package reports

import (
	"math"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

func TestVisible(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		marks, invalid int
	}{
		{"plain", "Kim Larsen", "Kim Larsen", 0, 0},
		{"letters of the world", "予定表 Ångström محمد Ελένη", "予定表 Ångström محمد Ελένη", 0, 0},
		{"right-to-left override", "invoice\u202Efdp.exe", "invoice<U+202E>fdp.exe", 1, 0},
		{"isolates", "\u2066a\u2069", "<U+2066>a<U+2069>", 2, 0},
		{"zero width", "ad\u200Bmin\uFEFF", "ad<U+200B>min<U+FEFF>", 2, 0},
		{"soft hyphen", "ad\u00ADmin", "ad<U+00AD>min", 1, 0},
		{"null and escape", "a\x00b\x1b[31m", "a<U+0000>b<U+001B>[31m", 2, 0},
		{"delete and C1", "\x7f\u009b", "<U+007F><U+009B>", 2, 0},
		{"line separators", "a\u2028b\u2029", "a<U+2028>b<U+2029>", 2, 0},
		{"blank letters", "a\u3164b\u115F", "a<U+3164>b<U+115F>", 2, 0},
		{"tag characters", "a\U000E0041", "a<U+E0041>", 1, 0},
		{"noncharacter", "a\uFFFEb", "a<U+FFFE>b", 1, 0},
		{"Arabic number sign is visible", "\u0600", "\u0600", 0, 0},
		{"invalid UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD", 0, 2},
		{"replacement character itself", "a\uFFFDb", "a\uFFFDb", 0, 0},
		{"line feed", "a\nb", "a<U+000A>b", 1, 0},
	} {
		got, marks, invalid := visible(c.in, "")
		if got != c.want || marks != c.marks || invalid != c.invalid {
			t.Errorf("%s: visible(%q) = %q, %d, %d; want %q, %d, %d", c.name, c.in, got, marks, invalid, c.want, c.marks, c.invalid)
		}
	}
	if got, _, _ := visible("a\n\tb\x00", "\n\t"); got != "a\n\tb<U+0000>" {
		t.Errorf("kept characters: got %q", got)
	}
}

func TestCSVText(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"a=b":               "a=b",
		"=1+1":              "'=1+1",
		"+46 8 000":         "'+46 8 000",
		"-2":                "'-2",
		"@SUM(A1)":          "'@SUM(A1)",
		"\t=1":              "'<U+0009>=1",
		"\r=1":              "'<U+000D>=1",
		"＝cmd":              "'＝cmd",
		"＋1":                "'＋1",
		"－1":                "'－1",
		"＠x":                "'＠x",
		"\u202E=1":          "<U+202E>=1",
		"'=1":               "'=1",
		"contoso.example/=": "contoso.example/=",
	} {
		if got := csvText(in); got != want {
			t.Errorf("csvText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	if got, was := cut(strings.Repeat("é", 100), 100); was || len(got) != 200 {
		t.Errorf("text at the limit was cut: %q", got)
	}
	got, was := cut(strings.Repeat("😀", 100), 100) // two units each
	if !was || utf16Len(got) > 100 || !strings.HasSuffix(got, "… [cut, 200 characters]") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("got %q, %v", got, was)
	}
}

func TestExcelDate(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want float64
		ok   bool
	}{
		{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 46023, true}, // 46,023 days after 1899-12-30
		{time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), 46023.5, true},
		{time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600)), 46023, true},
		{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), 2958465, true}, // the last day that a worksheet knows
		{time.Time{}, 0, false},
		{time.Date(1899, 1, 1, 0, 0, 0, 0, time.UTC), 0, false},
	} {
		got, ok := excelDate(c.at)
		if ok != c.ok || math.Abs(got-c.want) > 1e-6 {
			t.Errorf("excelDate(%v) = %v, %v; want %v, %v", c.at, got, ok, c.want, c.ok)
		}
	}
}

func TestObjectsAreShortText(t *testing.T) {
	end := time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)
	got, _ := plain([]snapshot.Credential{
		{Kind: "password", On: "application", KeyID: "k1", End: &end}, {Kind: "certificate", On: "servicePrincipal", Usage: "Verify", KeyID: "k2"},
	})
	want := "password on application, id k1, until 2027-01-31; certificate on servicePrincipal, Verify, id k2, end unknown"
	if got != want {
		t.Errorf("credentials: got %q, want %q", got, want)
	}
	if got, _ := plain([]snapshot.ObjectRef{{ID: "1", Name: "Kim", Type: "user"}, {ID: "2", Name: "Lee"}}); got != "Kim (user 1); Lee (2)" {
		t.Errorf("owners: got %q", got)
	}
	if _, known := plain(nil); known {
		t.Error("null counts as known")
	}
}

func TestDetails(t *testing.T) {
	f := checkFinding{Details: map[string]any{"b": nil, "a": []string{"x", "y"}, "c": int64(3), "d": map[string]any{"k": "<v>"}, "e": ptr(true)}}
	if got, want := (&model{}).detailsText(f), "a: x; y\nb: unknown\nc: 3\nd: k <v>\ne: true"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNestedDetailsAreWords(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{[]map[string]any{{"path": "/Calendar", "roles": []string{"Reviewer", "Owner"}}, {"path": "/Inbox", "roles": nil}}, "path /Calendar, roles (Reviewer, Owner); path /Inbox, roles unknown"},
		{map[string]any{"n": 12345678901234567, "b": false}, "b false, n 12345678901234567"},
		{[]any{1, nil, true}, "1, unknown, true"},
	} {
		if got := detailText(c.in); got != c.want {
			t.Errorf("%v: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestLabelsAreWords(t *testing.T) {
	for name, want := range map[string]string{
		"trusteeId": "Trustee ID", "externalRecipients": "External recipients", "mailbox": "Mailbox",
		"smtpAuth": "SMTP auth", "idOfPop": "ID of POP", "popularity": "Popularity", "skuIds": "SKU IDs", "canDo": "Can do",
		"UnifiedAuditLogIngestionEnabled": "UnifiedAuditLogIngestionEnabled", "": "",
	} {
		if got := label(name); got != want {
			t.Errorf("label(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCausesBeginATextWithACapital(t *testing.T) {
	for cause, want := range map[snapshot.Cause]string{snapshot.MissingPrivilege: "Permission missing", snapshot.Filtered: "Out of scope", "öde": "Öde"} {
		if got := causeWord(cause); got != want {
			t.Errorf("causeWord(%q) = %q, want %q", cause, got, want)
		}
	}
}

// What is missing comes before what is out of scope by design.
func TestReasonsBeginWithWhatIsMissing(t *testing.T) {
	c := snapshot.Coverage{State: snapshot.CoveragePartial, Reasons: []snapshot.Reason{
		{Cause: snapshot.Filtered, Detail: "group mailboxes are outside this dataset", Count: 3},
		{Cause: snapshot.Filtered, Detail: "not needed by the chosen checks"},
		{Cause: snapshot.Filtered, Detail: "inactive mailboxes are outside this dataset", Count: 1200},
		{Cause: snapshot.CauseThrottled, Detail: "waiting budget spent", Count: 1},
	}}
	want := "Throttled by the service (1): waiting budget spent; Out of scope: not needed by the chosen checks; Out of scope: mailboxes of the kinds group (3), inactive (1,200)"
	if got := (*words)(nil).reasonsText(c); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (*words)(nil).reasonsText(snapshot.Coverage{State: snapshot.CoverageFailed}); got != "No reason was recorded" {
		t.Errorf("a gap without a reason says %q", got)
	}
}
