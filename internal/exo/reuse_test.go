package exo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

// then is a small tenant of which listings tell when objects changed.
type then struct {
	boxes, groups map[string]string   // rows by key
	entries       map[string][]string // of Get-MailboxPermission
	members       map[string]string   // of Get-RoleGroupMember
	refuse        map[string]reply    // what is answered instead, by identity
	strict        bool                // IncludeUnresolvedPermissions is refused
}

const longAgo = "2020-05-01T10:20:30.1234567Z"

func boxRow(id, guid, store, changed string) string {
	return fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"Guid":%q,"ExchangeGuid":%q,"UserPrincipalName":"%s@contoso.example","PrimarySmtpAddress":"%s@contoso.example","RecipientTypeDetails":"UserMailbox","WhenChangedUTC":%s}`,
		id, guid, store, id, id, changed)
}

func groupRow(name, guid, changed, members string) string {
	return fmt.Sprintf(`{"Name":%q,"Guid":%q,"WhenChangedUTC":%s,"Members":%s}`, name, guid, changed, members)
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

func entry(user string, inherited bool) string {
	return fmt.Sprintf(`{"User":%q,"AccessRights":["FullAccess"],"Deny":false,"IsInherited":%t}`, user, inherited)
}

// before is the tenant of the first run: anna, bert and cleo, whom only the service's own
// entries name, dora whom anna may open, and two role groups.
func before() then {
	w := then{boxes: map[string]string{}, groups: map[string]string{}, entries: map[string][]string{}, members: map[string]string{}, refuse: map[string]reply{}}
	for _, id := range []string{"anna", "bert", "cleo", "dora"} {
		w.boxes[id] = boxRow(id, "g-"+id, "s-"+id, quoted(longAgo))
		w.entries[id] = []string{entry(`NT AUTHORITY\SELF`, false), entry(`EUR01\Administrator`, true)}
	}
	w.entries["dora"] = append(w.entries["dora"], entry("Anna@contoso.example", false))
	for _, name := range []string{"Admins", "Readers"} {
		w.groups[name] = groupRow(name, "g-"+name, quoted(longAgo), `["anna","bert"]`)
		w.members[name] = `{"Name":"anna"},{"Name":"bert"}`
	}
	return w
}

func (w *then) answer(t *testing.T) func(sent) reply {
	row := func(all map[string]string) []string {
		var out []string
		for _, k := range slices.Sorted(maps.Keys(all)) {
			out = append(out, all[k])
		}
		return out
	}
	return func(c sent) reply {
		if r, refused := w.refuse[c.identity()]; refused && c.cmdlet != "Get-Mailbox" {
			return r
		}
		switch c.cmdlet {
		case "Get-Mailbox":
			if len(c.params) > 1 {
				return rows(c, "")
			}
			return rows(c, "", row(w.boxes)...)
		case "Get-RoleGroup":
			return rows(c, "", row(w.groups)...)
		case "Get-MailboxPermission":
			if _, sent := c.params["IncludeUnresolvedPermissions"]; sent && w.strict {
				return failing(t, 400, "400-unknown-parameter.json")
			}
			return rows(c, "", w.entries[c.identity()]...)
		case "Get-RoleGroupMember":
			return rows(c, "", w.members[c.identity()])
		}
		t.Errorf("%s was asked", c.cmdlet)
		return reply{}
	}
}

// reading collects the tenant into a new store and lists who was asked about.
func reading(t *testing.T, w then, r *Reuse) (*snapshot.Store, []string) {
	t.Helper()
	s := newStore(t)
	return s, readingInto(t, s, w, r)
}

func readingInto(t *testing.T, s Store, w then, r *Reuse) []string {
	t.Helper()
	f := newFake(t, w.answer(t))
	collect(t, s, Collectors(f.client, CollectOptions{Reuse: r, Sources: map[snapshot.Source]bool{
		SourceMailbox: true, SourceMailboxPermission: true, SourceRoleGroup: true, SourceRoleGroupMember: true}}))
	asked := map[string]bool{}
	for _, cmdlet := range []string{"Get-MailboxPermission", "Get-RoleGroupMember"} {
		for _, c := range f.calls(cmdlet) {
			asked[c.identity()] = true
		}
	}
	return append([]string{}, slices.Sorted(maps.Keys(asked))...)
}

// rewrite commits the unit anew with its pages as edit leaves them.
func rewrite(t *testing.T, s *snapshot.Store, src snapshot.Source, key string, edit func(*snapshot.Write)) {
	t.Helper()
	l := unit(t, s, src, key)
	w := snapshot.Write{Unit: l.Unit, Reset: true, Result: snapshot.Result{State: l.State, Cause: l.Cause, Detail: l.Detail, Expected: l.Expected}}
	for p, err := range s.Pages(t.Context(), l.Unit) {
		if err != nil {
			t.Fatal(err)
		}
		w.Pages = append(w.Pages, p)
	}
	edit(&w)
	if err := s.Commit(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

// What the earlier snapshot proves is not asked for again, and everything else is.
func TestReuseOfWhatIsUnchanged(t *testing.T) {
	in := func(d time.Duration) string { return quoted(time.Now().Add(d).UTC().Format(time.RFC3339Nano)) }
	page := func(key string, edit func(*snapshot.Page)) func(*testing.T, *snapshot.Store) {
		return func(t *testing.T, s *snapshot.Store) {
			rewrite(t, s, SourceMailboxPermission, key, func(w *snapshot.Write) { edit(&w.Pages[0]) })
		}
	}
	state := func(key string, r snapshot.Result) func(*testing.T, *snapshot.Store) {
		return func(t *testing.T, s *snapshot.Store) {
			rewrite(t, s, SourceMailboxPermission, key, func(w *snapshot.Write) { w.Result = r })
		}
	}
	all := []string{"Admins", "Readers", "anna", "bert", "cleo", "dora"}
	for name, c := range map[string]struct {
		first, second func(*then)
		between       func(*testing.T, *snapshot.Store)
		maxAge        time.Duration // 0: ten years
		want          []string
	}{
		"nothing changed":   {},
		"a mailbox changed": {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", in(-time.Hour)) }, want: []string{"bert"}},
		"changed in a tenth of a moment": {second: func(w *then) {
			w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2020-05-01T10:20:30.1234568Z"))
		}, want: []string{"bert"}},
		"earlier than it was":       {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2019-01-01T00:00:00Z")) }, want: []string{"bert"}},
		"no date now":               {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", "null") }, want: []string{"bert"}},
		"no date ever":              {first: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", "null") }, second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", "null") }, want: []string{"bert"}},
		"no date then":              {first: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", "null") }, want: []string{"bert"}},
		"a date that is none":       {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", `"soon"`) }, want: []string{"bert"}},
		"made again under its name": {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "h-bert", "s-bert", quoted(longAgo)) }, want: []string{"bert"}},
		"another store":             {second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "t-bert", quoted(longAgo)) }, want: []string{"bert"}},
		"no store id":               {first: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "", quoted(longAgo)) }, second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "", quoted(longAgo)) }, want: []string{"bert"}},
		"no id but zeros":           {first: func(w *then) { w.boxes["bert"] = boxRow("bert", noGuid, "s-bert", quoted(longAgo)) }, second: func(w *then) { w.boxes["bert"] = boxRow("bert", noGuid, "s-bert", quoted(longAgo)) }, want: []string{"bert"}},
		"a new mailbox": {second: func(w *then) {
			w.boxes["emil"] = boxRow("emil", "g-emil", "s-emil", quoted(longAgo))
			w.entries["emil"] = w.entries["anna"]
		}, want: []string{"emil"}},
		"two rows of one mailbox": {second: func(w *then) { w.boxes["bert"] += "," + boxRow("bert", "h-bert", "s-bert", quoted(longAgo)) }, want: []string{"bert"}},
		"two rows of one mailbox, the known one last": {second: func(w *then) {
			w.boxes["bert"] = boxRow("bert", "h-bert", "s-bert", quoted(longAgo)) + "," + w.boxes["bert"]
		}, want: []string{"bert"}},
		"two rows of one mailbox then, the known one last": {first: func(w *then) {
			w.boxes["bert"] = boxRow("bert", "h-bert", "s-bert", quoted(longAgo)) + "," + w.boxes["bert"]
		}, want: []string{"bert"}},
		"two rows of one mailbox then": {first: func(w *then) {
			w.boxes["bert"] += "," + boxRow("bert", "g-bert", "s-bert", quoted("2020-05-02T00:00:00Z"))
		},
			want: []string{"bert"}},
		"changed just before it was read":  {first: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2020-05-01T10:20:30Z")) }, second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2020-05-01T10:20:30Z")) }, between: page("bert", func(p *snapshot.Page) { p.At = time.Date(2020, 5, 2, 10, 20, 29, 0, time.UTC) }), want: []string{"bert"}},
		"changed a day before it was read": {first: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2020-05-01T10:20:30Z")) }, second: func(w *then) { w.boxes["bert"] = boxRow("bert", "g-bert", "s-bert", quoted("2020-05-01T10:20:30Z")) }, between: page("bert", func(p *snapshot.Page) { p.At = time.Date(2020, 5, 2, 10, 20, 30, 0, time.UTC) })},
		"read before it changed":           {between: page("bert", func(p *snapshot.Page) { p.At = time.Date(2020, 4, 1, 0, 0, 0, 0, time.UTC) }), want: []string{"bert"}},
		"too old":                          {maxAge: 24 * time.Hour, between: page("bert", func(p *snapshot.Page) { p.At = time.Now().Add(-25 * time.Hour) }), want: []string{"bert"}},
		"not too old":                      {maxAge: 24 * time.Hour, between: page("bert", func(p *snapshot.Page) { p.At = time.Now().Add(-23 * time.Hour) })},
		"another request":                  {between: page("bert", func(p *snapshot.Page) { p.Request = "Get-MailboxPermission Identity" }), want: []string{"bert"}},
		"a warning":                        {between: page("bert", func(p *snapshot.Page) { p.Warnings = []string{"something is missing"} }), want: []string{"bert"}},
		"a count that is wrong":            {between: page("bert", func(p *snapshot.Page) { p.Count = 7 }), want: []string{"bert"}},
		"no rows at all": {between: func(t *testing.T, s *snapshot.Store) {
			rewrite(t, s, SourceMailboxPermission, "bert", func(w *snapshot.Write) { w.Pages = nil })
		}, want: []string{"bert"}},
		"moved while it was read":      {between: state("bert", snapshot.Result{State: snapshot.Complete, Detail: "moved while reading: 2 rows came twice"}), want: []string{"bert"}},
		"denied then":                  {between: state("bert", snapshot.Result{State: snapshot.Denied, Cause: snapshot.MissingPrivilege}), want: []string{"bert"}},
		"failed then":                  {between: state("bert", snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError}), want: []string{"bert"}},
		"read in part then":            {between: state("bert", snapshot.Result{State: snapshot.Partial, Cause: snapshot.Interrupted}), want: []string{"bert"}},
		"gone then":                    {between: state("bert", snapshot.Result{State: snapshot.Gone, Cause: snapshot.NotFound}), want: []string{"bert"}},
		"left out then":                {between: state("bert", snapshot.Result{State: snapshot.Skipped, Cause: snapshot.Filtered}), want: []string{"bert"}},
		"a parameter was refused then": {first: func(w *then) { w.strict = true }, want: []string{"anna", "bert", "cleo", "dora"}},
		"a trustee left":               {second: func(w *then) { delete(w.boxes, "anna") }, want: []string{"dora"}},
		"a trustee was made again":     {second: func(w *then) { w.boxes["anna"] = boxRow("anna", "h-anna", "s-anna", quoted(longAgo)) }, want: []string{"anna", "dora"}},
		"a trustee changed in itself":  {second: func(w *then) { w.boxes["anna"] = boxRow("anna", "g-anna", "s-anna", in(-time.Hour)) }, want: []string{"anna"}},
		"a trustee's name has two bearers": {second: func(w *then) {
			w.boxes["zoe"] = strings.ReplaceAll(boxRow("zoe", "g-zoe", "s-zoe", quoted(longAgo)), "zoe@", "anna@")
			w.entries["zoe"] = w.entries["anna"]
		}, want: []string{"dora", "zoe"}},
		"a trustee that is no mailbox":       {first: func(w *then) { w.entries["bert"] = []string{entry("Finance", false)} }, want: []string{"bert"}},
		"a trustee of which the SID is left": {first: func(w *then) { w.entries["bert"] = []string{entry("S-1-5-21-1-2-3-4", false)} }, want: []string{"bert"}},
		"a name of a domain":                 {first: func(w *then) { w.entries["bert"] = []string{entry(`EUR01\Jim`, false)} }, want: []string{"bert"}},
		"nobody is named":                    {first: func(w *then) { w.entries["bert"] = []string{entry("", false)} }, want: []string{"bert"}},
		"an entry that cannot be read":       {first: func(w *then) { w.entries["bert"] = []string{`{"PermissionList":7}`} }, want: []string{"bert"}},
		"a role group changed":               {second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", in(-time.Hour), `["anna","bert"]`) }, want: []string{"Admins"}},
		"a role group has no date":           {second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", "null", `["anna","bert"]`) }, want: []string{"Admins"}},
		"a role group was made again":        {second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "h-Admins", quoted(longAgo), `["anna","bert"]`) }, want: []string{"Admins"}},
		"a role group lost a member":         {second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", quoted(longAgo), `["bert"]`) }, want: []string{"Admins"}},
		"members in another order":           {second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", quoted(longAgo), `["bert","anna"]`) }},
		"members are not listed":             {first: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", quoted(longAgo), "null") }, second: func(w *then) { w.groups["Admins"] = groupRow("Admins", "g-Admins", quoted(longAgo), "null") }, want: []string{"Admins"}},
		"everything is too old":              {maxAge: time.Nanosecond, want: all},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := before(), before()
			if c.first != nil {
				c.first(&one)
			}
			if c.second != nil {
				c.second(&two)
			}
			earlier, _ := reading(t, one, nil)
			if c.between != nil {
				c.between(t, earlier)
			}
			age := c.maxAge
			if age == 0 {
				age = 10 * 365 * 24 * time.Hour
			}
			s, asked := reading(t, two, &Reuse{From: earlier, NotBefore: time.Now().Add(-age)})
			check(t, "asked", asked, append([]string{}, c.want...))
			for _, src := range []snapshot.Source{SourceMailboxPermission, SourceRoleGroupMember} {
				for key := range states(t, s, src) {
					l := unit(t, s, src, key)
					if l.State != snapshot.Complete {
						t.Errorf("%s %s is %s: %s", src, key, l.State, l.Detail)
					}
					if taken := strings.HasPrefix(l.Detail, snapshot.ReusedPrefix); taken == slices.Contains(c.want, key) || taken && l.Attempts > 0 {
						t.Errorf("%s %s: %d attempts, %q", src, key, l.Attempts, l.Detail)
					}
				}
			}
		})
	}
}

// What is taken over is the page as it was read, at its time, in as many runs as it lasts.
func TestReuseKeepsTheFirstReading(t *testing.T) {
	first, _ := reading(t, before(), nil)
	at := time.Now().Add(-50 * 24 * time.Hour).UTC().Truncate(time.Second)
	rewrite(t, first, SourceMailboxPermission, "dora", func(w *snapshot.Write) { w.Pages[0].At = at })
	chain := first
	for range 2 {
		next, asked := reading(t, before(), &Reuse{From: chain, NotBefore: at})
		check(t, "asked", asked, []string{})
		l := unit(t, next, SourceMailboxPermission, "dora")
		check(t, "detail", l.Detail, "reused: read "+at.Format(time.RFC3339)+", unchanged since "+longAgo+" (WhenChangedUTC)")
		check(t, "time of the unit", l.LastAt, at)
		chain = next
	}
	pages := func(s *snapshot.Store) (out []string) {
		for p, err := range s.Pages(t.Context(), snapshot.UnitID{Source: SourceMailboxPermission, Key: "dora"}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%+v", p))
		}
		return out
	}
	check(t, "pages", pages(chain), pages(first))
	_, asked := reading(t, before(), &Reuse{From: chain, NotBefore: at.Add(time.Second)})
	check(t, "asked beyond the age", asked, []string{"dora"})
}

// A run that goes on takes over what is open, in place of what a failed answer left.
func TestReuseInARunThatGoesOn(t *testing.T) {
	earlier, _ := reading(t, before(), nil)
	w := before()
	w.refuse["bert"], w.refuse["Readers"] = reply{status: 500, body: `{}`}, reply{status: 500, body: `{}`}
	s, _ := reading(t, w, nil)
	check(t, "bert", unit(t, s, SourceMailboxPermission, "bert").State, snapshot.Failed)
	check(t, "asked", readingInto(t, s, before(), &Reuse{From: earlier}), []string{})
	check(t, "bert", unit(t, s, SourceMailboxPermission, "bert").State, snapshot.Complete)
	check(t, "anna was read", unit(t, s, SourceMailboxPermission, "anna").Detail, "")
}

// spoilt is an earlier snapshot that cannot be read somewhere.
type spoilt struct {
	Earlier
	unit, pages, rows bool
	fewer             bool // rows than the ledger says
}

var errSpoilt = errors.New("spoilt")

func (s spoilt) Unit(ctx context.Context, id snapshot.UnitID) (snapshot.Ledger, bool, error) {
	if s.unit {
		return snapshot.Ledger{}, false, errSpoilt
	}
	l, known, err := s.Earlier.Unit(ctx, id)
	if s.fewer {
		l.Rows++
	}
	return l, known, err
}

func (s spoilt) Pages(ctx context.Context, id snapshot.UnitID) iter.Seq2[snapshot.Page, error] {
	if s.pages {
		return func(yield func(snapshot.Page, error) bool) { yield(snapshot.Page{}, errSpoilt) }
	}
	return s.Earlier.Pages(ctx, id)
}

func (s spoilt) Rows(ctx context.Context, src snapshot.Source) iter.Seq2[snapshot.RawRow, error] {
	return func(yield func(snapshot.RawRow, error) bool) {
		for r, err := range s.Earlier.Rows(ctx, src) {
			if !yield(r, err) {
				return
			}
		}
		if s.rows {
			yield(snapshot.RawRow{}, errSpoilt)
		}
	}
}

// An earlier snapshot that cannot be read proves nothing, and does not end the run.
func TestReuseOfASpoiltSnapshot(t *testing.T) {
	earlier, all := reading(t, before(), nil)
	for name, from := range map[string]spoilt{"unit": {unit: true}, "pages": {pages: true}, "rows": {rows: true}, "fewer": {fewer: true}} {
		from.Earlier = earlier
		_, asked := reading(t, before(), &Reuse{From: from})
		check(t, name, asked, all)
	}
}

// A cmdlet that the identity lacks stays denied: an old answer does not hide it.
func TestReuseDoesNotHideADenial(t *testing.T) {
	earlier, _ := reading(t, before(), nil)
	s := newStore(t)
	w := before()
	f := newFake(t, func(c sent) reply {
		if c.entity != "" {
			return reply{body: `{"value":[{"fileName":"a","exportedCmdlets":"get-mailbox"}]}`}
		}
		return w.answer(t)(c)
	})
	collect(t, s, Collectors(f.client, CollectOptions{Reuse: &Reuse{From: earlier}, Sources: map[snapshot.Source]bool{
		SourceModuleFile: true, SourceMailbox: true, SourceMailboxPermission: true}}))
	check(t, "states", states(t, s, SourceMailboxPermission), each([]string{"anna", "bert", "cleo", "dora"}, snapshot.Denied))
}

// Inbox rules and folders leave no trace in a listing: they are read in every run.
func TestReuseIsForTwoSourcesOnly(t *testing.T) {
	s := newStore(t)
	f := newFake(t, contoso(t))
	collect(t, s, Collectors(f.client, CollectOptions{}))
	for _, col := range Collectors(f.client, CollectOptions{}) {
		if c, ok := col.(fan); ok {
			want := c.source == SourceMailboxPermission || c.source == SourceRoleGroupMember
			check(t, string(c.source), c.unchanged != nil, want)
		}
	}
	f.reset()
	collect(t, newStore(t), Collectors(f.client, CollectOptions{Reuse: &Reuse{From: s}}))
	for _, cmdlet := range []string{"Get-Mailbox", "Get-RoleGroup", "Get-InboxRule", "Get-MailboxFolderStatistics", "Get-MailboxFolderPermission", "Get-RecipientPermission", "Get-TransportRule"} {
		if len(f.calls(cmdlet)) == 0 {
			t.Errorf("%s was not asked", cmdlet)
		}
	}
}
