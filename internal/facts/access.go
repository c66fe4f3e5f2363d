package facts

import (
	"slices"
	"strings"
	"sync"
)

// MailReach is what a permission or a role lets its holder do with mailboxes.
type MailReach struct {
	// Name is the permission or role in the service's spelling.
	Name string
	// Can holds read, change, sendAs and manage, the words of the effective access dataset.
	Can []string
	// Policy: an application access policy can limit it to some mailboxes.
	Policy bool
}

type accessTables struct {
	permissions map[Kind]map[string]MailReach
	appRoles    map[string][]string
	exchange    map[string]MailReach
	directory   map[string]string
	standIns    map[string]string
	prefixes    map[string]string // of stand-ins, without the "*"
}

var access = sync.OnceValue(func() accessTables {
	type permission struct {
		Permission string
		Can        []string
		Policy     bool
	}
	src := table[struct {
		Application, Delegated []permission
		ApplicationRoles       []struct {
			Role        string
			Permissions []string
		}
		ExchangeRoles []struct {
			Role string
			Can  []string
		}
		DirectoryRoles []struct{ ID, Name string }
		StandIns       []struct{ Name, Role string }
	}]("access.json")
	t := accessTables{
		permissions: map[Kind]map[string]MailReach{Application: {}, Delegated: {}},
		appRoles:    map[string][]string{}, exchange: map[string]MailReach{}, directory: map[string]string{},
		standIns: map[string]string{}, prefixes: map[string]string{},
	}
	for kind, list := range map[Kind][]permission{Application: src.Application, Delegated: src.Delegated} {
		for _, p := range list {
			t.permissions[kind][fold(p.Permission)] = MailReach{p.Permission, p.Can, p.Policy}
		}
	}
	for _, r := range src.ApplicationRoles {
		t.appRoles[fold(r.Role)] = r.Permissions
	}
	for _, r := range src.ExchangeRoles {
		t.exchange[fold(r.Role)] = MailReach{Name: r.Role, Can: r.Can}
	}
	for _, r := range src.DirectoryRoles {
		t.directory[r.ID] = r.Name
	}
	for _, s := range src.StandIns {
		if prefix, pattern := strings.CutSuffix(s.Name, "*"); pattern {
			t.prefixes[fold(prefix)] = s.Role
		} else {
			t.standIns[fold(s.Name)] = s.Role
		}
	}
	return t
})

func (r MailReach) clone() MailReach {
	r.Can = slices.Clone(r.Can)
	return r
}

// MailPermission returns what a permission of Microsoft Graph or Exchange Online
// lets an application do with mailboxes. ok is false for a permission that opens
// none, and for IMAP, POP and SMTP as an application: those need a grant on the
// mailbox itself.
func MailPermission(value string, kind Kind) (reach MailReach, ok bool) {
	reach, ok = access().permissions[kind][fold(value)]
	return reach.clone(), ok
}

// ApplicationRole returns the permissions that an Exchange role for applications
// stands for: "Application Mail.Read" gives Mail.Read, "Application Mail Full
// Access" gives two. ok is false for a role that is not one for applications.
func ApplicationRole(role string) (permissions []string, ok bool) {
	if list, ok := access().appRoles[fold(role)]; ok {
		return slices.Clone(list), true
	}
	const prefix = "application "
	role = strings.TrimSpace(role)
	if len(role) <= len(prefix) || !strings.EqualFold(role[:len(prefix)], prefix) {
		return nil, false
	}
	return []string{strings.TrimSpace(role[len(prefix):])}, true
}

// ExchangeRole returns what a management role of Exchange lets its holder do with
// every mailbox. ok is false for a role that opens none.
func ExchangeRole(role string) (reach MailReach, ok bool) {
	reach, ok = access().exchange[fold(role)]
	return reach.clone(), ok
}

// MailboxAdministrator reports whether holders of a directory role, by template id,
// can give themselves access to every mailbox.
func MailboxAdministrator(templateID string) (name string, ok bool) {
	name, ok = access().directory[fold(templateID)]
	return name, ok
}

// EntraRoleStandIn returns the directory role that a member of a role group stands
// for, by its name: Exchange shows the holders of some directory roles as one
// member. A tenant can give the same name to a group of its own, so that the name
// alone proves nothing where the member is a known group.
func EntraRoleStandIn(name string) (role string, ok bool) {
	name = fold(name)
	if role, ok = access().standIns[name]; ok {
		return role, true
	}
	if cut := strings.IndexByte(name, '_'); cut > 0 && cut < len(name)-1 {
		role, ok = access().prefixes[name[:cut+1]]
	}
	return role, ok
}
