package faketenant

import (
	"fmt"
	"slices"
	"strings"
)

// Names of access profiles: identities as reviewers meet them.
const (
	// AccessReaderDefault is Global Reader with the four permissions that are asked for most.
	AccessReaderDefault = "reader-default"
	// AccessViewOnlyAuditLogs is one Exchange role and no directory role.
	AccessViewOnlyAuditLogs = "view-only-audit-logs"
	// AccessSecurityReader is Security Reader with the same permissions.
	AccessSecurityReader = "security-reader"
	// AccessNoConsent is a registration to which nobody consented.
	AccessNoConsent = "no-consent"
	// AccessNoP1 may read everything, in a tenant without Entra ID P1 and P2.
	AccessNoP1 = "no-p1"
	// AccessOverPrivileged can change what it reads, and open every mailbox.
	AccessOverPrivileged = "over-privileged"
)

// AccessProfiles are the names, in the order of a list for people.
func AccessProfiles() []string {
	return []string{AccessReaderDefault, AccessViewOnlyAuditLogs, AccessSecurityReader, AccessNoConsent, AccessNoP1, AccessOverPrivileged}
}

// readerPermissions are the permissions of Graph that most reviewers are given.
var readerPermissions = []string{"AuditLog.Read.All", "Directory.Read.All", "Policy.Read.All", "RoleManagement.Read.Directory"}

// AccessProfile is the grant of a profile: nil for everything. noPremium: the profile is
// one of a tenant without Entra ID P1 and P2.
func AccessProfile(name string) (g *Grant, noPremium bool, err error) {
	reader := func(roles ...*directoryRole) *Grant {
		g := &Grant{Graph: slices.Clone(readerPermissions), ExchangeAPI: true}
		for _, r := range roles {
			g.Roles = append(g.Roles, r.id)
		}
		return g
	}
	switch name {
	case AccessReaderDefault:
		return reader(roleGlobalReader), false, nil
	case AccessViewOnlyAuditLogs:
		g = reader()
		g.ExchangeRoles = []string{mrViewLogs}
		return g, false, nil
	case AccessSecurityReader:
		return reader(roleSecReader), false, nil
	case AccessNoConsent:
		return &Grant{}, false, nil
	case AccessNoP1:
		return nil, true, nil
	case AccessOverPrivileged:
		g = reader(roleGlobalAdmin)
		g.Graph = []string{"AuditLog.Read.All", "Directory.ReadWrite.All", "Mail.ReadWrite", "Mail.Send", "Policy.Read.All", "RoleManagement.ReadWrite.Directory"}
		g.ExchangeOther = []string{"full_access_as_app"}
		return g, false, nil
	}
	return nil, false, fmt.Errorf("faketenant: access %q: want %s", name, strings.Join(AccessProfiles(), ", "))
}

// grant fills in the profile that is named.
func (o *Options) grant() error {
	if o.Access != "" {
		if o.Grant != nil {
			return fmt.Errorf("faketenant: access %q and a grant: want one of them", o.Access)
		}
		g, noPremium, err := AccessProfile(o.Access)
		if err != nil {
			return err
		}
		o.Grant, o.NoPremium = g, o.NoPremium || noPremium
	}
	if o.Grant == nil {
		return nil
	}
	return o.Grant.check()
}
