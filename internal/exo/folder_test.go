package exo

import (
	"slices"
	"testing"
)

// frenchMailbox has localised names everywhere, an inbox of one name with a folder
// that merely begins like it, and everything that must be left out.
func frenchMailbox() []FolderStatistics {
	f := func(id, path, typ, class string) FolderStatistics {
		return FolderStatistics{FolderID: id, FolderPath: path, FolderType: typ, ContainerClass: class}
	}
	all := []FolderStatistics{
		f("root", "/Haut de la banque d'informations", "Root", ""),
		f("inbox", "/Boîte de réception", "Inbox", "IPF.Note"),
		f("inbox-child", "/Boîte de réception/Projets", "User Created", "IPF.Note"),
		f("inbox-grandchild", "/Boîte de réception/Projets/Ancien", "User Created", "IPF.Note"),
		f("lookalike-child", "/Boîte de réception 2/Projets", "User Created", "IPF.Note"),
		f("lookalike", "/Boîte de réception 2", "User Created", "IPF.Note"),
		f("top", "/Clients", "User Created", "IPF.Note"),
		f("top-slash", "/Ventes\uf8ffAchats", "User Created", "IPF.Note"),
		f("calendar", "/Calendrier", "Calendar", "IPF.Appointment"),
		f("calendar-child", "/Calendrier/Anniversaires", "User Created", "IPF.Appointment.Birthday"),
		f("calendar-deep", "/Boîte de réception/Projets/Plan", "User Created", "IPF.Appointment"),
		f("not-a-calendar", "/Calendrier/Notes/x", "User Created", "IPF.AppointmentX"),
		f("contacts", "/Contacts", "Contacts", "IPF.Contact"),
		f("sent", "/Éléments envoyés", "SentItems", "IPF.Note"),
		f("sent-child", "/Éléments envoyés/2025", "User Created", "IPF.Note"),
		f("deleted", "/Éléments supprimés", "DeletedItems", "IPF.Note"),
		f("drafts", "/Brouillons", "Drafts", "IPF.Note"),
		f("tasks", "/Tâches", "Tasks", "IPF.Task"),
		f("notes", "/Notes", "Notes", "IPF.StickyNote"),
		f("archive", "/Archive", "Archive", "IPF.Note"),
		f("junk", "/Courrier indésirable", "JunkEmail", "IPF.Note"),
		f("journal", "/Journal", "Journal", "IPF.Journal"),
		f("sync", "/Problèmes de synchronisation", "SyncIssues", "IPF.Note"),
		f("sync-child", "/Problèmes de synchronisation/Conflits", "Conflicts", "IPF.Note"),
		f("sync-user", "/Problèmes de synchronisation/Échecs", "User Created", "IPF.Appointment"),
		f("recoverable", "/Recoverable Items", "RecoverableItemsRoot", ""),
		f("recoverable-cal", "/Recoverable Items/x", "User Created", "IPF.Appointment"),
		f("purges", "/Purges", "RecoverableItemsPurges", ""),
	}
	audits := f("audits", "/Audits", "User Created", "")
	audits.RecoverableItemsFolder = ptr(true)
	search := f("search", "/Non lus", "User Created", "IPF.Note")
	search.SearchFolder = ptr(true)
	return append(all, audits, search, f("", "/Sans identifiant", "User Created", "IPF.Note"))
}

func ids(folders []FolderStatistics) []string {
	out := []string{}
	for _, f := range folders {
		out = append(out, f.FolderID)
	}
	slices.Sort(out)
	return out
}

func TestFoldersInScope(t *testing.T) {
	byDefault := []string{"archive", "calendar", "calendar-child", "calendar-deep", "contacts", "deleted", "drafts", "inbox", "inbox-child",
		"lookalike", "notes", "root", "sent", "tasks", "top", "top-slash"}
	check(t, "default", ids(FoldersInScope(frenchMailbox(), FoldersDefault)), byDefault)
	all := append(slices.Clone(byDefault), "inbox-grandchild", "lookalike-child", "not-a-calendar", "sent-child", "junk", "journal")
	slices.Sort(all)
	check(t, "all", ids(FoldersInScope(frenchMailbox(), FoldersAll)), all)
	check(t, "none", ids(FoldersInScope(frenchMailbox(), FoldersNone)), []string{})
}

func TestFolderScopeIsNotByName(t *testing.T) {
	for _, c := range []struct {
		name, path, typ, class string
		want                   bool
	}{
		{"Japanese calendar", "/予定表", "Calendar", "IPF.Appointment", true},
		{"German inbox", "/Posteingang", "Inbox", "IPF.Note", true},
		{"folder below it", "/Posteingang/Rechnungen", "User Created", "IPF.Note", true},
		{"written as one word", "/Posteingang/Rechnungen", "UserCreated", "IPF.Note", true},
		{"two below it", "/Posteingang/Rechnungen/Alt", "User Created", "IPF.Note", false},
		{"user folder that is called Calendar", "/Posteingang/A/Calendar", "User Created", "IPF.Note", false},
		{"user folder that is called Recoverable Items", "/Recoverable Items", "User Created", "IPF.Note", true},
		{"English name of another inbox", "/Inbox/Rechnungen", "User Created", "IPF.Note", false},
		{"unknown type", "/Neu", "SomethingNew", "IPF.Note", false},
		{"root spelled out", "/Oberste Ebene/Kunden", "User Created", "IPF.Note", true},
	} {
		f := FolderStatistics{FolderID: "x", FolderPath: c.path, FolderType: c.typ, ContainerClass: c.class}
		all := []FolderStatistics{{FolderPath: "/Oberste Ebene", FolderType: "Root"}, {FolderPath: "/Posteingang", FolderType: "Inbox"}, f}
		if got := NewFolderScope(all, FoldersDefault).Contains(f); got != c.want {
			t.Errorf("%s (%s): in scope %t, want %t", c.name, c.path, got, c.want)
		}
	}
}

func TestDecodeFolderStatistics(t *testing.T) {
	all := decodeAll(t, "Get-MailboxFolderStatistics", DecodeFolderStatistics)
	check(t, "type", all[2].FolderType, "User Created")
	check(t, "size", all[1].FolderSize, ptr(int64(191260262)))
	check(t, "items", all[1].ItemsInFolder, ptr(int64(1204)))
	check(t, "not a search folder", all[1].SearchFolder, ptr(false))
	check(t, "size of the entity", decodeAll(t, "rest-MailboxFolderStatistics", DecodeFolderStatistics)[0].FolderSize, ptr(int64(191260262)))
	check(t, "in scope", len(FoldersInScope(all, FoldersDefault)), 3)
}
