package checks

import "strings"

// exchangeRoleEffects are the Exchange management roles that open mailboxes, and
// what their holder can do with every mailbox of the organization. Sources:
// learn.microsoft.com/exchange/permissions-exo/permissions-exo and the page of
// each role.
var exchangeRoleEffects = map[string][]string{
	"applicationimpersonation": {"read", "change", "sendAs"},
	"mailbox import export":    {"read", "change"},
	"mailbox search":           {"read"},
	"role management":          {"manage"},
	"mail recipients":          {"manage"},
}

// exchangeRoleEffect returns what the holder of a role can do with every mailbox,
// in the words of snapshot.AccessRow; ok is false for a role that opens none.
func exchangeRoleEffect(role string) (capabilities []string, ok bool) {
	capabilities, ok = exchangeRoleEffects[strings.ToLower(strings.TrimSpace(role))]
	return capabilities, ok
}

// Names under which a role group lists the holders of an Entra role as one
// member. Those with a number or a suffix at the end are given by their beginning.
var (
	standInPrefixes = []string{"exchangeserviceadmins_", "tenantadmins_", "globalreaders_", "helpdeskadmins_"}
	standInNames    = []string{
		"company administrator", "exchange service administrator", "exchange administrator", "global reader",
		"security administrator", "security reader", "compliance administrator", "helpdesk administrator",
	}
)

// entraRoleStandIn reports whether a member of a role group, by id and name,
// stands for the holders of an Entra role.
func entraRoleStandIn(id, name string) bool {
	for _, s := range []string{id, name} {
		s = strings.ToLower(strings.TrimSpace(s))
		for _, p := range standInPrefixes {
			if strings.HasPrefix(s, p) {
				return true
			}
		}
		for _, n := range standInNames {
			if s == n {
				return true
			}
		}
	}
	return false
}
