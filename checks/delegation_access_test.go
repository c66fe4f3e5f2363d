package checks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// access is a row of effective access in short.
func access(mailbox, principal, kind, capability, route, via, scope string) snapshot.AccessRow {
	return snapshot.AccessRow{
		Mailbox: mailbox, MailboxAddress: mailbox + "@contoso.example", Principal: principal, PrincipalName: "Name of " + principal, PrincipalType: kind,
		Capability: capability, Route: route, Via: via, Scope: scope, Dataset: "mailboxPermissions", Key: mailbox + "|" + principal,
	}
}

// sortedAccess returns a fake whose rows come in the order of a snapshot.
func sortedAccess(rows ...any) *fake {
	slices.SortStableFunc(rows, func(a, b any) int {
		return cmp.Or(cmp.Compare(snapshot.DatasetOf(a), snapshot.DatasetOf(b)), cmp.Compare(snapshot.Key(a), snapshot.Key(b)))
	})
	return with(rows...)
}

// tenantOf returns n active mailboxes m00, m01 … and one inactive one.
func tenantOf(n int) []any {
	rows := []any{mailbox("gone", "UserMailbox", func(m *snapshot.Mailbox) { m.Inactive = true })}
	for i := range n {
		rows = append(rows, mailbox(fmt.Sprintf("m%02d", i), "UserMailbox", nil))
	}
	return rows
}

// reads gives a principal read access to the first n mailboxes.
func reads(n int, principal, kind, route, via, scope string) []any {
	var rows []any
	for i := range n {
		rows = append(rows, access(fmt.Sprintf("m%02d", i), principal, kind, snapshot.CanRead, route, via, scope))
	}
	return rows
}

// onFolders gives lee the right to read one folder of a type in each of the first n mailboxes, with the entries that prove it.
func onFolders(n int, folderType string) []any {
	var rows []any
	for i := range n {
		m := fmt.Sprintf("m%02d", i)
		p := snapshot.FolderPermission{Mailbox: m, FolderID: "f" + folderType, FolderType: folderType, TrusteeRef: trustee("lee", "user"), Rights: []string{"ReadItems"}}
		r := access(m, "id-lee", "user", snapshot.CanRead, "folder", "", "folder:/"+folderType)
		r.Dataset, r.Key = "folderPermissions", snapshot.Key(p)
		rows = append(rows, p, r)
	}
	return rows
}

func TestWideReach(t *testing.T) {
	const id = "delegation.wide_reach"
	in := func(lists ...[]any) *fake { return sortedAccess(slices.Concat(lists...)...) }
	limited := func(n int, f *fake) *fake { f.options.WideReach = n; return f }
	twice := func(n int) []any {
		return slices.Concat(reads(n, "kim", "user", "fullAccess", "", "mailbox"), reads(n, "kim", "user", "fullAccess", "Team", "mailbox"), reads(n, "kim", "user", "folder", "", "folder:/Inbox"))
	}
	everywhere := func(principal, kind, route, via, note string) []any {
		r := access(snapshot.Everywhere, principal, kind, snapshot.CanRead, route, via, "tenant")
		r.Note = note
		return []any{r}
	}
	other := func(capability string) []any {
		var rows []any
		for i := range 12 {
			rows = append(rows, access(fmt.Sprintf("m%02d", i), "kim", "user", capability, "sendAs", "", "mailbox"))
		}
		return rows
	}
	runRows(t, id, []row{
		{"at the limit", in(tenantOf(12), reads(10, "kim", "user", "fullAccess", "", "mailbox")), "fail 1/1", "high principal kim", ""},
		{"below it", in(tenantOf(12), reads(9, "kim", "user", "fullAccess", "", "mailbox")), "pass 1/1", "", ""},
		{"a mailbox counts once, whatever the routes", in(tenantOf(12), twice(9)), "pass 1/1", "", ""},
		{"routes add up", in(tenantOf(12), reads(5, "kim", "user", "fullAccess", "", "mailbox"), everywhere("kim", "user", "exchangeRole", "Discovery > Mailbox Search", "")), "fail 1/1", "high principal kim", ""},
		{"2 % of many", in(tenantOf(1000), reads(19, "kim", "user", "fullAccess", "", "mailbox"), reads(20, "lee", "user", "fullAccess", "", "mailbox")), "fail 2/2", "high principal lee", ""},
		{"a part of a mailbox counts for more", in(tenantOf(1001), reads(20, "kim", "user", "fullAccess", "", "mailbox"), reads(21, "lee", "user", "fullAccess", "", "mailbox")), "fail 2/2", "high principal lee", ""},
		{"a limit of one's own", limited(3, in(tenantOf(12), reads(3, "kim", "user", "fullAccess", "", "mailbox"), reads(2, "lee", "user", "fullAccess", "", "mailbox"))), "fail 2/2", "high principal kim", ""},
		{"guest, contact and external", limited(2, in(tenantOf(4), reads(2, "a", "guest", "fullAccess", "", "mailbox"), reads(2, "b", "contact", "folder", "", "folder:/Inbox"), reads(2, "c", "external", "folder", "", "folder:/Inbox"), reads(2, "d", "group", "fullAccess", "", "mailbox"))),
			"fail 4/4", "critical principal a\ncritical principal b\ncritical principal c\nhigh principal d", ""},
		{"the whole tenant", in(tenantOf(12), everywhere("app", "application", "application", "Mail.Read", "")), "fail 1/1", "high principal app", ""},
		{"the whole of a small tenant", in(tenantOf(9), everywhere("app", "application", "application", "Mail.Read", "")), "pass 1/1", "", ""},
		{"every active mailbox and one that is not", in(tenantOf(9), everywhere("kim", "user", "exchangeRole", "r", ""), []any{access("gone", "kim", "user", snapshot.CanRead, "fullAccess", "", "mailbox")}), "fail 1/1", "high principal kim", ""},
		{"switched off", in(tenantOf(12), everywhere("app", "application", "application", "Mail.Read", "disabled")), "fail 1/1", "low principal app", ""},
		{"switched off in part", in(tenantOf(12), everywhere("app", "application", "application", "Mail.Read", "disabled"), reads(1, "app", "application", "fullAccess", "", "mailbox")), "fail 1/1", "high principal app", ""},
		{"calendars and headers", in(tenantOf(12), everywhere("a", "application", "application", "Calendars.ReadWrite", ""), everywhere("b", "application", "application", "Apps > Contacts.Read", ""),
			everywhere("c", "application", "delegatedGrant", "Mail.ReadBasic", ""), everywhere("d", "application", "application", "Application Calendars.Read", "")), "pass 0/0", "", ""},
		{"mail through a group and RBAC", in(tenantOf(12), everywhere("b", "application", "application", "Contacts.Read > Mail.Read", ""), everywhere("d", "application", "application", "Application Mail.Read", "")), "fail 2/2", "high principal b\nhigh principal d", ""},
		{"folders without mail", in(tenantOf(12), onFolders(12, "Calendar")), "pass 0/0", "", ""},
		{"folders with mail", in(tenantOf(12), onFolders(12, "Inbox"), onFolders(12, "Calendar")), "fail 1/1", "high principal id-lee", ""},
		{"other capabilities, default and anonymous", in(tenantOf(12), other(snapshot.CanSendAs), other(snapshot.CanManage), other(snapshot.CanReceive),
			reads(12, "default", "default", "folder", "", "folder:/Inbox"), reads(12, "anonymous", "anonymous", "folder", "", "folder:/Inbox")), "pass 0/0", "", ""},
		{"access is not known in full", in(tenantOf(12), reads(10, "kim", "user", "fullAccess", "", "mailbox")).gap(cover(snapshot.EffectiveAccess, snapshot.CoveragePartial, 9, 12, snapshot.MissingPrivilege)), "fail 1/12", "high principal kim", "effectiveAccess: partial"},
	})
	everyNeed(t, id, sortedAccess(slices.Concat(tenantOf(3), onFolders(2, "Inbox"))...).rows...)

	_, found := judge(t, id, in(tenantOf(12), reads(3, "kim", "user", "fullAccess", "Team", "mailbox"), everywhere("kim", "user", "exchangeRole", "Discovery > Mailbox Search", "")))
	routes, err := json.Marshal(found[0].Details["routes"])
	if want := `[{"route":"exchangeRole","mailboxes":12,"via":["Discovery \u003e Mailbox Search"]},{"route":"fullAccess","mailboxes":3,"via":["Team"]}]`; err != nil || string(routes) != want {
		t.Errorf("routes %s (%v), want %s", routes, err, want)
	}
	if d := found[0].Details; d["mailboxes"] != 12 || d["limit"] != 10 || d["wholeTenant"] != true || len(found[0].Evidence) != 4 {
		t.Errorf("details: %+v, evidence %v", d, found[0].Evidence)
	}
}

func TestEffectiveAccess(t *testing.T) {
	const id = "delegation.effective_access"
	in := func(lists ...[]any) *fake { return sortedAccess(slices.Concat(lists...)...) }
	app := []any{access(snapshot.Everywhere, "app", "application", snapshot.CanRead, "application", "Mail.ReadWrite", "tenant"), access(snapshot.Everywhere, "app", "application", snapshot.CanChange, "application", "Mail.ReadWrite", "tenant")}
	runRows(t, id, []row{
		{"a mailbox and the whole tenant", in(tenantOf(3), reads(2, "kim", "user", "fullAccess", "", "mailbox"), app), "info 3/3", "info principal app\ninfo mailbox m00\ninfo mailbox m01", ""},
		{"an inactive mailbox, and one outside of what was asked for", in(tenantOf(1), []any{access("gone", "kim", "user", snapshot.CanRead, "fullAccess", "", "mailbox"), access("zz", "kim", "user", snapshot.CanRead, "fullAccess", "", "mailbox")}), "info 1/1", "", ""},
		{"nobody", in(tenantOf(2)), "info 2/2", "", ""},
		{"not known in full", in(tenantOf(2), reads(1, "kim", "user", "fullAccess", "", "mailbox")).gap(cover(snapshot.EffectiveAccess, snapshot.CoveragePartial, 1, 2, snapshot.MissingPrivilege)), "not-evaluated 2/3", "info mailbox m00", "effectiveAccess: partial"},
	})
	everyNeed(t, id, tenantOf(2)...)

	rows := tenantOf(1)
	for _, who := range []string{"a", "b", "c", "d", "e", "f"} {
		rows = append(rows, access("m00", who, "user", snapshot.CanRead, "fullAccess", "", "mailbox"), access("m00", who, "user", snapshot.CanRead, "folder", "", "folder:/Inbox"))
	}
	rows = append(rows, access("m00", "x", "external", snapshot.CanReceive, "forwarding", "", "mailbox"))
	_, found := judge(t, id, in(rows))
	f := found[0]
	got, err := json.Marshal(f.Details[snapshot.CanRead])
	if want := `{"principals":6,"outside":0,"names":["Name of a","Name of b","Name of c","Name of d","Name of e"]}`; err != nil || string(got) != want {
		t.Errorf("read %s (%v), want %s", got, err, want)
	}
	if h := f.Details[snapshot.CanReceive].(*holders); h.Outside != 1 || f.Details[snapshot.CanSendAs] != nil || !strings.Contains(f.Summary, "read: 6, receive: 1") || len(f.Evidence) != 2 {
		t.Errorf("finding %+v", f)
	}
}

// large is a tenant whose rows of access are made while they are read.
type large struct {
	*fake
	mailboxes, each int
}

func (l large) Mailboxes() iter.Seq2[snapshot.Mailbox, error] {
	return func(yield func(snapshot.Mailbox, error) bool) {
		for i := range l.mailboxes {
			if !yield(snapshot.Mailbox{Mailbox: fmt.Sprintf("m%06d", i), RecipientTypeDetails: "UserMailbox"}, nil) {
				return
			}
		}
	}
}

func (l large) EffectiveAccess() iter.Seq2[snapshot.AccessRow, error] {
	return func(yield func(snapshot.AccessRow, error) bool) {
		for i := range l.mailboxes {
			m := fmt.Sprintf("m%06d", i)
			for j := range l.each {
				r := snapshot.AccessRow{Mailbox: m, MailboxAddress: m + "@contoso.example", Principal: fmt.Sprintf("p%03d", j), PrincipalType: "user", Capability: snapshot.CanRead,
					Route: "folder", Scope: "folder:/Inbox", Dataset: "folderPermissions", Key: fmt.Sprintf("%s|f|p%03d", m, j)}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func (l large) FolderPermissions() iter.Seq2[snapshot.FolderPermission, error] {
	return func(yield func(snapshot.FolderPermission, error) bool) {
		for r := range l.EffectiveAccess() {
			if !yield(snapshot.FolderPermission{Mailbox: r.Mailbox, FolderID: "f", FolderType: "Inbox", TrusteeRef: snapshot.TrusteeRef{Trustee: r.Principal}}, nil) {
				return
			}
		}
	}
}

// Rows are not kept: what stays in memory grows with principals and mailboxes, not with rows.
func TestAccessOfManyMailboxesIsNotKept(t *testing.T) {
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	in := large{with(), 5000, 40} // 200,000 rows
	for id, most := range map[string]uint64{"delegation.wide_reach": 4 << 20, "delegation.effective_access": 24 << 20} {
		c, _ := Get(id)
		before := live()
		out, err := c.Run(Input{Reader: in})
		if err != nil {
			t.Fatal(err)
		}
		if kept := live() - min(live(), before); kept > most {
			t.Errorf("%s keeps %d bytes, want at most %d", id, kept, most)
		}
		if want := map[string]int{"delegation.wide_reach": 40, "delegation.effective_access": 5000}[id]; len(out.Findings) != want {
			t.Errorf("%s: %d findings, want %d", id, len(out.Findings), want)
		}
		runtime.KeepAlive(out)
	}
}

func BenchmarkWideReach(b *testing.B) {
	c, _ := Get("delegation.wide_reach")
	for b.Loop() {
		if _, err := c.Run(Input{Reader: large{with(), 100_000, 30}}); err != nil {
			b.Fatal(err)
		}
	}
}
