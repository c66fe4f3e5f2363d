package checks

import (
	"cmp"
	"fmt"

	"tenantaudit/internal/snapshot"
)

const managePermissionsPage = "https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-permissions-for-recipients"

// trusteeDetails are the details that every grant shows of who holds it. members
// counts the people in a group; null when it is no group or its members are unknown.
func trusteeDetails(t snapshot.TrusteeRef, members map[string]int) map[string]any {
	d := map[string]any{
		"trustee":        t.Trustee,
		"trusteeId":      t.TrusteeID,
		"trusteeAddress": t.TrusteeAddress,
		"trusteeType":    t.TrusteeType,
		"candidates":     t.Candidates,
		"members":        nil,
	}
	if n, ok := members[t.TrusteeID]; ok && t.TrusteeType == snapshot.TrusteeGroup {
		d["members"] = n
	}
	return d
}

// holder names a trustee in a sentence, with what a reader must know of it.
func holder(t snapshot.TrusteeRef, members map[string]int) string {
	name := cmp.Or(t.TrusteeAddress, t.Trustee)
	switch t.TrusteeType {
	case snapshot.TrusteeGroup:
		if n, ok := members[t.TrusteeID]; ok {
			return fmt.Sprintf("group %s (%s)", name, plural(n, "member"))
		}
		return "group " + name
	case snapshot.TrusteeOrphaned:
		return name + " (deleted account)"
	case snapshot.TrusteeUnresolved:
		return name + " (not resolved)"
	case snapshot.TrusteeGuest, snapshot.TrusteeExternal, snapshot.TrusteeContact:
		return name + " (" + t.TrusteeType + ")"
	}
	return name
}

// nobody reports whether a trustee belongs to the service, or is one of the two
// entries of every folder that other checks judge.
func nobody(trusteeType string) bool {
	switch trusteeType {
	case snapshot.TrusteeWellKnown, snapshot.TrusteeDefault, snapshot.TrusteeAnonymous:
		return true
	}
	return false
}
