package permissions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// Short forms for rows of a tenant with the mailboxes kim and room.
func user(id string) snapshot.TrusteeRef {
	return snapshot.TrusteeRef{Trustee: id + "@contoso.example", TrusteeID: id, TrusteeType: "user"}
}

func groupRef(id string) snapshot.TrusteeRef {
	return snapshot.TrusteeRef{Trustee: id, TrusteeID: id, TrusteeType: "group"}
}

func allow(t snapshot.TrusteeRef, rights ...string) snapshot.MailboxPermission {
	return snapshot.MailboxPermission{Mailbox: "kim", TrusteeRef: t, Rights: rights}
}

func deny(t snapshot.TrusteeRef, rights ...string) snapshot.MailboxPermission {
	p := allow(t, rights...)
	p.Deny = true
	return p
}

func inherited(p snapshot.MailboxPermission) snapshot.MailboxPermission {
	p.Inherited = true
	return p
}

func sendAs(t snapshot.TrusteeRef, control string) snapshot.SendAsPermission {
	kim := "kim"
	return snapshot.SendAsPermission{Recipient: kim, Mailbox: &kim, TrusteeRef: t, Rights: []string{"SendAs"}, AccessControlType: control}
}

func folderOf(path string, t snapshot.TrusteeRef, roles ...string) snapshot.FolderPermission {
	_, rights, _ := ExpandFolderRoles(roles)
	return snapshot.FolderPermission{Mailbox: "kim", FolderPath: path, FolderID: "id:" + path, FolderType: "User Created", TrusteeRef: t, Rights: rights}
}

func memberOf(group string, ids ...string) []any {
	var out []any
	for _, id := range ids {
		kind, name, _ := strings.Cut(id, ":")
		out = append(out, snapshot.GroupMember{Group: group, GroupName: "The " + group, Member: name, MemberType: kind})
	}
	return out
}

var (
	defaultEntry = snapshot.TrusteeRef{Trustee: "Par défaut", TrusteeType: "default"}
	anonymous    = snapshot.TrusteeRef{Trustee: "Anonyme", TrusteeType: "anonymous"}
	published    = snapshot.TrusteeRef{Trustee: "ExchangePublishedUser.x@fabrikam.example", TrusteeAddress: "x@fabrikam.example", TrusteeType: "external"}
)

// accessRows computes rows; "known:g" among the rows says that g was read.
func accessRows(dir *Directory, rows ...any) []snapshot.AccessRow {
	a := NewAccess(dir)
	for _, id := range []string{"kim", "room"} {
		a.Add(snapshot.Mailbox{Mailbox: id, MailboxAddress: id + "@contoso.example", RecipientTypeDetails: "UserMailbox", DisplayName: strings.ToUpper(id)})
	}
	var add func(any)
	add = func(row any) {
		switch r := row.(type) {
		case string:
			a.KnownGroup(strings.TrimPrefix(r, "known:"))
		case []any:
			for _, e := range r {
				add(e)
			}
		default:
			a.Add(r)
		}
	}
	for _, r := range rows {
		add(r)
	}
	return slices.Collect(a.Rows())
}

// brief is a row without what every row of its route has.
func brief(r snapshot.AccessRow) string {
	out := strings.Join([]string{r.Mailbox, r.Principal, r.Capability, r.Route, r.Scope}, " ")
	if r.Via != "" {
		out += " via " + r.Via
	}
	if r.Members != nil {
		out += fmt.Sprintf(" members %d", *r.Members)
	}
	if r.Note != "" {
		out += " (" + r.Note + ")"
	}
	return out
}

type accessCase struct {
	name string
	rows []any
	want []string
}

func runAccessCases(t *testing.T, cases []accessCase) {
	t.Helper()
	for _, c := range cases {
		var got []string
		for _, r := range accessRows(nil, c.rows...) {
			got = append(got, brief(r))
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

func TestAccessByMailboxRights(t *testing.T) {
	both := []string{"kim lee change fullAccess mailbox", "kim lee read fullAccess mailbox"}
	runAccessCases(t, []accessCase{
		{"full access reads and changes", []any{allow(user("lee"), "FullAccess")}, both},
		{"several rights", []any{allow(user("lee"), "ChangeOwner", "ChangePermission", "DeleteItem")}, []string{"kim lee manage mailboxPermission mailbox", "kim lee change mailboxPermission mailbox"}},
		{"rights that open nothing", []any{allow(user("lee"), "ReadPermission", "ExternalAccount")}, nil},
		{"the owner needs no row", []any{allow(user("kim"), "FullAccess"), sendAs(user("kim"), "Allow"), snapshot.SendOnBehalfDelegate{Mailbox: "kim", TrusteeRef: user("kim")}}, nil},
		{"well-known holders have none", []any{allow(snapshot.TrusteeRef{Trustee: `EUR\Domain Admins`, TrusteeType: "well-known"}, "FullAccess")}, nil},
		{"a deleted holder keeps its SID", []any{allow(snapshot.TrusteeRef{Trustee: "S-1-5-21-7", TrusteeType: "orphaned"}, "DeleteItem")}, []string{"kim S-1-5-21-7 change mailboxPermission mailbox"}},
		{"a name of nobody stays as sent", []any{allow(snapshot.TrusteeRef{Trustee: "Robin Gone", TrusteeType: "unresolved"}, "DeleteItem")}, []string{"kim Robin Gone change mailboxPermission mailbox"}},
		{"send as", []any{sendAs(user("lee"), "Allow")}, []string{"kim lee sendAs sendAs mailbox"}},
		{"send as, denied", []any{sendAs(user("lee"), "Allow"), sendAs(user("lee"), "Deny")}, nil},
		{"a Deny of send as leaves full access", append([]any{sendAs(user("lee"), "Deny")}, allow(user("lee"), "FullAccess")), both},
		{"send as over a list is no mailbox", []any{snapshot.SendAsPermission{Recipient: "list", TrusteeRef: user("lee"), Rights: []string{"SendAs"}, AccessControlType: "Allow"}}, nil},
		{"on behalf", []any{snapshot.SendOnBehalfDelegate{Mailbox: "kim", TrusteeRef: user("lee")}}, []string{"kim lee sendOnBehalf sendOnBehalf mailbox"}},
	})
}

func TestAccessDeny(t *testing.T) {
	full := slices.Clip([]string{"kim lee change fullAccess mailbox", "kim lee read fullAccess mailbox"})
	in := memberOf("g", "user:lee", "user:ann")
	viaGroup := func(who string) []string {
		return []string{"kim " + who + " change fullAccess mailbox via The g", "kim " + who + " read fullAccess mailbox via The g"}
	}
	runAccessCases(t, []accessCase{
		{"explicit Deny wins", []any{allow(user("lee"), "FullAccess"), deny(user("lee"), "FullAccess")}, nil},
		{"a Deny for somebody else", []any{allow(user("lee"), "FullAccess"), deny(user("ann"), "FullAccess")}, full},
		{"an inherited Deny loses to an explicit Allow", []any{allow(user("lee"), "FullAccess"), inherited(deny(user("lee"), "FullAccess"))}, full},
		{"an inherited Deny beats an inherited Allow", []any{inherited(allow(user("lee"), "FullAccess")), inherited(deny(user("lee"), "FullAccess"))}, nil},
		{"an explicit Deny beats an inherited Allow", []any{inherited(allow(user("lee"), "FullAccess")), deny(user("lee"), "FullAccess")}, nil},
		{"an explicit Allow decides before an inherited one", []any{allow(user("lee"), "ChangeOwner"), inherited(allow(user("lee"), "FullAccess", "ChangeOwner"))}, append(full, "kim lee manage mailboxPermission mailbox")},
		{"an inherited Allow alone", []any{inherited(allow(user("lee"), "FullAccess"))}, full},
		{"a Deny takes one right only", []any{allow(user("lee"), "FullAccess", "DeleteItem", "ChangeOwner"), deny(user("lee"), "FullAccess")},
			[]string{"kim lee change mailboxPermission mailbox", "kim lee manage mailboxPermission mailbox"}},
		{"a Deny of the group reaches its member", []any{"known:g", in, allow(user("lee"), "FullAccess"), deny(groupRef("g"), "FullAccess")}, nil},
		{"a Deny of a group that was not read reaches nobody known", []any{in, allow(user("lee"), "FullAccess"), deny(groupRef("g"), "FullAccess")}, full},
		{"a Deny of a member leaves the others", []any{"known:g", in, allow(groupRef("g"), "FullAccess"), deny(user("lee"), "FullAccess")}, viaGroup("ann")},
		{"a group that is not expanded is a principal of its own", []any{allow(groupRef("g"), "FullAccess"), deny(groupRef("g"), "FullAccess")}, nil},
		{"send as is denied to a member", []any{"known:g", in, sendAs(groupRef("g"), "Allow"), sendAs(user("lee"), "Deny")}, []string{"kim ann sendAs sendAs mailbox via The g"}},
	})
}

func TestAccessByGroups(t *testing.T) {
	many := func(n int) []any {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("user:u%04d", i))
		}
		return memberOf("g", ids...)
	}
	right := allow(groupRef("g"), "ChangeOwner")
	runAccessCases(t, []accessCase{
		{"members of every kind", []any{"known:g", memberOf("g", "user:lee", "guest:ann", "contact:desk", "servicePrincipal:app", "group:h", "device:tablet"), right}, []string{
			"kim lee manage mailboxPermission mailbox via The g", "kim ann manage mailboxPermission mailbox via The g",
			"kim desk manage mailboxPermission mailbox via The g", "kim app manage mailboxPermission mailbox via The g"}},
		{"a member of no known kind is there all the same", []any{"known:g", memberOf("g", ":someone"), right}, []string{"kim someone manage mailboxPermission mailbox via The g"}},
		{"the owner is a member", []any{"known:g", memberOf("g", "user:kim", "user:lee"), right}, []string{"kim lee manage mailboxPermission mailbox via The g"}},
		{"members that nobody read", []any{right}, []string{"kim g manage mailboxPermission mailbox (members could not be expanded)"}},
		{"members of a part", []any{memberOf("g", "user:lee"), right}, []string{"kim g manage mailboxPermission mailbox (members could not be expanded)"}},
		{"nobody in it", []any{"known:g", right}, nil},
		{"more than a thousand", []any{"known:g", many(1001), right}, []string{"kim g manage mailboxPermission mailbox members 1001"}},
		{"more than a thousand, some denied", []any{"known:g", many(1001), right, deny(user("u0007"), "ChangeOwner")},
			[]string{"kim g manage mailboxPermission mailbox members 1001 (a Deny entry takes it from some of the members)"}},
		{"a large group's Deny reaches its member", []any{"known:g", many(1001), deny(groupRef("g"), "ChangeOwner"), allow(user("u0007"), "ChangeOwner"), allow(user("lee"), "ChangeOwner")},
			[]string{"kim lee manage mailboxPermission mailbox"}},
	})
	if got := len(accessRows(nil, "known:g", many(1000), right)); got != 1000 {
		t.Errorf("a group of 1000: %d rows, want one for each", got)
	}
	for _, r := range accessRows(nil, "known:g", memberOf("g", "servicePrincipal:app"), right, allow(groupRef("h"), "DeleteItem")) {
		if want := map[string]string{"app": "application", "h": "group"}[r.Principal]; r.PrincipalType != want {
			t.Errorf("%s is %q, want %q", r.Principal, r.PrincipalType, want)
		}
	}
}

func TestAccessByFolders(t *testing.T) {
	root := folderOf("/Oberste Ebene", user("lee"), "FolderOwner")
	root.FolderType = "Root"
	const hidden = " (not reachable in Outlook: /Inbox is not visible to it)"
	runAccessCases(t, []accessCase{
		{"reviewer reads", []any{folderOf("/Inbox", user("lee"), "Reviewer")}, []string{"kim lee read folder folder:/Inbox"}},
		{"editor changes", []any{folderOf("/Inbox", user("lee"), "Editor")}, []string{"kim lee read folder folder:/Inbox", "kim lee change folder folder:/Inbox"}},
		{"owner manages", []any{folderOf("/Inbox", user("lee"), "Owner")}, []string{"kim lee read folder folder:/Inbox", "kim lee change folder folder:/Inbox", "kim lee manage folder folder:/Inbox"}},
		{"folder owner alone does not read", []any{root}, []string{"kim lee manage folder folder:/Oberste Ebene"}},
		{"deleting everything is changing", []any{folderOf("/Inbox", user("lee"), "DeleteAllItems")}, []string{"kim lee change folder folder:/Inbox"}},
		{"own items only", []any{folderOf("/Inbox", user("lee"), "EditOwnedItems", "DeleteOwnedItems", "CreateItems")}, nil},
		{"free and busy is nothing", []any{folderOf("/Calendar", defaultEntry, "AvailabilityOnly"), folderOf("/Calendar", anonymous, "LimitedDetails")}, nil},
		{"default and anonymous", []any{folderOf("/Inbox", defaultEntry, "Reviewer"), folderOf("/Inbox", anonymous, "ReadItems")},
			[]string{"kim default read folder folder:/Inbox", "kim anonymous read folder folder:/Inbox"}},
		{"shared outside", []any{folderOf("/Calendar", published, "Reviewer")}, []string{"kim x@fabrikam.example read folder folder:/Calendar"}},
		{"parent was not read", []any{folderOf("/Inbox/A", user("lee"), "Reviewer")}, []string{"kim lee read folder folder:/Inbox/A"}},
		{"parent is not visible", []any{folderOf("/Inbox", defaultEntry, "None"), folderOf("/Inbox/A", user("lee"), "Reviewer")}, []string{"kim lee read folder folder:/Inbox/A" + hidden}},
		{"parent is visible to it", []any{folderOf("/Inbox", user("lee"), "FolderVisible"), folderOf("/Inbox/A", user("lee"), "Reviewer")}, []string{"kim lee read folder folder:/Inbox/A"}},
		{"parent is visible to a group of it", []any{"known:g", memberOf("g", "user:lee"), folderOf("/Inbox", groupRef("g"), "Contributor"), folderOf("/Inbox/A", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox/A"}},
		{"parent is visible to everybody", []any{folderOf("/Inbox", defaultEntry, "FolderVisible"), folderOf("/Inbox/A", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox/A"}},
		{"parent is visible to somebody else", []any{folderOf("/Inbox", user("ann"), "FolderVisible"), folderOf("/Inbox/A", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox/A" + hidden}},
		{"reading is not seeing", []any{folderOf("/Inbox", user("lee"), "ReadItems"), folderOf("/Inbox/A", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox", "kim lee read folder folder:/Inbox/A" + hidden}},
		{"a name that begins alike is no parent", []any{folderOf("/Inb", defaultEntry, "None"), folderOf("/Inbox/A", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox/A"}},
		{"a folder two levels above", []any{folderOf("/Inbox", defaultEntry, "None"), folderOf("/Inbox/A/B", user("lee"), "ReadItems")}, []string{"kim lee read folder folder:/Inbox/A/B" + hidden}},
	})
}

func TestAccessByContentThatLeaves(t *testing.T) {
	no, yes := false, true
	forward := func(m snapshot.Mailbox) snapshot.Mailbox {
		m.Mailbox, m.RecipientTypeDetails = "kim", "UserMailbox"
		return m
	}
	inbox := snapshot.InboxRule{Mailbox: "kim", RuleIdentity: "18446744073709551615", Name: "..", ExternalRecipients: []string{"x@fabrikam.example"}}
	off, system := inbox, inbox
	off.Enabled, system.System = &no, true
	mail := snapshot.TransportRule{RuleID: "t", Name: "Journal", State: "Enabled", Mode: "Enforce", ExternalRecipients: []string{"x@fabrikam.example", "unresolved:Gone"}}
	test, disabled := mail, mail
	test.Mode, test.ExternalRecipients = "Audit", mail.ExternalRecipients[:1]
	disabled.State, disabled.ExternalRecipients = "Disabled", mail.ExternalRecipients[:1]
	runAccessCases(t, []accessCase{
		{"outside", []any{forward(snapshot.Mailbox{ForwardingTargetType: "external", ForwardingExternalRecipients: []string{"x@fabrikam.example", "unresolved:Gone"}, DeliverToMailboxAndForward: &yes})},
			[]string{"kim x@fabrikam.example receive forwarding mailbox", "kim Gone receive forwarding mailbox"}},
		{"keeps no copy", []any{forward(snapshot.Mailbox{ForwardingTargetType: "external", ForwardingExternalRecipients: []string{"x@fabrikam.example"}, DeliverToMailboxAndForward: &no})},
			[]string{"kim x@fabrikam.example receive forwarding mailbox (keeps no copy)"}},
		{"inside, to nobody known", []any{forward(snapshot.Mailbox{ForwardingTargetType: "internal", ForwardingTarget: "lee@contoso.example, ann@contoso.example"})},
			[]string{"kim lee@contoso.example receive forwarding mailbox", "kim ann@contoso.example receive forwarding mailbox"}},
		{"not at all", []any{forward(snapshot.Mailbox{})}, nil},
		{"inbox rule", []any{inbox}, []string{"kim x@fabrikam.example receive inboxRule mailbox via .."}},
		{"inbox rule that is off", []any{off}, []string{"kim x@fabrikam.example receive inboxRule mailbox via .. (disabled)"}},
		{"inbox rule of the service", []any{system}, nil},
		{"transport rule", []any{mail}, []string{"* x@fabrikam.example receive transportRule tenant via Journal", "* Gone receive transportRule tenant via Journal"}},
		{"transport rule in test mode", []any{test}, []string{"* x@fabrikam.example receive transportRule tenant via Journal (test mode)"}},
		{"transport rule that is off", []any{disabled}, []string{"* x@fabrikam.example receive transportRule tenant via Journal (disabled)"}},
	})
	dir := people()
	dir.Add(Entry{ID: "owner", Address: "kim@contoso.example"})
	for target, want := range map[string][2]string{
		"k.nordin@contoso.example": {"kim id-kim receive forwarding mailbox", "user"},
		"finance@contoso.example":  {"kim id-group receive forwarding mailbox members 2", "group"},
		"nobody@contoso.example":   {"kim nobody@contoso.example receive forwarding mailbox", "unresolved"},
	} {
		rows := accessRows(dir, "known:id-group", memberOf("id-group", "user:lee", "user:ann"), forward(snapshot.Mailbox{ForwardingTargetType: "internal", ForwardingTarget: target}))
		if len(rows) != 1 || brief(rows[0]) != want[0] || rows[0].PrincipalType != want[1] {
			t.Errorf("forwarding to %s: %+v, want %v", target, rows, want)
		}
	}
}

func TestAccessNamesPeople(t *testing.T) {
	rows := accessRows(people(), allow(snapshot.TrusteeRef{Trustee: "kim@contoso.example", TrusteeID: "id-kim", TrusteeAddress: "kim@contoso.example", TrusteeType: "user"}, "DeleteItem"),
		folderOf("/Inbox", defaultEntry, "ReadItems"), folderOf("/Inbox", anonymous, "ReadItems"), folderOf("/Inbox", published, "ReadItems"),
		allow(user("room"), "DeleteItem"), allow(user("nn"), "DeleteItem"))
	got := map[string]string{}
	for _, r := range rows {
		got[r.Principal] = r.PrincipalName + " <" + r.PrincipalAddress + "> " + r.PrincipalType + " " + r.MailboxAddress
	}
	for who, want := range map[string]string{
		"id-kim": "Kim Nordin <kim@contoso.example> user kim@contoso.example", "default": "Default <> default kim@contoso.example",
		"anonymous": "Anonymous <> anonymous kim@contoso.example", "x@fabrikam.example": "x@fabrikam.example <x@fabrikam.example> external kim@contoso.example",
		"room": "ROOM <room@contoso.example> user kim@contoso.example", "nn": "nn@contoso.example <> user kim@contoso.example",
	} {
		if got[who] != want {
			t.Errorf("%s is %q, want %q", who, got[who], want)
		}
	}
}

// An id in other letters is the same object.
func TestAccessComparesGUIDsWithoutCase(t *testing.T) {
	const id = "ABCDEF00-0000-4000-8000-00000000000A"
	rows := accessRows(nil, snapshot.Mailbox{Mailbox: id, RecipientTypeDetails: "UserMailbox"},
		snapshot.MailboxPermission{Mailbox: id, TrusteeRef: snapshot.TrusteeRef{Trustee: "owner", TrusteeID: strings.ToLower(id), TrusteeType: "user"}, Rights: []string{"FullAccess"}})
	if len(rows) != 0 {
		t.Errorf("the owner in lower case has rows: %+v", rows)
	}
}

func TestRowsCanBeReadTwice(t *testing.T) {
	a := engineOf(tenant{known: map[string]bool{"g": true}, most: 9, rows: append(memberOf("g", "user:lee"), allow(groupRef("g"), "FullAccess"),
		snapshot.DirectoryRoleAssignment{Role: "r", RoleTemplateID: "62e90394-69f5-4237-9190-012177145e10", Member: "lee", MemberType: "user", Scope: "/", Assignment: "active"},
		snapshot.ServicePrincipal{ID: "graph", AppID: facts.MicrosoftGraph})})
	if first, second := slices.Collect(a.Rows()), slices.Collect(a.Rows()); len(first) != 3 || !slices.Equal(first, second) {
		t.Errorf("first %v, then %v", first, second)
	}
	for range a.Rows() {
		break // a reader may stop
	}
}

// A small group with entries on very many mailboxes stands for its members, like a large one;
// one just at the limit does not.
func TestAGroupWithTooManyRowsStandsForItsMembers(t *testing.T) {
	var rows []any
	for _, m := range []string{"user:kim", "user:lee", "user:sam"} {
		rows = append(rows, memberOf("g", m)...)
	}
	for _, box := range []string{"box-1", "box-2"} {
		rows = append(rows, snapshot.Mailbox{Mailbox: box, RecipientTypeDetails: "UserMailbox"},
			snapshot.MailboxPermission{Mailbox: box, TrusteeRef: snapshot.TrusteeRef{Trustee: "g", TrusteeID: "g", TrusteeType: "group"}, Rights: []string{"DeleteItem"}})
	}
	for _, c := range []struct {
		limit int64
		want  string
	}{
		{6, "box-1 kim, box-1 lee, box-1 sam, box-2 kim, box-2 lee, box-2 sam"},
		{5, "box-1 g 3, box-2 g 3"},
	} {
		a := engineOf(tenant{known: map[string]bool{"g": true}, most: 9, rows: rows})
		a.rows = c.limit
		var got []string
		for r := range a.Rows() {
			line := r.Mailbox + " " + r.Principal
			if r.Members != nil {
				line += fmt.Sprintf(" %d", *r.Members)
			}
			got = append(got, line)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("limit %d: %s; want %s", c.limit, s, c.want)
		}
	}
}
