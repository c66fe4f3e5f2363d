package faketenant

import "strings"

// selfSID is the account of the mailbox itself, whatever its localised name.
const selfSID = "S-1-5-10"

// permissionWire is a row of Get-MailboxPermission.
type permissionWire struct {
	m               *mailbox
	user, sid       string
	rights          []string
	deny, inherited bool
}

// permissionsOnWire lists the rows of a mailbox. Trustees that no longer exist appear only
// when the caller asks for unresolved permissions.
func permissionsOnWire(m *mailbox, unresolved bool) []permissionWire {
	out := []permissionWire{{m: m, user: `NT AUTHORITY\SELF`, sid: selfSID, rights: []string{"FullAccess, ReadPermission"}}}
	if m.index%3 == 0 { // the row may stand there twice
		out = append(out, permissionWire{m: m, user: `NT AUTHORITY\SELF`, sid: selfSID, rights: []string{"FullAccess, ExternalAccount, ReadPermission"}})
	}
	for _, g := range allGrants(m) {
		if g.kind == kindOrphaned && !unresolved {
			continue
		}
		out = append(out, permissionWire{m: m, user: g.as, sid: g.sid, rights: g.rights, deny: g.deny, inherited: g.inherited})
	}
	return out
}

func mailboxPermissionRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "identity")
	if f != nil {
		return rows{}, f
	}
	user, one := a.text("user")
	var all []permissionWire
	for _, m := range boxes {
		for _, w := range permissionsOnWire(m, a.flag("includeunresolvedpermissions")) {
			if !one || strings.EqualFold(user, w.user) || strings.EqualFold(user, w.sid) {
				all = append(all, w)
			}
		}
	}
	return rowsOf(all, func(b *bag, w permissionWire) {
		b.str("Identity", w.m.owner.identity())
		b.str("User", w.user)
		b.list("AccessRights", w.rights)
		b.bool("Deny", w.deny)
		b.str("InheritanceType", "All")
		b.bool("IsInherited", w.inherited)
		b.str("UserSid", w.sid)
		b.str("PrimarySmtpAddress", "")
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

// sendWire is a row of Get-RecipientPermission.
type sendWire struct {
	on           *principal
	trustee, sid string
	access, mail string
}

// sendRows lists the rows of every recipient; each mailbox may send as itself.
func (p *plan) sendRows(only *principal) []sendWire {
	byRecipient := map[*principal][]sendAs{}
	for _, s := range p.sendAs {
		byRecipient[s.on] = append(byRecipient[s.on], s)
	}
	var out []sendWire
	for _, r := range p.recipients() {
		if only != nil && r != only {
			continue
		}
		if r.mailbox != nil && r.group == nil {
			out = append(out, sendWire{on: r, trustee: `NT AUTHORITY\SELF`, sid: selfSID, access: "Allow"})
		}
		for _, s := range byRecipient[r] {
			w := sendWire{on: r, trustee: s.as, sid: s.sid, access: s.access()}
			if s.ref != nil {
				w.mail = s.ref.smtp
			}
			out = append(out, w)
		}
	}
	return out
}

func recipientPermissionRows(t *Tenant, a args) (rows, *failure) {
	var only *principal
	if id, ok := a.text("identity"); ok {
		hit, f := pick(a, nil, nil, func(pr *principal) bool {
			return pr.rtd != "" && pr.rtd != "User" && (pr.mailbox == nil || !t.mailboxGone(pr.mailbox))
		})
		if f != nil {
			return rows{}, f
		}
		if len(hit) != 1 {
			return rows{}, notFound(id)
		}
		only = hit[0]
	}
	all := t.plan.sendRows(only)
	if trustee, ok := a.text("trustee"); ok {
		var kept []sendWire
		for _, w := range all {
			if strings.EqualFold(w.trustee, trustee) || strings.EqualFold(w.sid, trustee) {
				kept = append(kept, w)
			}
		}
		all = kept
	}
	withMail := a.flag("includetrusteewithprimarysmtpaddress")
	return rowsOf(all, func(b *bag, w sendWire) {
		b.str("Identity", w.on.identity())
		b.str("Trustee", w.trustee)
		b.str("AccessControlType", w.access)
		b.list("AccessRights", []string{"SendAs"})
		b.str("InheritanceType", "None")
		b.str("TrusteeSidString", w.sid)
		if withMail {
			b.str("TrusteeWithPrimarySmtpAddress", w.mail)
		} else {
			b.str("TrusteeWithPrimarySmtpAddress", "")
		}
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

// folderWire is a row of Get-MailboxFolderPermission.
type folderWire struct {
	m *mailbox
	f folder
	g folderGrant
}

// splitFolder takes "mailbox:\Path", "mailbox:FolderId" or "mailbox" apart.
func splitFolder(identity string) (box, what string) {
	box, what, _ = strings.Cut(identity, ":")
	return box, what
}

func folderPermissionRows(t *Tenant, a args) (rows, *failure) {
	var all []folderWire
	if id, ok := a.text("identity"); ok {
		box, what := splitFolder(id)
		a.values["box"] = box
		boxes, f := t.boxes(a, "box")
		if f != nil {
			return rows{}, f
		}
		m := boxes[0]
		fo, found := t.plan.folderByIdentity(m, what)
		if !found {
			return rows{}, notFound(id)
		}
		for _, g := range m.grantsOn(fo) {
			all = append(all, folderWire{m, fo, g})
		}
	} else {
		for _, m := range t.plan.mailboxes {
			for _, fo := range m.folders() {
				for _, g := range m.grantsOn(fo) {
					all = append(all, folderWire{m, fo, g})
				}
			}
		}
	}
	if user, ok := a.text("user"); ok {
		var kept []folderWire
		for _, w := range all {
			if strings.EqualFold(w.g.as, user) {
				kept = append(kept, w)
			}
		}
		all = kept
	}
	return rowsOf(all, func(b *bag, w folderWire) {
		b.str("Identity", w.g.as)
		b.str("FolderName", w.f.name)
		b.str("User", w.g.as)
		b.list("AccessRights", w.g.roles)
		b.opt("SharingPermissionFlags", w.g.flags)
		b.bool("IsValid", true)
		b.str("ObjectState", "New")
	}), nil
}

// scoped keeps the folders of a FolderScope.
func scoped(all []folder, scope string) []folder {
	var out []folder
	for _, f := range all {
		keep := true
		switch strings.ToLower(scope) {
		case "", "all":
		case "calendar":
			keep = f.calendar
		case "recoverableitems":
			keep = f.recoverable
		case "nonipmroot":
		case "personal":
			keep = f.typ == "User Created"
		default:
			keep = strings.EqualFold(f.typ, scope)
		}
		if keep {
			out = append(out, f)
		}
	}
	return out
}

// folderStat is a row of Get-MailboxFolderStatistics.
type folderStat struct {
	m *mailbox
	f folder
}

func folderStatisticsRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "identity")
	if f != nil {
		return rows{}, f
	}
	scope, given := a.text("folderscope")
	if given {
		if exact, _ := folderScopes.match(scope); !exact {
			return rows{}, nil // a prefix of a value selects nothing
		}
	}
	var all []folderStat
	for _, m := range boxes {
		for _, fo := range scoped(m.folders(), scope) {
			all = append(all, folderStat{m, fo})
		}
	}
	return rowsOf(all, func(b *bag, s folderStat) { t.plan.writeFolder(b, s.m, s.f) }), nil
}

func (p *plan) writeFolder(b *bag, m *mailbox, f folder) {
	created, modified := m.owner.created, p.now.AddDate(0, 0, -3)
	items := 7 + (m.index*13+f.number*29)%700
	if f.as == "root" {
		items = 0
	}
	size := "2.2 MB (2,306,867 bytes)"
	if items == 0 {
		size = "0 B (0 bytes)"
	}
	b.str("Name", f.name)
	b.bool("SearchFolder", f.search)
	b.date("CreationTime", dateUTC, created)
	b.date("LastModifiedTime", dateUTC, modified)
	b.str("FolderPath", f.path)
	b.str("FolderId", p.folderID(m, f.number))
	b.null("ParentFolder")
	b.bool("ContentFolder", !f.recoverable)
	b.guid("ContentMailboxGuid", m.store)
	b.str("Identity", m.owner.identity()+strings.ReplaceAll(f.path, "/", `\`))
	b.str("FolderType", f.typ)
	b.bool("Movable", f.typ == "User Created")
	b.bool("RecoverableItemsFolder", f.recoverable)
	b.str("ContainerClass", f.class)
	b.str("Flags", "None")
	b.str("TargetQuota", "User")
	b.str("StorageQuota", "Unlimited")
	b.str("StorageWarningQuota", "Unlimited")
	b.int32("VisibleItemsInFolder", items)
	b.int32("HiddenItemsInFolder", 0)
	b.int32("ItemsInFolder", items)
	b.int32("DeletedItemsInFolder", 0)
	b.str("FolderSize", size)
	b.int32("ItemsInFolderAndSubfolders", items)
	b.int32("DeletedItemsInFolderAndSubfolders", 0)
	b.str("FolderAndSubfolderSize", size)
	for _, k := range []string{"OldestItemReceivedDate", "NewestItemReceivedDate", "ManagedFolder", "DeletePolicy", "ArchivePolicy", "TopSubject"} {
		b.null(k)
	}
	b.str("TopSubjectSize", "0 B (0 bytes)")
	b.int32("TopSubjectCount", 0)
	b.null("SearchFolders")
	b.date("Date", dateUTC, created)
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}

func calendarFolderRows(t *Tenant, a args) (rows, *failure) {
	var boxes []*mailbox
	if id, ok := a.text("identity"); ok {
		box, what := splitFolder(id)
		a.values["box"] = box
		found, f := t.boxes(a, "box")
		if f != nil {
			return rows{}, f
		}
		if what == "" {
			what = `\` + found[0].lang.calendar
		}
		fo, has := t.plan.folderByIdentity(found[0], what)
		if !has || !strings.HasPrefix(fo.class, "IPF.Appointment") {
			return rows{}, notFound(id)
		}
		boxes = found
	} else {
		boxes = t.plan.mailboxes
	}
	return rowsOf(boxes, func(b *bag, m *mailbox) {
		id := m.owner.identity() + `:\` + m.lang.calendar
		public := !t.plan.clean && m.index == 6
		b.str("MailboxFolderId", id)
		b.bool("PublishEnabled", public)
		b.str("PublishDateRangeFrom", "ThreeMonths")
		b.str("PublishDateRangeTo", "ThreeMonths")
		b.str("DetailLevel", "LimitedDetails")
		b.bool("SearchableUrlEnabled", false)
		if public {
			url := "https://outlook.office365.com/owa/calendar/" + strings.ReplaceAll(m.store.String(), "-", "") + "@" + t.DefaultDomain() + "/published/calendar"
			b.str("PublishedCalendarUrl", url+".html")
			b.str("PublishedICalUrl", url+".ics")
		} else {
			b.null("PublishedCalendarUrl")
			b.null("PublishedICalUrl")
		}
		b.str("ExtendedFolderFlags", "ExclusivelyBound")
		b.null("ExtendedFolderFlags2")
		b.str("SharingOwnerSmtpAddress", "")
		b.null("SharingLevelOfDetails")
		b.null("SharingPermissionFlags")
		b.bool("UseHttps", true)
		b.str("Identity", id)
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}
