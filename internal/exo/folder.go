package exo

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// FolderStatistics is one folder of one mailbox.
//
// Source: Get-MailboxFolderStatistics.
type FolderStatistics struct {
	Row
	Name                   string // localised
	FolderPath             string // "/Inbox/Projects", localised; a "/" inside a name is sent as U+F8FF
	FolderID               string
	FolderType             string // Root, Inbox, Calendar, SentItems, "User Created" …; not localised
	ContainerClass         string // IPF.Note, IPF.Appointment …
	SearchFolder           *bool
	RecoverableItemsFolder *bool
	ContentFolder          *bool
	ItemsInFolder          *int64
	FolderSize             *int64 // bytes; sent as "182.4 MB (191,260,262 bytes)"
	CreationTime           *time.Time
	LastModifiedTime       *time.Time
}

// folderProperties are the properties that the listings ask for: what FolderStatistics reads.
var folderProperties = []string{
	"Name", "FolderPath", "FolderId", "FolderType", "ContainerClass", "SearchFolder", "RecoverableItemsFolder",
	"ContentFolder", "ItemsInFolder", "FolderSize", "CreationTime", "LastModifiedTime", "Identity",
}

// DecodeFolderStatistics reads one stored row.
func DecodeFolderStatistics(raw json.RawMessage) (FolderStatistics, error) {
	r, err := parseRow(raw)
	if err != nil {
		return FolderStatistics{}, err
	}
	v := FolderStatistics{
		Name:                   r.text("Name"),
		FolderPath:             r.text("FolderPath"),
		FolderID:               r.text("FolderId"),
		FolderType:             r.text("FolderType"),
		ContainerClass:         r.text("ContainerClass"),
		SearchFolder:           r.flag("SearchFolder"),
		RecoverableItemsFolder: r.flag("RecoverableItemsFolder"),
		ContentFolder:          r.flag("ContentFolder"),
		ItemsInFolder:          r.number("ItemsInFolder"),
		FolderSize:             r.size("FolderSize"),
		CreationTime:           r.date("CreationTime"),
		LastModifiedTime:       r.date("LastModifiedTime"),
	}
	v.Row = r
	return v, nil
}

// The folder scopes of a run.
const (
	FoldersDefault = "default" // FolderScope.Contains names them
	FoldersAll     = "all"
	FoldersNone    = "none"
)

// Values of FolderType, without the spaces that the service puts into some.
const (
	folderRoot    = "root"
	folderInbox   = "inbox"
	folderUser    = "usercreated"
	folderPrefix  = "recoverableitems"
	folderSync    = "syncissues"
	folderCal     = "calendar"
	calendarClass = "ipf.appointment"
)

// defaultFolderTypes are read in the default scope wherever they lie.
var defaultFolderTypes = []string{
	folderRoot, folderInbox, folderCal, "contacts", "sentitems", "deleteditems", "drafts", "tasks", "notes", "archive",
}

// neverFolderTypes are read in no scope, with everything below them: copies kept for
// recovery, search folders, and the client's own records of failed synchronisation.
var neverFolderTypes = []string{
	folderSync, "conflicts", "localfailures", "serverfailures",
	"searchfolder", "searchfolders", "audits", "calendarlogging", "versions", "purges", "deletions", "discoveryholds", "substrateholds",
}

// FolderScope says which folders of one mailbox have their permissions read. It works
// by type, class and place, never by name: names are localised.
type FolderScope struct {
	scope string
	inbox string   // path of the inbox; "" when the mailbox has none
	root  string   // path of the root folder, "/Top of Information Store"
	never []string // paths of folders that are left out with everything below them
}

// NewFolderScope prepares the choice among all the folders of one mailbox.
func NewFolderScope(all []FolderStatistics, scope string) FolderScope {
	s := FolderScope{scope: scope}
	for _, f := range all {
		switch {
		case never(f):
			s.never = append(s.never, f.FolderPath)
		case folderType(f) == folderRoot:
			s.root = f.FolderPath
		case folderType(f) == folderInbox:
			s.inbox = f.FolderPath
		}
	}
	return s
}

// FoldersInScope is the choice itself: the folders of all, in order, that the scope
// contains. Folders without an id cannot be asked about and are left out.
func FoldersInScope(all []FolderStatistics, scope string) []FolderStatistics {
	s := NewFolderScope(all, scope)
	return slices.DeleteFunc(slices.Clone(all), func(f FolderStatistics) bool { return f.FolderID == "" || !s.Contains(f) })
}

// Contains reports whether the folder is in scope. In the default scope these are the
// types Root, Inbox, Calendar, Contacts, SentItems, DeletedItems, Drafts, Tasks, Notes
// and Archive, every folder of a calendar class, and user-created folders directly
// below the root or the inbox.
func (s FolderScope) Contains(f FolderStatistics) bool {
	if s.scope == FoldersNone || never(f) || slices.ContainsFunc(s.never, func(p string) bool { return below(p, f.FolderPath) }) {
		return false
	}
	if s.scope == FoldersAll {
		return true
	}
	typ, class := folderType(f), strings.ToLower(f.ContainerClass)
	switch {
	case slices.Contains(defaultFolderTypes, typ), class == calendarClass, strings.HasPrefix(class, calendarClass+"."):
		return true
	case typ != folderUser:
		return false
	}
	parent, ok := parentPath(f.FolderPath)
	if !ok {
		return false
	}
	// Children of the root are sent as "/Name"; a service that spells the root out is understood too.
	return parent == "" || s.root != "" && parent == s.root || s.inbox != "" && parent == s.inbox
}

func folderType(f FolderStatistics) string {
	return strings.ToLower(strings.ReplaceAll(f.FolderType, " ", ""))
}

func never(f FolderStatistics) bool {
	typ := folderType(f)
	return isTrue(f.RecoverableItemsFolder) || isTrue(f.SearchFolder) || strings.HasPrefix(typ, folderPrefix) || slices.Contains(neverFolderTypes, typ)
}

// below reports whether path lies under the folder at top; a path is not below itself.
func below(top, path string) bool {
	return top != "" && top != "/" && strings.HasPrefix(path, top+"/")
}

// parentPath is the path of the folder that holds the one at path: "" for the top level.
func parentPath(path string) (string, bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 || i == len(path)-1 {
		return "", false
	}
	return path[:i], true
}
