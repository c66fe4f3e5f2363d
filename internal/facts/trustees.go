package facts

import (
	"strings"
	"sync"
)

// SelfSID is the SID of SELF (NT AUTHORITY\SELF): the mailbox's own user, under
// whatever name the tenant's language gives it.
const SelfSID = "S-1-5-10"

type trustee struct {
	Domain string // "*" any domain, "" no domain
	Name   string // "*" any name
	SID    string // "prefix*suffix", or one SID that decides alone; "" any
	Role   bool   // the name of a role group, which a tenant could also give to an object of its own
	Reason string
}

var trustees = sync.OnceValue(func() []trustee {
	return table[struct{ Trustees []trustee }]("trustees.json").Trustees
})

// WellKnownTrustee reports whether a trustee belongs to the service itself, and
// why. name is as the service sent it: `EURPR01\Exchange Servers`,
// `NT AUTHORITY\SYSTEM`, `Discovery Management`, `Owner@local`; sid may be "".
// SELF is not one: it is the mailbox's own user.
//
// Names without a domain are those of role groups and of the two local entries
// of group mailboxes. A tenant may give the name of a role group to an object of
// its own: callers look in the directory first (see RoleGroupName).
func WellKnownTrustee(name, sid string) (reason string, ok bool) {
	t, ok := wellKnown(name, sid)
	return t.Reason, ok
}

// RoleGroupName reports whether a well-known trustee's name is one that an
// object of the tenant could bear as well.
func RoleGroupName(name string) bool {
	t, ok := wellKnown(name, "")
	return ok && t.Role
}

func wellKnown(name, sid string) (trustee, bool) {
	if sid == SelfSID {
		return trustee{}, false
	}
	domain, local, qualified := strings.Cut(name, `\`)
	if !qualified {
		domain, local = "", name
	}
	if local == "" || strings.EqualFold(domain, "NT AUTHORITY") && strings.EqualFold(local, "SELF") {
		return trustee{}, false
	}
	for _, t := range trustees() {
		prefix, suffix, pattern := strings.Cut(t.SID, "*")
		if t.SID != "" && !pattern {
			if t.SID == sid || t.SID == name {
				return t, true
			}
			continue
		}
		if (t.Domain == "") == qualified {
			continue
		}
		if t.Domain != "*" && !strings.EqualFold(t.Domain, domain) {
			continue
		}
		if t.Name != "*" && !strings.EqualFold(t.Name, local) {
			continue
		}
		// A name that a tenant's own account bears as well needs the SID as proof.
		if pattern && !(len(sid) > len(prefix)+len(suffix) && strings.HasPrefix(sid, prefix) && strings.HasSuffix(sid, suffix)) {
			continue
		}
		return t, true
	}
	return trustee{}, false
}
