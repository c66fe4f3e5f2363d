package normalize

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

func (f fixture) gaps() []snapshot.MailboxGap {
	f.t.Helper()
	v, err := f.store.View(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	var out []snapshot.MailboxGap
	for g, err := range v.MailboxGaps() {
		if err != nil {
			f.t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}

func (f fixture) said(source, state string) {
	f.t.Helper()
	type one struct {
		Source string `json:"source"`
		State  string `json:"state"`
	}
	if err := f.store.SetMeta(f.t.Context(), PreflightKey, map[string]any{"sources": []one{{source, state}}}); err != nil {
		f.t.Fatal(err)
	}
}

const fault = "denied (needs a role); grant it" // what put writes of a unit that was not read

// kimsRules and leesRules, and folders of both, stand as given.
func perMailbox(t *testing.T, kimsRules, leesRules, kimsFolders, leesFolders snapshot.State) fixture {
	f := people(t, "")
	for _, u := range []struct {
		source, key string
		state       snapshot.State
	}{{"exo/Get-InboxRule", kim, kimsRules}, {"exo/Get-InboxRule", lee, leesRules}, {"exo/Get-MailboxFolderStatistics", kim, kimsFolders}, {"exo/Get-MailboxFolderStatistics", lee, leesFolders},
		{"exo/Get-MailboxFolderPermission", kim, kimsFolders}, {"exo/Get-MailboxFolderPermission", lee, leesFolders},
		{"exo/Get-MailboxPermission", kim, snapshot.Complete}, {"exo/Get-MailboxPermission", lee, snapshot.Complete}} {
		f.put(u.source, u.key, "000001", u.state)
	}
	return f
}

func TestMailboxGapsNameTheMailboxes(t *testing.T) {
	const complete, denied, failed, gone, skipped, planned = snapshot.Complete, snapshot.Denied, snapshot.Failed, snapshot.Gone, snapshot.Skipped, snapshot.Planned
	rules, folders := snapshot.InboxRules, snapshot.FolderPermissions
	one := func(mailbox, address string, cause snapshot.Cause, detail string, sets ...snapshot.Dataset) snapshot.MailboxGap {
		return snapshot.MailboxGap{Mailbox: mailbox, Address: address, Datasets: sets, Cause: cause, Detail: detail}
	}
	for name, c := range map[string]struct {
		states [4]snapshot.State // rules of Kim and Lee, folders of Kim and Lee
		want   []snapshot.MailboxGap
	}{
		"nothing missing":              {[4]snapshot.State{complete, complete, complete, complete}, nil},
		"one of two":                   {[4]snapshot.State{complete, denied, complete, complete}, []snapshot.MailboxGap{one(lee, "lee@contoso.example", snapshot.MissingPrivilege, fault, rules)}},
		"two datasets for one cause":   {[4]snapshot.State{complete, denied, complete, denied}, []snapshot.MailboxGap{one(lee, "lee@contoso.example", snapshot.MissingPrivilege, fault, rules, folders)}},
		"each another one":             {[4]snapshot.State{complete, denied, failed, complete}, []snapshot.MailboxGap{one(kim, "kim@contoso.example", snapshot.MissingPrivilege, fault, folders), one(lee, "lee@contoso.example", snapshot.MissingPrivilege, fault, rules)}},
		"denied as a whole":            {[4]snapshot.State{denied, denied, complete, complete}, nil},
		"as a whole beside one of two": {[4]snapshot.State{denied, denied, complete, failed}, []snapshot.MailboxGap{one(lee, "lee@contoso.example", snapshot.MissingPrivilege, fault, folders)}},
		"gone or left out is no gap":   {[4]snapshot.State{complete, gone, complete, skipped}, nil},
		"cut off":                      {[4]snapshot.State{complete, planned, complete, complete}, []snapshot.MailboxGap{one(lee, "lee@contoso.example", snapshot.Interrupted, "not read yet; go on with --resume", rules)}},
	} {
		t.Run(name, func(t *testing.T) {
			f := perMailbox(t, c.states[0], c.states[1], c.states[2], c.states[3])
			f.run()
			if got := f.gaps(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			f.run() // derived again: the same, and nothing twice
			if got := f.gaps(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("the second time %+v", got)
			}
		})
	}
}

// Send As is a list, but where every recipient is asked for alone a mailbox can be missing.
func TestMailboxGapsOfSendAs(t *testing.T) {
	f := people(t, "")
	f.put("exo/Get-RecipientPermission", "", "000001", snapshot.Complete)
	f.put("exo/Get-RecipientPermission", kim, "000001", snapshot.Complete)
	f.put("exo/Get-RecipientPermission", lee, "000001", snapshot.Failed)
	f.put("exo/Get-RecipientPermission", sales, "000001", snapshot.Failed) // no mailbox
	f.run()
	if got := f.gaps(); len(got) != 1 || got[0].Mailbox != lee || !slices.Equal(got[0].Datasets, []snapshot.Dataset{snapshot.SendAs}) {
		t.Errorf("%+v", got)
	}
}

func TestRefusalsSayWhetherThePreflightForesawThem(t *testing.T) {
	for name, c := range map[string]struct {
		source, said         string
		foreseen, unforeseen bool
	}{
		"it said blind":       {"exo/Get-InboxRule", "blind", true, false},
		"it said works":       {"exo/Get-InboxRule", "works", false, true},
		"it could not tell":   {"exo/Get-InboxRule", "unknown", false, false},
		"of something else":   {"exo/Get-TransportRule", "works", false, false},
		"there was none at a": {"", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := perMailbox(t, snapshot.Complete, snapshot.Denied, snapshot.Complete, snapshot.Complete)
			if c.source != "" {
				f.said(c.source, c.said)
			}
			f.run()
			for _, set := range []snapshot.Dataset{snapshot.InboxRules, snapshot.EffectiveAccess} {
				var found bool
				for _, r := range f.coverage(set).Reasons {
					if r.Cause == snapshot.MissingPrivilege && strings.Contains(r.Detail, fault) && (set == snapshot.InboxRules || strings.HasPrefix(r.Detail, "inboxRules")) {
						found = true
						if r.Foreseen != c.foreseen || r.Unforeseen != c.unforeseen {
							t.Errorf("%s: %+v", set, r)
						}
					}
				}
				if !found {
					t.Errorf("%s has no such reason: %+v", set, f.coverage(set).Reasons)
				}
			}
			if got := f.gaps(); len(got) != 1 || got[0].Foreseen != c.foreseen || got[0].Unforeseen != c.unforeseen {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A fault of the service is nothing that a preflight could know.
func TestOtherCausesAreNeverForeseen(t *testing.T) {
	r := snapshot.Reason{Cause: snapshot.CauseThrottled}
	if foresee(&r, saidWorks); r.Foreseen || r.Unforeseen {
		t.Errorf("%+v", r)
	}
}

// Whatever happened to the units: what was collected and what became of the others is what
// was expected, and the sum of the failures is the number of failed ones.
func TestUnitsAddUp(t *testing.T) {
	states := []snapshot.State{snapshot.Complete, snapshot.Denied, snapshot.Unavailable, snapshot.Failed, snapshot.Throttled, snapshot.Partial, snapshot.Planned, snapshot.Gone, snapshot.Skipped}
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range 12 {
		f := people(t, "")
		var boxes []string
		for n := range 6 {
			id := fmt.Sprintf("55555555-0000-4000-8000-%012d", n)
			boxes = append(boxes, mailbox(id, fmt.Sprintf("m%d@contoso.example", n), id, ""))
			for _, src := range []string{"exo/Get-InboxRule", "exo/Get-MailboxPermission", "exo/Get-MailboxFolderStatistics", "exo/Get-MailboxFolderPermission"} {
				f.put(src, id, "000001", states[rnd.IntN(len(states))])
			}
		}
		f.put("exo/Get-Mailbox", "", "000001", snapshot.Complete, boxes...)
		for _, src := range []string{"exo/Get-TransportRule", "exo/Get-RecipientPermission", "graph/applications", "graph/servicePrincipals", "graph/roleAssignments"} {
			f.put(src, "", "000001", states[rnd.IntN(len(states))])
		}
		f.run()
		for _, set := range snapshot.Datasets() {
			c := f.coverage(set)
			u := c.Units
			if sum := c.Collected + u.Denied + u.Unavailable + u.Throttled + u.Failed + u.Open; sum != c.Expected {
				t.Errorf("run %d, %s: %d expected, %d collected, %+v", i, set, c.Expected, c.Collected, u)
			}
			if c.Failed != u.Denied+u.Unavailable+u.Throttled+u.Failed {
				t.Errorf("run %d, %s: %d failed, %+v", i, set, c.Failed, u)
			}
		}
	}
}

func TestStrangersAreNamed(t *testing.T) {
	for _, c := range []struct {
		strangers Strangers
		want      string
	}{
		{Strangers{Named: 3}, ""},
		{Strangers{Named: 3, Addresses: []string{"a@x.example"}}, "1 of 3 addresses that --mailboxes names are of no mailbox: a@x.example"},
		{Strangers{Named: 9, Addresses: []string{"a", "b", "c", "d", "e", "f", "g"}}, "7 of 9 addresses that --mailboxes names are of no mailbox: a, b, c, d, e and 2 more"},
	} {
		got := ""
		for _, r := range c.strangers.reasons() {
			got += r.Detail
			if r.Count != int64(len(c.strangers.Addresses)) {
				t.Errorf("%+v", r)
			}
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
