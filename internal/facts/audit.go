package facts

import (
	"slices"
	"strings"
	"sync"
)

// The logon types of mailbox auditing, as AuditAdmin, AuditDelegate, AuditOwner
// and DefaultAuditSet name them.
const (
	LogonAdmin    = "Admin"
	LogonDelegate = "Delegate"
	LogonOwner    = "Owner"
)

type auditTables struct {
	standard, premium, extra map[string][]string
	folded                   map[string]string
}

var auditActions = sync.OnceValue(func() auditTables {
	src := table[struct {
		Default        map[string][]string
		Premium        []string
		BenchmarkExtra map[string][]string
		Folded         map[string]string
	}]("audit.json")
	t := auditTables{standard: map[string][]string{}, premium: src.Default, extra: src.BenchmarkExtra, folded: map[string]string{}}
	for logon, list := range src.Default {
		slices.Sort(list)
		t.standard[logon] = slices.DeleteFunc(slices.Clone(list), func(a string) bool {
			return slices.Contains(src.Premium, a)
		})
	}
	for name, into := range src.Folded {
		t.folded[strings.ToLower(name)] = into
	}
	return t
})

// DefaultAuditActions returns the actions that Microsoft records by default for
// a logon type on user, shared and resource mailboxes, sorted: with premium
// those of a mailbox whose user is licensed for Audit (Premium), which adds
// MailItemsAccessed and, but for Delegate, Send. It is nil for a logon type
// that does not exist. Source: learn.microsoft.com/purview/audit-mailboxes.
func DefaultAuditActions(logonType string, premium bool) []string {
	if premium {
		return slices.Clone(auditActions().premium[logonType])
	}
	return slices.Clone(auditActions().standard[logonType])
}

// FoldedAction returns the action under which the service records another one
// that is accepted as a name only (AddFolderPermissions into UpdateFolderPermissions).
func FoldedAction(name string) (into string, ok bool) {
	into, ok = auditActions().folded[strings.ToLower(name)]
	return into, ok
}

// BenchmarkExtraActions returns the actions that CIS Microsoft 365 7.0 (6.1.2)
// asks for beyond Microsoft's default set: advice, not a gap of the default.
func BenchmarkExtraActions(logonType string) []string {
	return slices.Clone(auditActions().extra[logonType])
}
