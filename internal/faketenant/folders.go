package faketenant

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// language is how a mailbox names its folders.
type language struct {
	root, inbox, calendar, contacts, sent, deleted    string
	drafts, tasks, junk, recoverable, archive, search string
	projects, old, newsletters                        string
}

// languages: the first is the one of ordinary mailboxes.
var languages = []*language{
	{ // en
		"Top of Information Store", "Inbox", "Calendar", "Contacts", "Sent Items", "Deleted Items", "Drafts", "Tasks",
		"Junk Email", "Recoverable Items", "Archive", "Unread Mail", "Projects", "2024", "Newsletters"},
	{ // fr
		"Haut de la banque d'informations", "Boîte de réception", "Calendrier", "Contacts", "Éléments envoyés", "Éléments supprimés",
		"Brouillons", "Tâches", "Courrier indésirable", "Éléments récupérables", "Archive", "Messages non lus", "Projets", "2024", "Lettres d'information"},
	{ // de
		"Oberste Ebene des Informationsspeichers", "Posteingang", "Kalender", "Kontakte", "Gesendete Elemente", "Gelöschte Elemente",
		"Entwürfe", "Aufgaben", "Junk-E-Mail", "Wiederherstellbare Elemente", "Archiv", "Ungelesene Nachrichten", "Projekte", "2024", "Rundschreiben"},
	{ // ja
		"インフォメーション ストアのトップ", "受信トレイ", "予定表", "連絡先", "送信済みアイテム", "削除済みアイテム",
		"下書き", "タスク", "迷惑メール", "回復可能なアイテム", "アーカイブ", "未読メール", "プロジェクト", "2024年", "ニュースレター"},
}

// slash is how a "/" inside a folder's name appears in its path.
const slash = "\uf8ff"

// folder is one folder of a mailbox.
type folder struct {
	name, path, typ, class string
	recoverable, search    bool
	inScope                bool   // read with the default folder scope
	calendar               bool   // part of FolderScope Calendar
	as                     string // what plans call it: "root", "inbox", "calendar" …
	number                 int    // position; part of the id
}

// folders lists the folders of a mailbox, parents before children.
func (m *mailbox) folders() []folder {
	l := m.lang
	list := make([]folder, 0, 16+len(m.extraFolders))
	add := func(f folder) { list = append(list, f) }
	add(folder{as: "root", name: l.root, path: "/" + l.root, typ: "Root", inScope: true})
	add(folder{as: "calendar", name: l.calendar, path: "/" + l.calendar, typ: "Calendar", class: "IPF.Appointment", inScope: true, calendar: true})
	add(folder{as: "contacts", name: l.contacts, path: "/" + l.contacts, typ: "Contacts", class: "IPF.Contact", inScope: true})
	add(folder{as: "deleted", name: l.deleted, path: "/" + l.deleted, typ: "DeletedItems", class: "IPF.Note", inScope: true})
	add(folder{as: "drafts", name: l.drafts, path: "/" + l.drafts, typ: "Drafts", class: "IPF.Note", inScope: true})
	add(folder{as: "inbox", name: l.inbox, path: "/" + l.inbox, typ: "Inbox", class: "IPF.Note", inScope: true})
	add(folder{as: "junk", name: l.junk, path: "/" + l.junk, typ: "JunkEmail", class: "IPF.Note"})
	add(folder{as: "sent", name: l.sent, path: "/" + l.sent, typ: "SentItems", class: "IPF.Note", inScope: true})
	add(folder{as: "recoverable", name: l.recoverable, path: "/" + l.recoverable, typ: "RecoverableItemsRoot", recoverable: true})
	add(folder{as: "deletions", name: "Deletions", path: "/Deletions", typ: "RecoverableItemsDeletions", recoverable: true})
	if m.typ == "UserMailbox" || m.typ == "SharedMailbox" {
		add(folder{as: "projects", name: l.projects, path: "/" + l.inbox + "/" + l.projects, typ: "User Created", class: "IPF.Note", inScope: true})
		add(folder{as: "old", name: l.old, path: "/" + l.inbox + "/" + l.projects + "/" + l.old, typ: "User Created", class: "IPF.Note"})
	}
	if m.index%3 == 0 {
		add(folder{as: "tasks", name: l.tasks, path: "/" + l.tasks, typ: "Tasks", class: "IPF.Task", inScope: true})
		add(folder{as: "sync", name: "Sync Issues", path: "/Sync Issues", typ: "SyncIssues", class: "IPF.Note"})
	}
	if m.newsletter {
		add(folder{as: "newsletters", name: l.newsletters, path: "/" + l.newsletters, typ: "User Created", class: "IPF.Note", inScope: true})
	}
	list = append(list, m.extraFolders...)
	for i := range list {
		list[i].number = i
	}
	return list
}

// folderID is an opaque id of the length that the service uses.
func (p *plan) folderID(m *mailbox, n int) string {
	var b [42]byte
	copy(b[:], "\x2e\x00\x00\x00\x00")
	copy(b[5:], m.store[:])
	for i := range 2 {
		binary.BigEndian.PutUint64(b[21+i*8:], p.u64("folder", m.index*64+n)+uint64(i))
	}
	b[37], b[41] = 1, byte(n)
	return base64.StdEncoding.EncodeToString(b[:])
}

// folderByIdentity finds a folder by its id or by its path with backslashes.
func (p *plan) folderByIdentity(m *mailbox, what string) (folder, bool) {
	list := m.folders()
	if strings.HasPrefix(what, `\`) || what == "" {
		want := strings.ReplaceAll(what, `\`, "/")
		if want == "" || want == "/" {
			return list[0], true
		}
		for _, f := range list {
			if strings.EqualFold(f.path, want) {
				return f, true
			}
		}
		return folder{}, false
	}
	for _, f := range list {
		if p.folderID(m, f.number) == what {
			return f, true
		}
	}
	return folder{}, false
}

// folderGrant is a row of Get-MailboxFolderPermission.
type folderGrant struct {
	on string // folder.as
	holder
	roles []string // as granted
	flags string   // SharingPermissionFlags as sent; "" is null
}

// grantsOn lists the permissions of one folder, Default and Anonymous first.
func (m *mailbox) grantsOn(f folder) []folderGrant {
	rights := []string{"None"}
	if f.class == "IPF.Appointment" {
		rights = []string{"AvailabilityOnly"}
	}
	all := []folderGrant{
		{on: f.as, holder: holder{as: "Default", kind: kindDefault}, roles: rights},
		{on: f.as, holder: holder{as: "Anonymous", kind: kindAnonymous}, roles: []string{"None"}},
	}
	for _, g := range m.folderGrants {
		switch {
		case g.on != f.as:
		case g.kind == kindDefault:
			all[0] = g
		case g.kind == kindAnonymous:
			all[1] = g
		default:
			all = append(all, g)
		}
	}
	return all
}

// expand turns granted roles and single rights into rights, sorted and unique.
func expand(roles []string) []string {
	var all []string
	for _, r := range roles {
		if rights, ok := folderRoleRights[r]; ok {
			all = append(all, rights...)
			continue
		}
		all = append(all, r)
	}
	return sortedUnique(all)
}
