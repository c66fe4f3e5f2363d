package exo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/transport"
)

// contoso is a small tenant with one of everything that collecting must handle.
//
// anna and bert have user rules, cleo has only the service's own; bert's rules point to
// three directory names: a mailbox's, one that a recipient's X500 address explains,
// and two that must be looked up. Folders are French.
func contoso(t *testing.T) func(sent) reply {
	mailbox := func(id, typ string) string {
		return fmt.Sprintf(`{"ExternalDirectoryObjectId":%q,"Guid":"guid-%s","UserPrincipalName":"%s@contoso.example","PrimarySmtpAddress":"%s@contoso.example","RecipientTypeDetails":%q,"LegacyExchangeDN":"/o=x/cn=%s","EmailAddresses":[]}`, id, id, id, id, typ, id)
	}
	folder := func(owner, id, path, typ string) string {
		return fmt.Sprintf(`{"FolderId":"%s-%s","FolderPath":%q,"FolderType":%q,"Name":"x"}`, owner, id, path, typ)
	}
	cmdlets := slices.Sorted(slices.Values(transport.Cmdlets()))
	one := func(c sent) reply {
		return rows(c, "", fmt.Sprintf(`{"Name":"row of %s","Guid":"g"}`, c.cmdlet))
	}
	return func(c sent) reply {
		switch c.cmdlet {
		case "":
			return reply{body: `{"value":[{"fileName":"a.psd1","fileContent":"secret code","exportedCmdlets":""},{"fileName":"b.psm1","fileContent":"x","exportedCmdlets":"` +
				strings.ToLower(strings.Join(cmdlets, ",")) + `"}]}`}
		case "Get-Mailbox":
			switch {
			case c.params["GroupMailbox"] == true:
				return rows(c, "", mailbox("team", "GroupMailbox"))
			case c.params["PublicFolder"] == true:
				return rows(c, "")
			case c.params["IncludeInactiveMailbox"] == true:
				return rows(c, "", mailbox("anna", "UserMailbox"), `{"ExternalDirectoryObjectId":"","Guid":"guid-left","IsInactiveMailbox":true,"RecipientTypeDetails":"UserMailbox"}`)
			case c.token == "":
				return rows(c, "p2", mailbox("cleo", "SharedMailbox"), mailbox("anna", "UserMailbox"))
			}
			return rows(c, "", mailbox("bert", "RoomMailbox"), `{"ExternalDirectoryObjectId":"","Guid":"guid-disco","PrimarySmtpAddress":"disco@contoso.example","RecipientTypeDetails":"DiscoveryMailbox"}`)
		case "Get-Recipient":
			switch c.identity() {
			case "":
				return rows(c, "", `{"ExternalDirectoryObjectId":"anna","PrimarySmtpAddress":"anna@contoso.example","RecipientTypeDetails":"UserMailbox"}`,
					`{"Guid":"guid-list","PrimarySmtpAddress":"list@contoso.example","RecipientTypeDetails":"MailUniversalDistributionGroup","EmailAddresses":["X500:/o=x/CN=Old"]}`)
			case "/o=x/cn=contact":
				return rows(c, "", `{"Guid":"guid-contact","Name":"contact"}`)
			}
			return failing(t, 404, "404-object-not-found.json")
		case "Get-RoleGroup":
			return rows(c, "", `{"Name":"Organization Management","Members":["anna"]}`, `{"Name":"Empty","Members":[]}`, `{"Name":"Unknown"}`)
		case "Get-RoleGroupMember":
			return rows(c, "", fmt.Sprintf(`{"Name":"member of %s"}`, c.identity()))
		case "Get-RecipientPermission":
			return rows(c, "", `{"Identity":"anna","Trustee":"NT AUTHORITY\\SELF"}`, `{"Identity":"bert","Trustee":"NT AUTHORITY\\SELF"}`, `{"Identity":"Cleo","Trustee":"NT AUTHORITY\\SELF"}`)
		case "Get-MailboxPermission":
			return rows(c, "", permission("owner of "+c.identity()))
		case "Get-InboxRule":
			junk := `{"Name":"Junk E-mail Rule","SupportedByTask":false,"RuleIdentity":1}`
			visible := ""
			switch c.identity() {
			case "anna":
				visible = `{"Name":"a","SupportedByTask":true,"RuleIdentity":15394007230974001153,"MarkAsRead":true}`
			case "bert":
				visible = `{"Name":"b","SupportedByTask":true,"RuleIdentity":3,"ForwardTo":["\"A\" [EX:/O=X/cn=anna]","\"L\" [EX:/o=x/cn=old]","\"C\" [EX:/o=x/cn=contact]"],"RedirectTo":["\"C\" [EX:/o=x/cn=CONTACT]","\"G\" [EX:/o=x/cn=gone]","\"J\" [SMTP:jo@fabrikam.example]"]}`
			}
			switch {
			case c.params["IncludeHidden"] == true && visible != "":
				return rows(c, "", junk, visible)
			case c.params["IncludeHidden"] == true:
				return rows(c, "", junk)
			}
			return rows(c, "", visible)
		case "Get-MailboxFolderStatistics":
			o := c.identity()
			return rows(c, "", folder(o, "root", "/Haut", "Root"), folder(o, "inbox", "/Boîte", "Inbox"), folder(o, "own", "/Boîte/Projets", "User Created"),
				folder(o, "deep", "/Boîte/Projets/Vieux", "User Created"), folder(o, "cal", "/Calendrier", "Calendar"), folder(o, "purges", "/Purges", "RecoverableItemsPurges"))
		case "Get-MailboxFolderPermission":
			_, id, _ := strings.Cut(c.identity(), ":")
			return rows(c, "", fmt.Sprintf(`{"User":"trustee of %s","AccessRights":["Reviewer"]}`, id))
		}
		return one(c)
	}
}

var perMailboxSources = []snapshot.Source{SourceInboxRule, SourceFolderStatistics, SourceFolderPermission}

func TestCollectATenant(t *testing.T) {
	s := newStore(t)
	f := newFake(t, contoso(t))
	collect(t, s, Collectors(f.client, CollectOptions{}))

	for _, c := range Collectors(f.client, CollectOptions{}) {
		units := states(t, s, c.Source())
		if len(units) == 0 {
			t.Errorf("%s has no units", c.Source())
		}
		for key, state := range units {
			want := snapshot.Complete
			if c.Source() == SourceRecipientByDN && key == "/o=x/cn=gone" {
				want = snapshot.Gone
			}
			if state != want {
				t.Errorf("%s %q is %s, want %s: %s", c.Source(), key, state, want, unit(t, s, c.Source(), key).Detail)
			}
		}
	}
	for _, src := range perMailboxSources {
		check(t, string(src), states(t, s, src), each([]string{"anna", "bert", "cleo"}, snapshot.Complete))
	}
	check(t, "permissions cover discovery mailboxes", states(t, s, SourceMailboxPermission), each([]string{"anna", "bert", "cleo", "guid-disco"}, snapshot.Complete))
	check(t, "plain rules only where they can differ", states(t, s, SourceInboxRuleVisible), each([]string{"anna", "bert"}, snapshot.Complete))
	check(t, "role groups with members", states(t, s, SourceRoleGroupMember), each([]string{"Organization Management", "Unknown"}, snapshot.Complete))
	check(t, "names to look up", states(t, s, SourceRecipientByDN), map[string]snapshot.State{"/o=x/cn=contact": snapshot.Complete, "/o=x/cn=gone": snapshot.Gone})
	check(t, "recipient behind a name", stored(t, s, SourceRecipientByDN, "/o=x/cn=contact", "Guid"), []string{"guid-contact"})
	check(t, "mailbox kinds", states(t, s, SourceMailbox), each([]string{MailboxUnit, GroupMailboxUnit, InactiveMailboxUnit, PublicFolderMailboxUnit}, snapshot.Complete))

	folders, err := s.PageKeys(t.Context(), snapshot.UnitID{Source: SourceFolderPermission, Key: "bert"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "folders in scope", folders, []string{"bert-cal", "bert-inbox", "bert-own", "bert-root"})
	for _, c := range f.calls("Get-MailboxFolderPermission") {
		if !c.routed || !strings.HasSuffix(c.anchor, "@contoso.example") {
			t.Errorf("folder call anchored at %q, routed %t", c.anchor, c.routed)
		}
	}
	for page, err := range s.Pages(t.Context(), snapshot.UnitID{Source: SourceModuleFile}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(page.Rows), "secret code") || !strings.Contains(string(page.Rows), "get-inboxrule") {
			t.Errorf("module file stored as %.200s", page.Rows)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.log {
		if c.cmdlet == "" && c.headers.Get("CommandName") != "*" {
			t.Errorf("module file asked for with %q", c.headers.Get("CommandName"))
		}
		if id, given := c.params["Identity"]; given && (id == "" || id == nil) {
			t.Errorf("%s was sent with an empty identity", c.cmdlet)
		}
	}
}

func TestChosenSources(t *testing.T) {
	f := newFake(t, contoso(t))
	var got []snapshot.Source
	for _, c := range Collectors(f.client, CollectOptions{Sources: map[snapshot.Source]bool{SourceModuleFile: true, SourceMailbox: true, SourceInboxRule: true, SourceTransportRule: false}}) {
		got = append(got, c.Source())
	}
	check(t, "sources", got, []snapshot.Source{SourceModuleFile, SourceMailbox, SourceInboxRule})
}

func TestCollectorsComeAfterWhatTheyRequire(t *testing.T) {
	f := newFake(t, contoso(t))
	seen := map[snapshot.Source]bool{}
	for _, c := range Collectors(f.client, CollectOptions{}) {
		if seen[c.Source()] {
			t.Errorf("%s comes twice", c.Source())
		}
		for _, need := range c.Requires() {
			if !seen[need] {
				t.Errorf("%s comes before %s", c.Source(), need)
			}
		}
		seen[c.Source()] = true
	}
	for _, c := range Collectors(f.client, CollectOptions{}) {
		if name := cmdlet(c.Source()); name != "EXOModuleFile" && !slices.Contains(transport.Cmdlets(), name) {
			t.Errorf("%s: the guard knows no cmdlet %q", c.Source(), name)
		}
	}
}

func TestMailboxesLeftOut(t *testing.T) {
	s := newStore(t)
	f := newFake(t, contoso(t))
	collect(t, s, Collectors(f.client, CollectOptions{Mailboxes: func(address string) bool { return address != "bert@contoso.example" }}))
	for _, src := range append(slices.Clone(perMailboxSources), SourceMailboxPermission) {
		l := unit(t, s, src, "bert")
		if l.State != snapshot.Skipped || l.Cause != snapshot.Filtered || l.Detail == "" {
			t.Errorf("%s of bert: %s, %s, %q", src, l.State, l.Cause, l.Detail)
		}
		check(t, string(src), unit(t, s, src, "anna").State, snapshot.Complete)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.log {
		if strings.HasPrefix(c.identity(), "bert") {
			t.Errorf("%s was asked about bert", c.cmdlet)
		}
	}
}

func TestMailboxThatIsNotListedAnyMore(t *testing.T) {
	s := newStore(t)
	if err := s.Plan(t.Context(), SourceInboxRule, []string{"left"}); err != nil {
		t.Fatal(err)
	}
	f := newFake(t, func(c sent) reply {
		if c.identity() == "left" {
			return failing(t, 404, "404-object-not-found.json")
		}
		return rows(c, "")
	})
	mailboxRows(t, s, 1)
	collect(t, s, []Collector{inboxRules(f.client, CollectOptions{Concurrency: 1})})
	check(t, "states", states(t, s, SourceInboxRule), map[string]snapshot.State{"left": snapshot.Gone, "m000": snapshot.Complete})
}

func TestFoldersNone(t *testing.T) {
	s := newStore(t)
	f := newFake(t, contoso(t))
	collect(t, s, Collectors(f.client, CollectOptions{Folders: FoldersNone}))
	for _, src := range []snapshot.Source{SourceFolderStatistics, SourceFolderPermission} {
		check(t, string(src), states(t, s, src), each([]string{"anna", "bert", "cleo"}, snapshot.Skipped))
		check(t, "cause", unit(t, s, src, "anna").Cause, snapshot.Filtered)
	}
	check(t, "calls", len(f.calls("Get-MailboxFolderStatistics"))+len(f.calls("Get-MailboxFolderPermission")), 0)
}

func TestCmdletsThatTheIdentityLacks(t *testing.T) {
	s := newStore(t)
	answer := contoso(t)
	f := newFake(t, func(c sent) reply {
		if c.cmdlet == "" {
			return reply{body: `{"value":[{"fileName":"a","exportedCmdlets":"get-mailbox, GET-MAILBOXPERMISSION"}]}`}
		}
		return answer(c)
	})
	collect(t, s, Collectors(f.client, CollectOptions{}))
	for _, src := range []snapshot.Source{SourceTransportRule, SourceRecipientPermission} {
		l := unit(t, s, src, "")
		if l.State != snapshot.Denied || l.Cause != snapshot.MissingPrivilege || l.Attempts != 0 || !strings.Contains(l.Detail, "grant ") {
			t.Errorf("%s: %s, %s, %d attempts, %q", src, l.State, l.Cause, l.Attempts, l.Detail)
		}
	}
	check(t, "rules", states(t, s, SourceInboxRule), each([]string{"anna", "bert", "cleo"}, snapshot.Denied))
	check(t, "folder permissions", states(t, s, SourceFolderPermission), each([]string{"anna", "bert", "cleo"}, snapshot.Denied))
	check(t, "mailbox permissions", unit(t, s, SourceMailboxPermission, "anna").State, snapshot.Complete)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.log {
		if c.cmdlet != "" && c.cmdlet != "Get-Mailbox" && c.cmdlet != "Get-MailboxPermission" {
			t.Errorf("%s was called", c.cmdlet)
		}
	}
}

func TestModuleFileThatCannotBeRead(t *testing.T) {
	for name, a := range map[string]reply{
		"denied":       {status: 403},
		"empty":        {body: `{"value":[]}`},
		"no cmdlets":   {body: `{"value":[{"fileName":"a","exportedCmdlets":""}]}`},
		"odd row":      {body: `{"value":[7]}`},
		"cut":          {body: `{"value":[{"fileName":"a","exportedCmdlets":"Get-Mailbox"}],"@odata.nextLink":"x"}`},
		"unreadable":   {body: `<html>`},
		"service down": {status: 500},
	} {
		s := newStore(t)
		answer := contoso(t)
		f := newFake(t, func(c sent) reply {
			if c.cmdlet == "" {
				return a
			}
			return answer(c)
		})
		collect(t, s, Collectors(f.client, CollectOptions{}))
		if l := unit(t, s, SourceModuleFile, ""); l.State == snapshot.Complete || l.Detail == "" {
			t.Errorf("%s: module file is %s, %q", name, l.State, l.Detail)
		}
		check(t, name+": cmdlets are tried", unit(t, s, SourceInboxRule, "anna").State, snapshot.Complete)
	}
}

func TestRecipientsOneByOne(t *testing.T) {
	short := func(c sent) reply { return rows(c, "", `{"Identity":"anna","Trustee":"NT AUTHORITY\\SELF"}`) }
	for name, list := range map[string]func(sent) reply{
		"short":      short,
		"refused":    func(sent) reply { return reply{status: 400, body: envelope("Invalid Operation")} },
		"never ends": func(c sent) reply { return rows(c, "same", `{"Identity":"anna"}`) },
		"cut": func(c sent) reply {
			if c.token == "" {
				return rows(c, "t", `{"Identity":"anna"}`)
			}
			return failing(t, 400, "400-pagination.json")
		},
	} {
		s := newStore(t)
		answer := contoso(t)
		f := newFake(t, nil)
		f.answer = func(c sent) reply {
			switch {
			case c.cmdlet == "Get-RecipientPermission" && c.identity() == "":
				return list(c)
			case c.cmdlet == "Get-RecipientPermission":
				return rows(c, "", fmt.Sprintf(`{"Identity":%q,"Trustee":"x"}`, c.identity()))
			}
			return answer(c)
		}
		collect(t, s, Collectors(f.client, CollectOptions{}))
		check(t, name, states(t, s, SourceRecipientPermission), each([]string{"", "anna", "bert", "cleo", "guid-disco", "guid-list"}, snapshot.Complete))
		if l := unit(t, s, SourceRecipientPermission, ""); l.Rows != 0 || !strings.HasPrefix(l.Detail, perRecipient) {
			t.Errorf("%s: the list keeps %d rows, %q", name, l.Rows, l.Detail)
		}
		before := len(f.calls("Get-RecipientPermission"))
		collect(t, s, []Collector{recipientPermissions{f.client, CollectOptions{Concurrency: 1}}})
		check(t, name+": calls of a second run", len(f.calls("Get-RecipientPermission")), before)
	}
	// A run that is cut right after the list was given up knows what is still to be read.
	cutOff := newStore(t)
	mailboxRows(t, cutOff, 2)
	g := newFake(t, short)
	if err := (recipientPermissions{g.client, CollectOptions{Concurrency: 1}}).Collect(t.Context(), &cutting{Store: cutOff, left: 1}); !errors.Is(err, errCut) {
		t.Fatalf("cut run: %v", err)
	}
	check(t, "cut", states(t, cutOff, SourceRecipientPermission), map[string]snapshot.State{"": snapshot.Complete, "m000": snapshot.Planned, "m001": snapshot.Planned})
	// A denial is about the cmdlet, so asking for each would be refused as well.
	s := newStore(t)
	answer := contoso(t)
	f := newFake(t, func(c sent) reply {
		if c.cmdlet == "Get-RecipientPermission" {
			return reply{status: 403}
		}
		return answer(c)
	})
	collect(t, s, Collectors(f.client, CollectOptions{}))
	check(t, "denied", states(t, s, SourceRecipientPermission), map[string]snapshot.State{"": snapshot.Denied})
}

func TestADeniedSourceIsNotAskedForEveryMailbox(t *testing.T) {
	s := newStore(t)
	ids := mailboxRows(t, s, 200)
	f := newFake(t, func(sent) reply { return reply{status: 403} })
	collect(t, s, []Collector{inboxRules(f.client, CollectOptions{Concurrency: 2})})
	check(t, "states", states(t, s, SourceInboxRule), each(ids, snapshot.Denied))
	if n := len(f.calls("Get-InboxRule")); n > enoughDenials+20 {
		t.Errorf("%d calls, want about %d", n, enoughDenials)
	}
	if l := unit(t, s, SourceInboxRule, "m199"); !strings.Contains(l.Detail, "grant ") {
		t.Errorf("detail %q", l.Detail)
	}
}

func TestAServiceThatFailsEverythingIsLeftAlone(t *testing.T) {
	s := newStore(t)
	ids := mailboxRows(t, s, 300)
	f := newFake(t, func(sent) reply { return failing(t, 503, "503-server-busy.json") })
	collect(t, s, []Collector{inboxRules(f.client, CollectOptions{Concurrency: 2}), mailboxPermissions(f.client, CollectOptions{Concurrency: 2})})
	check(t, "states", states(t, s, SourceInboxRule), each(ids, snapshot.Failed))
	if n := len(f.calls("Get-InboxRule")); n > (maxFailedRow+20)*itemTries {
		t.Errorf("%d calls, want about %d", n, maxFailedRow*itemTries)
	}
	check(t, "the next source is not asked", len(f.calls("Get-MailboxPermission")), 0)
	if l := unit(t, s, SourceMailboxPermission, "m000"); !strings.HasSuffix(l.Detail, resume) {
		t.Errorf("detail %q", l.Detail)
	}
}

func TestFolderTrouble(t *testing.T) {
	for _, c := range []struct {
		name    string
		trouble map[string]reply // by folder id of anna
		mailbox reply            // of Get-Mailbox on one
		second  reply            // second list of folders; zero: the same as the first
		state   snapshot.State
		cause   snapshot.Cause
		pages   int
		detail  string
	}{
		{name: "one fails", trouble: map[string]reply{"anna-own": {status: 400, body: envelope("odd")}}, state: snapshot.Partial, cause: snapshot.ServiceError, pages: 3, detail: "1 of 4 folders were not read"},
		{name: "all denied", trouble: map[string]reply{"anna-own": {status: 403}, "anna-root": {status: 403}, "anna-inbox": {status: 403}, "anna-cal": {status: 403}},
			state: snapshot.Denied, cause: snapshot.MissingPrivilege, detail: "4 of 4 folders"},
		{name: "mailbox gone", trouble: map[string]reply{"anna-own": failing(t, 404, "404-object-not-found.json")}, mailbox: failing(t, 404, "404-object-not-found.json"),
			state: snapshot.Gone, cause: snapshot.NotFound, pages: 3},
		{name: "folder gone", trouble: map[string]reply{"anna-own": failing(t, 404, "404-object-not-found.json")}, mailbox: reply{body: `{"value":[{"Name":"anna"}]}`},
			second: reply{body: `{"value":[{"FolderId":"anna-root"}]}`}, state: snapshot.Complete, pages: 3, detail: "1 folders were deleted"},
		{name: "folder there and not found", trouble: map[string]reply{"anna-own": failing(t, 404, "404-object-not-found.json")}, mailbox: reply{body: `{"value":[{"Name":"anna"}]}`},
			state: snapshot.Partial, cause: snapshot.NotFound, pages: 3, detail: "1 of 4 folders"},
		{name: "odd row", trouble: map[string]reply{"anna-own": {body: `{"value":[{"User":"a"},7]}`}}, state: snapshot.Partial, cause: snapshot.ServiceError, pages: 4, detail: "no usable objects"},
	} {
		s := newStore(t)
		answer := contoso(t)
		lists := 0
		f := newFake(t, nil)
		f.answer = func(call sent) reply {
			_, id, _ := strings.Cut(call.identity(), ":")
			switch {
			case call.cmdlet == "Get-Mailbox" && call.identity() != "":
				return c.mailbox
			case call.cmdlet == "Get-MailboxFolderStatistics" && call.identity() == "anna":
				if lists++; lists > 1 && c.second.body != "" {
					return c.second
				}
			case call.cmdlet == "Get-MailboxFolderPermission":
				if a, sick := c.trouble[id]; sick {
					return a
				}
			}
			return answer(call)
		}
		collect(t, s, Collectors(f.client, CollectOptions{Concurrency: 2}))
		l := unit(t, s, SourceFolderPermission, "anna")
		keys, err := s.PageKeys(t.Context(), l.Unit)
		if err != nil {
			t.Fatal(err)
		}
		if l.State != c.state || l.Cause != c.cause || len(keys) != c.pages || !strings.Contains(l.Detail, c.detail) {
			t.Errorf("%s: %s, %s, pages %v, %q; want %s, %s, %d, …%q…", c.name, l.State, l.Cause, keys, l.Detail, c.state, c.cause, c.pages, c.detail)
		}
		check(t, c.name+": the others", unit(t, s, SourceFolderPermission, "bert").State, snapshot.Complete)
		if c.state != snapshot.Partial {
			continue
		}
		// The cause is gone: a second run reads what is missing, and nothing else.
		f.reset()
		f.answer = answer
		collect(t, s, []Collector{folderPermissions{f.client, CollectOptions{Folders: FoldersDefault, Concurrency: 1}}})
		check(t, c.name+": resumed", unit(t, s, SourceFolderPermission, "anna").State, snapshot.Complete)
		calls := f.calls("Get-MailboxFolderPermission")
		if len(calls) != 1 || calls[0].identity() != "anna:anna-own" {
			t.Errorf("%s: the second run asked for %v", c.name, calls)
		}
	}
}

func TestFolderOverPagesIsOnePage(t *testing.T) {
	s := newStore(t)
	answer := contoso(t)
	f := newFake(t, nil)
	f.answer = func(c sent) reply {
		if c.cmdlet != "Get-MailboxFolderPermission" || c.identity() != "anna:anna-inbox" {
			return answer(c)
		}
		switch c.token {
		case "":
			return rows(c, "2", permission("a"))
		case "2":
			return rows(c, "3")
		}
		return rows(c, "", permission("b"), permission("c"))
	}
	collect(t, s, Collectors(f.client, CollectOptions{}))
	for p, err := range s.Pages(t.Context(), snapshot.UnitID{Source: SourceFolderPermission, Key: "anna"}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Key == "anna-inbox" {
			check(t, "rows", string(p.Rows), "["+permission("a")+","+permission("b")+","+permission("c")+"]")
			check(t, "count", p.Count, 3)
		}
	}
	check(t, "state", unit(t, s, SourceFolderPermission, "anna").State, snapshot.Complete)
}

func TestFoldersThatCouldNotBeListed(t *testing.T) {
	s := newStore(t)
	answer := contoso(t)
	f := newFake(t, func(c sent) reply {
		switch {
		case c.cmdlet == "Get-MailboxFolderStatistics" && c.identity() == "anna":
			return reply{status: 403}
		case c.cmdlet == "Get-MailboxFolderStatistics" && c.identity() == "bert":
			return reply{status: 400, body: envelope("odd")}
		case c.cmdlet == "Get-MailboxFolderStatistics":
			return rows(c, "", `{"FolderId":"purges","FolderType":"RecoverableItemsPurges"}`)
		}
		return answer(c)
	})
	collect(t, s, Collectors(f.client, CollectOptions{}))
	check(t, "states", states(t, s, SourceFolderPermission), map[string]snapshot.State{"anna": snapshot.Denied, "bert": snapshot.Failed, "cleo": snapshot.Complete})
	check(t, "calls", len(f.calls("Get-MailboxFolderPermission")), 0)
}

// cutting is a store that fails for good after some commits, like a killed process.
type cutting struct {
	Store
	mu   sync.Mutex
	left int
}

var errCut = errors.New("cut")

func (c *cutting) Commit(ctx context.Context, w ...snapshot.Write) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return errCut
	}
	c.left--
	return c.Store.Commit(ctx, w...)
}

func (c *cutting) Plan(ctx context.Context, src snapshot.Source, keys []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return errCut
	}
	return c.Store.Plan(ctx, src, keys)
}

// content is every stored row with its unit, and the state of every unit.
func content(t *testing.T, s *snapshot.Store, all []Collector) string {
	t.Helper()
	var b strings.Builder
	for _, c := range all {
		units, err := s.Units(t.Context(), c.Source())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(units, func(a, b snapshot.Ledger) int { return strings.Compare(a.Unit.Key, b.Unit.Key) })
		for _, l := range units {
			fmt.Fprintf(&b, "%s %s %s %s\n", l.Unit.Source, l.Unit.Key, l.State, l.Cause)
			for p, err := range s.Pages(t.Context(), l.Unit) {
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "  %s %s\n", p.Key, p.Rows)
			}
		}
	}
	return b.String()
}

// storedWhole names the mailboxes whose permissions, and the folders whose permissions,
// are stored, as they are asked for.
func storedWhole(t *testing.T, s *snapshot.Store) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	for key, state := range states(t, s, SourceMailboxPermission) {
		if state == snapshot.Complete {
			have[key] = true
		}
	}
	for key := range states(t, s, SourceFolderPermission) {
		pages, err := s.PageKeys(t.Context(), snapshot.UnitID{Source: SourceFolderPermission, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			have[key+":"+p] = true
		}
	}
	return have
}

// A run that is cut after any commit and gone on with ends like one that was not, and
// asks for no unit again that was stored whole.
func TestCutAfterEveryCommit(t *testing.T) {
	o := CollectOptions{Concurrency: 1}
	whole := newStore(t)
	f := newFake(t, contoso(t))
	all := Collectors(f.client, o)
	collect(t, whole, all)
	want := content(t, whole, all)

	for n := 0; ; n++ {
		s := newStore(t)
		f := newFake(t, contoso(t))
		all := Collectors(f.client, o)
		cut := false
		for _, c := range all {
			if err := c.Collect(t.Context(), &cutting{Store: s, left: n}); err != nil {
				if !errors.Is(err, errCut) {
					t.Fatalf("%s: %v", c.Source(), err)
				}
				cut = true
			}
		}
		have := storedWhole(t, s)
		f.reset()
		collect(t, s, all)
		for _, c := range slices.Concat(f.calls("Get-MailboxPermission"), f.calls("Get-MailboxFolderPermission")) {
			if have[c.identity()] {
				t.Errorf("cut after %d commits: %s %s was asked for again", n, c.cmdlet, c.identity())
			}
		}
		if got := content(t, s, all); got != want {
			t.Fatalf("cut after %d commits of each source:\n%s\nwant\n%s", n, got, want)
		}
		if !cut {
			check(t, "calls after an uncut run", len(f.log), 0)
			break
		}
		if n > 50 {
			t.Fatal("no run came through uncut")
		}
	}
}

func TestStoreErrorsAreReturned(t *testing.T) {
	f := newFake(t, contoso(t))
	for _, c := range Collectors(f.client, CollectOptions{}) {
		s := newStore(t)
		mailboxRows(t, s, 3)
		put(t, s, SourceInboxRule, "m000", `{"Name":"a","ForwardTo":["x [EX:/o=x/cn=y]"]}`)
		put(t, s, SourceRoleGroup, "", `{"Name":"g"}`)
		put(t, s, SourceFolderStatistics, "m000", `{"FolderId":"f","FolderType":"Inbox"}`)
		if c.Source() == SourceMailbox || c.Source() == SourceRoleGroup {
			s = newStore(t)
		}
		if err := c.Collect(t.Context(), &cutting{Store: s}); !errors.Is(err, errCut) {
			t.Errorf("%s: %v, want the store's error", c.Source(), err)
		}
	}
}
