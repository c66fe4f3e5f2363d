package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/requirements"
	"tenantaudit/internal/snapshot"
)

// preflight is a document that holds a text wherever text of a tenant can stand.
func preflight(text string) *Preflight {
	until := time.Date(2026, 11, 1, 18, 0, 0, 0, time.UTC)
	return &Preflight{
		Schema: PreflightSchema, Tool: PreflightTool{"tenantaudit", "1.0"}, At: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Requests: 17,
		Tenant: PreflightTenant{ID: text, DisplayName: text, DefaultDomain: text},
		Identity: PreflightIdentity{Name: text, ID: text, Type: "user", AppID: text, TokenExpires: &until, GraphPermissions: []string{text}, ExchangePermissions: []string{text},
			DirectoryRoles: []PreflightRole{{Name: text, Via: "group", Until: &until}}, Cmdlets: 34},
		Excess:       []requirements.Extra{{Name: text, Kind: "permission", Why: text}},
		Licences:     []PreflightLicence{{Name: "Microsoft Entra ID P2", State: "present", Products: []string{text}, Gates: []string{"GET /v1.0/users"}}},
		Environments: []PreflightEnvironment{{Name: "Entra ID", Grant: "Global Reader", State: "1 of 2 sources can be read"}},
		Sources:      []PreflightSource{{Source: "exo/Get-Mailbox", Service: "Exchange Online", Reads: "Get-Mailbox", State: requirements.Blind, Cause: text, Grant: text, Note: text}},
		Checks: []PreflightCheck{
			{Check: "mail.mailbox_forwarding", Title: "Mailboxes forward only inside the organization", Severity: "high", State: requirements.Blind, Why: []string{text, text}, Grant: text, Notes: []string{text}},
			{Check: "audit.mailbox_audited", Title: "Mailboxes are audited", Severity: "high", State: requirements.Works, Why: []string{}, Notes: []string{}},
		},
		Least:   requirements.Least(facts.Delegated, []snapshot.Dataset{snapshot.InboxRules}),
		Missing: requirements.Grant{Kind: facts.Delegated, GraphPermissions: []string{text}},
	}
}

func preflightPage(t *testing.T, p *Preflight) string {
	t.Helper()
	var b bytes.Buffer
	if err := WritePreflightHTML(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePreflightPageStandsAlone(t *testing.T) {
	page := preflightPage(t, preflight("Contoso & Sons"))
	for _, want := range []string{
		"Contoso &amp; Sons", "good until 2026-11-01 18:00 UTC (360 minutes)", "through a group) until 2026-11-01 18:00 UTC", "can do more than reading needs",
		"default-src &#39;none&#39;; style-src &#39;sha256-", "Mailboxes forward only inside the organization", `<div class="tile blind"><b>1</b>Blind</div>`, "17 requests", "34 cmdlets",
		"a custom Exchange role of User Options that keeps Get-InboxRule",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://", "<form", "<img", "<link", "style=", "src=", "href="} {
		if strings.Contains(page, never) {
			t.Errorf("the page holds %q", never)
		}
	}
}

func TestThePreflightPageKeepsHostileTextAsText(t *testing.T) {
	plain := tags(t, preflightPage(t, preflight("plain")))
	for _, h := range hostile {
		page := preflightPage(t, preflight(h.value))
		if got := tags(t, page); !slices.Equal(got, plain) {
			t.Errorf("%s: the text makes other elements", h.name)
		}
		for _, r := range page {
			if r != '\n' && hidden(r) {
				t.Errorf("%s: U+%04X stands in the page", h.name, r)
				break
			}
		}
	}
}

// tags lists the elements of a page with their attributes, without text.
func tags(t *testing.T, page string) (out []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!doctype html>")))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok {
			s := e.Name.Local
			for _, a := range e.Attr {
				s += " " + a.Name.Local + "=" + a.Value
			}
			out = append(out, s)
		}
	}
}

func TestThePreflightWorkbookKeepsHostileTextAsText(t *testing.T) {
	for _, h := range hostile {
		var b bytes.Buffer
		dir := t.TempDir()
		if err := WritePreflightWorkbook(t.Context(), &b, dir, preflight(h.value)); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", h.name, err)
		}
		if want := []string{"Access", "Checks", "Sources", "Data notes"}; !slices.Equal(f.GetSheetList(), want) {
			t.Errorf("sheets %q", f.GetSheetList())
		}
		want := h.value
		if h.xlsx != "" {
			want = h.xlsx
		}
		for _, c := range []struct{ sheet, ref, want string }{
			{"Access", "B4", want}, {"Checks", "F2", want}, {"Sources", "E2", want}, {"Checks", "D2", "Blind"}, {"Checks", "D3", "Will work"}, {"Checks", "A2", "mail.mailbox_forwarding"},
		} {
			got, err := f.GetCellValue(c.sheet, c.ref)
			if err != nil || strings.ReplaceAll(got, "\r\n", "\n") != c.want {
				t.Errorf("%s: %s!%s = %q, %v; want %q", h.name, c.sheet, c.ref, got, err, c.want)
			}
			if formula, err := f.GetCellFormula(c.sheet, c.ref); formula != "" || err != nil {
				t.Errorf("%s: %s!%s is a formula: %q, %v", h.name, c.sheet, c.ref, formula, err)
			}
			if kind, err := f.GetCellType(c.sheet, c.ref); err != nil || kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
				t.Errorf("%s: %s!%s has type %v, %v", h.name, c.sheet, c.ref, kind, err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePreflightDocumentIsStable(t *testing.T) {
	var b bytes.Buffer
	if err := WritePreflightJSON(&b, preflight(`</script>"`)); err != nil {
		t.Fatal(err)
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(b.Bytes(), &top); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schema", "tool", "at", "requests", "tenant", "identity", "excess", "licences", "environments", "sources", "checks", "least", "missing"} {
		if _, ok := top[name]; !ok {
			t.Errorf("no member %q", name)
		}
		delete(top, name)
	}
	if len(top) > 0 || strings.Contains(b.String(), "null,\n      \"grant\"") {
		t.Errorf("members beyond the schema: %v", top)
	}
}

func TestTokenWords(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	past := at.Add(-time.Minute)
	if got := (PreflightIdentity{TokenExpires: &past}).Token(at); got != "has expired" {
		t.Error(got)
	}
	if got := (PreflightIdentity{}).Token(at); got != "does not tell when it expires" {
		t.Error(got)
	}
	if got := (PreflightIdentity{}).Who(); got != "unknown (unknown kind)" {
		t.Error(got)
	}
}
