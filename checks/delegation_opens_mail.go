package checks

import (
	"iter"
	"strings"

	"tenantaudit/internal/snapshot"
)

// quietFolders are the types of folders that hold no mail.
var quietFolders = []string{"Calendar", "Contacts", "Tasks", "Notes", "Journal"}

// folderTypes says whether a row of access opens mail. It walks the folder
// permissions beside the rows of access, which have the same order, and holds
// those of one mailbox only.
type folderTypes struct {
	next    func() (snapshot.FolderPermission, error, bool)
	stop    func()
	row     snapshot.FolderPermission // read ahead
	more    bool
	mailbox string
	quiet   map[string]bool // keys of entries on folders without mail, of the mailbox
}

func newFolderTypes(rows iter.Seq2[snapshot.FolderPermission, error]) *folderTypes {
	next, stop := iter.Pull2(rows)
	return &folderTypes{next: next, stop: stop, more: true, quiet: map[string]bool{}}
}

func (f *folderTypes) advance() (err error) {
	f.row, err, f.more = f.next()
	return err
}

// load reads the entries of a mailbox.
func (f *folderTypes) load(mailbox string) error {
	if f.mailbox == mailbox {
		return nil
	}
	f.mailbox = mailbox
	clear(f.quiet)
	for f.more && f.row.Mailbox <= mailbox {
		if f.row.Mailbox == mailbox && containsFold(quietFolders, f.row.FolderType) {
			f.quiet[snapshot.Key(f.row)] = true
		}
		if err := f.advance(); err != nil {
			return err
		}
	}
	return nil
}

// rest reads what is left, so that a broken dataset is never taken for its end.
func (f *folderTypes) rest() error {
	for f.more {
		if err := f.advance(); err != nil {
			return err
		}
	}
	return nil
}

// opensMail reports whether a row gives more than a calendar, contacts and the
// like, or message headers.
func (f *folderTypes) opensMail(row snapshot.AccessRow) (bool, error) {
	switch {
	case strings.HasPrefix(row.Scope, "folder:"):
		if row.Dataset != string(snapshot.FolderPermissions) {
			return true, nil
		}
		if err := f.load(row.Mailbox); err != nil {
			return false, err
		}
		return !f.quiet[row.Key], nil
	case row.Route == "application" || row.Route == "delegatedGrant":
		return permissionOpensMail(row.Via), nil
	}
	return true, nil
}

// permissionOpensMail looks at the last part of a Via: "<group> > <permission>".
func permissionOpensMail(via string) bool {
	if i := strings.LastIndex(via, " > "); i >= 0 {
		via = via[i+len(" > "):]
	}
	p := strings.ToLower(strings.TrimPrefix(via, "Application "))
	return !strings.HasPrefix(p, "calendars.") && !strings.HasPrefix(p, "contacts.") && !strings.Contains(p, "readbasic")
}
