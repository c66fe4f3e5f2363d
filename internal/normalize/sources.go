package normalize

import (
	"slices"

	"tenantaudit/internal/snapshot"
)

// always are read in every run: who is asking, whom, and what it may run.
var always = []snapshot.Source{"graph/organization", "graph/me", "graph/domains", "exo/EXOModuleFile"}

// who are the sources that turn names into people and groups into members.
var who = []snapshot.Source{
	"graph/users", "graph/groups", "graph/servicePrincipals", "graph/groupMembers",
	"exo/Get-Mailbox", "exo/Get-Recipient", "exo/Get-ServicePrincipal", "exo/Get-AcceptedDomain",
}

// helpers are the sources that fill columns of a dataset beside those it is made of.
var helpers = map[snapshot.Dataset][]snapshot.Source{
	snapshot.UserLicences:              {"graph/subscribedSkus"},
	snapshot.Mailboxes:                 append([]snapshot.Source{"graph/subscribedSkus", "exo/Get-Recipient.byDN"}, who...),
	snapshot.AuditBypasses:             who,
	snapshot.InboxRules:                append([]snapshot.Source{"exo/Get-Recipient.byDN"}, who...),
	snapshot.TransportRules:            who,
	snapshot.MailboxPermissions:        who,
	snapshot.SendAs:                    who,
	snapshot.SendOnBehalf:              who,
	snapshot.FolderPermissions:         who,
	snapshot.ServicePrincipals:         {"graph/servicePrincipalOwners"},
	snapshot.OAuth2PermissionGrants:    {"graph/servicePrincipals", "graph/servicePrincipalRoles", "graph/users"},
	snapshot.AppRoleAssignments:        {"graph/servicePrincipals", "graph/servicePrincipalRoles", "graph/users", "graph/groups", "graph/groupMembers"},
	snapshot.DirectoryRoleAssignments:  {"graph/roleDefinitions", "graph/users", "graph/groups", "graph/servicePrincipals", "graph/groupMembers"},
	snapshot.ExchangeRoleAssignments:   who,
	snapshot.ApplicationAccessPolicies: {"exo/Get-ServicePrincipal", "graph/servicePrincipals", "graph/groups", "graph/groupMembers"},
	// Which groups matter is read off everything that can hold or reach one.
	snapshot.GroupMembers: append([]snapshot.Source{
		"exo/Get-MailboxPermission", "exo/Get-RecipientPermission", "exo/Get-MailboxFolderStatistics", "exo/Get-MailboxFolderPermission", "exo/Get-InboxRule",
		"exo/Get-TransportRule", "exo/Get-RoleGroup", "exo/Get-RoleGroupMember", "exo/Get-ApplicationAccessPolicy", "exo/Get-ManagementRoleAssignment",
		"graph/appRoleAssignments", "graph/roleAssignments", "graph/roleEligibilitySchedules",
	}, who...),
}

// SourcesFor lists the sources that the datasets are made of and resolved with, sorted.
// Members are read of the groups that the chosen datasets name, whichever those are.
func SourcesFor(sets []snapshot.Dataset) []snapshot.Source {
	out := slices.Clone(always)
	for _, s := range sets {
		o := origins[s]
		out = append(out, o.listings...)
		out = append(out, o.perMailbox...)
		if len(o.perMailbox) > 0 {
			out = append(out, o.needs)
		}
		if s == snapshot.GroupMembers && len(sets) > 1 {
			continue // the other datasets say which groups matter
		}
		out = append(out, helpers[s]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// GroupSources are the sources that GroupsOfInterest reads.
func GroupSources() []snapshot.Source {
	out := slices.Clone(helpers[snapshot.GroupMembers])
	out = append(out, "exo/Get-Recipient.byDN", "graph/servicePrincipalRoles", "graph/domains")
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s snapshot.Source) bool { return s == "graph/groupMembers" })
}

// SourcesOf lists the sources that the datasets themselves are made of, sorted,
// without those that only resolve names.
func SourcesOf(sets []snapshot.Dataset) []snapshot.Source {
	var out []snapshot.Source
	for _, s := range sets {
		o := origins[s]
		out = append(append(out, o.listings...), o.perMailbox...)
		if o.needs != "" {
			out = append(out, o.needs)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
