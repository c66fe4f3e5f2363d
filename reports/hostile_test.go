package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// hostile are names that a tenant may hold. xlsx is what the workbook shows; "" for the
// exact value. mark is what CSV and the page show in place of what cannot be seen; "" for the value.
var hostile = []struct{ name, value, xlsx, mark string }{
	{"script end tag", `</script><script>document.title="owned"</script>`, "", ""},
	{"image", `<img src=x onerror="document.title='owned'">`, "", ""},
	{"attribute", `" autofocus onfocus="document.title='owned'`, "", ""},
	{"template", `{{.Tenant}} ${1+1} <!-- ]]>`, "", ""},
	{"formula", `=cmd|' /C calc'!A0`, "", ""},
	{"sum", "@SUM(A1:A9)", "", ""},
	{"plus", "+46 8 123", "", ""},
	{"minus", "-1+1", "", ""},
	{"tab", "\t=1+1", "", "<U+0009>=1+1"},
	{"carriage return", "\r=1+1", "", "<U+000D>=1+1"},
	{"full width", "＝1+1", "", ""},
	{"javascript", "javascript:document.title='owned'", "", ""},
	{"ANSI", "\x1b[2J\x1b]0;owned\x07", "<U+001B>[2J<U+001B>]0;owned<U+0007>", "<U+001B>[2J<U+001B>]0;owned<U+0007>"},
	{"bidi", "invoice\u202Efdp.exe", "invoice<U+202E>fdp.exe", "invoice<U+202E>fdp.exe"},
	{"NUL", "a\x00b", "a<U+0000>b", "a<U+0000>b"},
	{"invalid", "a\xff\xfeb", "a\uFFFD\uFFFDb", "a\uFFFD\uFFFDb"},
	{"escape of a worksheet", "_x0041_ _x005F_", "", ""},
	{"lines", "first\nsecond", "", "first<U+000A>second"},
	{"quotes", `say "hi", it's; done`, "", ""},
	{"blanks", "  in front and behind  ", "", ""},
	{"emoji", "👩‍💻 Ops", "👩<U+200D>💻 Ops", "👩<U+200D>💻 Ops"},
	{"separators", "a\u2028b", "a<U+2028>b", "a<U+2028>b"},
	{"key characters", "50% | half", "", ""},
}

// redTeam is a tenant that holds every hostile string wherever text can stand.
func redTeam(t *testing.T) (*memory, Results) {
	t.Helper()
	m, res := small(t)
	evil := hostile[0].value
	m.tenant.DisplayName, m.tenant.DefaultDomain = evil+"\u202E", `"><b>`
	m.run.Identity, m.run.Filter, m.run.DirectoryRoles = "=1+1"+evil, "Department -eq '"+evil+"'", []string{evil}
	m.rows[snapshot.Mailboxes] = nil
	res.Findings = nil
	for i, h := range hostile {
		b := mailbox(i+1, "a@contoso.example")
		b.DisplayName, b.RecipientTypeDetails, b.AuditOwner, b.ForwardingAddress = h.value, h.value, []string{h.value, h.value}, &hostile[i].value
		m.rows[snapshot.Mailboxes] = append(m.rows[snapshot.Mailboxes], b)
		m.rows[snapshot.MailboxPermissions] = append(m.rows[snapshot.MailboxPermissions], snapshot.MailboxPermission{
			Mailbox: id(i + 100), MailboxAddress: h.value, TrusteeRef: trustee(h.value), Rights: []string{h.value},
		})
		row := m.rows[snapshot.MailboxPermissions][len(m.rows[snapshot.MailboxPermissions])-1]
		res.Findings = append(res.Findings, checks.Finding{
			ID: "bad0000000000000000000000000000" + string(rune('a'+i)), Check: "delegation.full_access", Severity: checks.Info,
			Subject: checks.Subject{Type: h.value, ID: h.value, Name: h.value}, Summary: h.value,
			Details:  map[string]any{h.value: h.value, "nested": map[string]any{"k": h.value}},
			Evidence: []checks.Evidence{{Dataset: snapshot.MailboxPermissions, Key: snapshot.Key(row)}},
		})
	}
	long := mailbox(500, "long@contoso.example")
	long.DisplayName = strings.Repeat("x", 40_000)
	long.ForwardingTarget = strings.Repeat("line\n", 400)
	m.rows[snapshot.Mailboxes] = append(m.rows[snapshot.Mailboxes], long)
	m.gaps = []snapshot.MailboxGap{{Mailbox: evil, Address: evil, Datasets: []snapshot.Dataset{snapshot.InboxRules}, Cause: snapshot.Cause(evil), Detail: evil}}
	m.complete(snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoverageDenied, Reasons: []snapshot.Reason{{Cause: snapshot.Cause(evil), Detail: evil}}})
	res.Checks[3].Cause = evil
	return m, res
}

func TestHostileTextInWorkbook(t *testing.T) {
	m, res := redTeam(t)
	dir := write(t, m, res)
	f, err := excelize.OpenFile(dir + "/review.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	col := map[string]int{}
	rows, err := f.GetRows("mailboxes")
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range rows[0] {
		col[h] = i
	}
	for i, h := range hostile {
		want := h.value
		if h.xlsx != "" {
			want = h.xlsx
		}
		if got := rows[i+1][col["displayName"]]; got != want {
			t.Errorf("%s: got %q, want %q", h.name, got, want)
		}
		if got := rows[i+1][col["auditOwner"]]; got != want+"; "+want {
			t.Errorf("%s in a list: got %q", h.name, got)
		}
		ref, _ := excelize.CoordinatesToCellName(col["displayName"]+1, i+2)
		if kind, err := f.GetCellType("mailboxes", ref); err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%s: cell type %v (%v), want a string", h.name, kind, err)
		}
		style, err := f.GetCellStyle("mailboxes", ref)
		if err != nil {
			t.Fatal(err)
		}
		quoted := f.Styles.CellXfs.Xf[style].QuotePrefix
		if got := quoted != nil && *quoted; got != formulaLead(want) {
			t.Errorf("%s: quotePrefix %v, want %v", h.name, got, formulaLead(want))
		}
	}
	last := rows[len(hostile)+1]
	if got := last[col["displayName"]]; utf16Len(got) > cellUnits || !strings.HasSuffix(got, "[cut, 40000 characters]") {
		t.Errorf("a long text: %d units, ends %q", utf16Len(got), got[len(got)-40:])
	}
	if n := strings.Count(last[col["forwardingTarget"]], "\n"); n != cellLines {
		t.Errorf("line feeds in a cell: got %d, want %d", n, cellLines)
	}
	// Everything that was changed is counted.
	notes, err := f.GetRows("Data notes")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, r := range notes {
		if len(r) > 3 {
			said[r[0]+"/"+r[1]+"/"+r[2]] = r[3]
		}
	}
	for change, want := range map[string]string{
		"mailboxes/displayName/" + noteCut:        "1",
		"mailboxes/displayName/" + noteInvalid:    "2",
		"mailboxes/displayName/" + noteHidden:     "7", // escape twice and bell, override, NUL, joiner, separator
		"mailboxes/displayName/" + noteFormula:    "7",
		"mailboxes/forwardingTarget/" + noteLines: "147",
	} {
		if said[change] != want {
			t.Errorf("%s: counted %q, want %s", change, said[change], want)
		}
	}
	// Formulas are where the product puts them and nowhere else.
	for _, sheet := range f.GetSheetList() {
		cells, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range cells {
			for c := range row {
				ref, _ := excelize.CoordinatesToCellName(c+1, r+1)
				formula, err := f.GetCellFormula(sheet, ref)
				if err != nil {
					t.Fatal(err)
				}
				if formula != "" && sheet != "Summary" && sheet != "Sign-off" {
					t.Errorf("%s!%s holds the formula %q", sheet, ref, formula)
				}
			}
		}
	}
}

func TestHostileTextInCSV(t *testing.T) {
	m, res := redTeam(t)
	b := read(t, write(t, m, res), "evidence/mailboxes.csv")
	rows, err := csv.NewReader(bytes.NewReader(b[len(bom):])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := -1
	for i, h := range rows[0] {
		if h == "displayName" {
			col = i
		}
	}
	for i, h := range hostile {
		want := h.value
		if h.mark != "" {
			want = h.mark
		}
		switch h.name {
		case "formula", "sum", "plus", "minus", "tab", "carriage return", "full width":
			want = "'" + want
		}
		if got := rows[i+1][col]; got != want {
			t.Errorf("%s: got %q, want %q", h.name, got, want)
		}
	}
	for _, c := range b[len(bom):] {
		if c < 0x20 && c != '\r' && c != '\n' {
			t.Fatalf("the file holds the control character %#x", c)
		}
	}
	if got := rows[len(hostile)+1][col]; len(got) != 40_000 {
		t.Errorf("a long text: got %d characters, want all", len(got))
	}
}

func TestHostileTextInJSON(t *testing.T) {
	m, res := redTeam(t)
	var doc struct {
		Tenant   struct{ DisplayName string }
		Findings []struct {
			Subject struct{ Name string }
			Details map[string]any
		}
		Datasets struct {
			Mailboxes []struct{ DisplayName string }
		}
	}
	raw := read(t, write(t, m, res), "report.json")
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for i, h := range hostile {
		want := strings.ToValidUTF8(h.value, "\uFFFD")
		if h.name == "invalid" {
			want = "a\uFFFD\uFFFDb"
		}
		if got := doc.Datasets.Mailboxes[i].DisplayName; got != want {
			t.Errorf("%s: got %q, want %q", h.name, got, want)
		}
	}
	if doc.Tenant.DisplayName != m.tenant.DisplayName || len(doc.Findings) != len(hostile) {
		t.Errorf("tenant %q, %d findings", doc.Tenant.DisplayName, len(doc.Findings))
	}
	if !bytes.Contains(raw, []byte("</script>")) {
		t.Error("text is escaped for HTML, which JSON does not need")
	}
}

func TestHostileTextInHTML(t *testing.T) {
	m, res := redTeam(t)
	page := string(read(t, write(t, m, res), "review.html"))
	if n := strings.Count(page, "<script>"); n != 1 {
		t.Errorf("%d script elements that run, want 1", n)
	}
	if open, end := strings.Count(page, "<script"), strings.Count(page, "</script>"); open != end {
		t.Errorf("%d script elements, %d ends", open, end)
	}
	for _, bad := range []string{"<img", "onerror=\"", "onfocus=\"", " style=", "href=\"javascript", "evil.example/x\"", "\u202E", "\x00", "\x1b", "http://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"invoice&lt;U&#43;202E&gt;fdp.exe", "&lt;/script&gt;&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}
