package reports

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// gapsOf are gaps of so many mailboxes, by address.
func gapsOf(n int) (out []snapshot.MailboxGap) {
	for i := range n {
		out = append(out, snapshot.MailboxGap{Mailbox: id(1000 + i), Address: fmt.Sprintf("m%04d@contoso.example", i),
			Datasets: []snapshot.Dataset{snapshot.InboxRules, snapshot.FolderPermissions}, Cause: snapshot.MissingPrivilege, Detail: "grant it", Unforeseen: true})
	}
	return out
}

func TestMailboxesNotReadInFullAreListed(t *testing.T) {
	m, res := small(t)
	m.gaps = gapsOf(3)
	dir := write(t, m, res)
	f := openBook(t, filepath.Join(dir, "review.xlsx"))
	if text, want := sheetText(t, f, gapsTitle), "m0002@contoso.example\t"+id(1002)+"\tInbox rules, Folder permissions\tPermission missing\tgrant it\tnot foreseen by the preflight\n"; !strings.Contains(text, want) || strings.Contains(text, "first") {
		t.Errorf("got\n%s\nwant %q", text, want)
	}
	if text := sheetText(t, f, "Coverage"); !strings.Contains(text, "Mailboxes not read in full lists 3.") {
		t.Errorf("the coverage does not lead to the list:\n%s", text)
	}
	page := string(read(t, dir, "review.html"))
	for _, want := range []string{"Mailboxes not read in full: 3", `href="#evidence" data-set="mailboxGaps">Search all 3 lines`, "<option value=\"mailboxGaps\">", "m0001@contoso.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	raw := string(read(t, dir, "report.json"))
	if want := `{"mailbox":"` + id(1000) + `","mailboxAddress":"m0000@contoso.example","datasets":["inboxRules","folderPermissions"],"cause":"missing-privilege","detail":"grant it","unforeseen":true}`; !strings.Contains(raw, want) {
		t.Errorf("report.json does not hold %s", want)
	}
}

// Nothing is said where nothing is missing, and "none" where there was no preflight.
func TestNoListWithoutGaps(t *testing.T) {
	m, res := small(t)
	m.gaps, m.run.Preflight = nil, nil
	dir := write(t, m, res)
	f := openBook(t, filepath.Join(dir, "review.xlsx"))
	for _, sheet := range f.GetSheetList() {
		if sheet == gapsTitle {
			t.Errorf("there is a sheet %s", sheet)
		}
	}
	if page := string(read(t, dir, "review.html")); strings.Contains(page, gapsTitle) || strings.Contains(page, `value="mailboxGaps"`) {
		t.Error("the page speaks of mailboxes that were not read in full")
	}
	raw := string(read(t, dir, "report.json"))
	for _, want := range []string{`"mailboxGaps": [],`, `"preflight":null`} {
		if !strings.Contains(raw, want) {
			t.Errorf("report.json does not hold %s", want)
		}
	}
	if cover := sheetText(t, f, "Cover"); !strings.Contains(cover, "Preflight\tnone was made\n") {
		t.Errorf("cover:\n%s", cover)
	}
}

// What does not fit is said with its number.
func TestALongListOfMailboxesIsNotCutInSilence(t *testing.T) {
	m, res := small(t)
	m.gaps = gapsOf(gapLines + 1)
	dir := t.TempDir()
	mo, err := newModel(m, res, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	st := &staging{dir: dir}
	if err := writeWorkbooks(t.Context(), st, mo, planEvidence(mo, reviewEvidenceRows, 40)); err != nil {
		t.Fatal(err)
	}
	if err := st.publish(); err != nil {
		t.Fatal(err)
	}
	text := sheetText(t, openBook(t, filepath.Join(dir, "review.xlsx")), gapsTitle)
	if !strings.Contains(text, "These are the first 40 of 101 lines; report.json has all of them.") || !strings.Contains(text, "m0039@") || strings.Contains(text, "m0040@") {
		t.Errorf("the sheet:\n%s", text)
	}
	page := pageOf(t, m, res, htmlData)
	if !strings.Contains(page, "These are the first 100 of 101 lines. The table above and report.json have all of them.") || !strings.Contains(page, "m0099@") || strings.Contains(page, "<br><code>"+id(1100)) {
		t.Error("the page does not say what it leaves out, or shows another number of lines")
	}
	if page = pageOf(t, m, res, 1); !strings.Contains(page, "of 101 lines. report.json has all of them.") || strings.Contains(page, `data-set="mailboxGaps"`) {
		t.Error("a page that is too small for the table leads to it")
	}
}

func TestUnitsInWords(t *testing.T) {
	for _, c := range []struct {
		units snapshot.Units
		want  string
	}{
		{snapshot.Units{}, ""},
		{snapshot.Units{Denied: 1200, Throttled: 2, Open: 3}, "1,200 denied, 2 throttled, 3 not read to the end"},
		{snapshot.Units{Unavailable: 1, Failed: 4}, "1 not available, 4 failed"},
		{snapshot.Units{Filtered: 5, Outside: 6, Gone: 7}, "5 left out of this run; 6 outside this dataset; 7 deleted meanwhile"},
		{snapshot.Units{Denied: 1, Filtered: 2}, "1 denied; 2 left out of this run"},
	} {
		if got := UnitWords(c.units); got != c.want {
			t.Errorf("%+v: %q, want %q", c.units, got, c.want)
		}
	}
}
