package normalize

import (
	"slices"
	"strings"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// always are read in every run: who is asking, and whom.
var always = []snapshot.Source{"graph/organization", "graph/me"}

// everybody are the lists that turn a name into somebody.
var everybody = []snapshot.Source{"graph/users", "graph/groups", "exo/Get-Mailbox", "exo/Get-Recipient"}

// trustees are those that turn the holder of a right into somebody: applications hold
// rights too.
var trustees = append([]snapshot.Source{"graph/servicePrincipals", "exo/Get-ServicePrincipal"}, everybody...)

// targets are those that say where mail for a name goes: to whom, to which members, and
// inside or outside.
var targets = append([]snapshot.Source{"graph/groupMembers", "exo/Get-AcceptedDomain"}, everybody...)

// byName is the look-up of names that the lists do not show.
const byName snapshot.Source = "exo/Get-Recipient.byDN"

// helpers are the sources that fill columns of a dataset beside those it is made of.
var helpers = map[snapshot.Dataset][]snapshot.Source{
	snapshot.UserLicences:              {"graph/subscribedSkus"},
	snapshot.Mailboxes:                 append([]snapshot.Source{"graph/subscribedSkus", byName}, targets...),
	snapshot.AuditBypasses:             everybody,
	snapshot.InboxRules:                append([]snapshot.Source{byName}, targets...),
	snapshot.TransportRules:            targets,
	snapshot.MailboxPermissions:        trustees,
	snapshot.SendAs:                    trustees,
	snapshot.SendOnBehalf:              append([]snapshot.Source{byName}, trustees...),
	snapshot.FolderPermissions:         trustees,
	snapshot.ServicePrincipals:         {"graph/servicePrincipalOwners", "graph/applicationOwners"},
	snapshot.OAuth2PermissionGrants:    {"graph/servicePrincipals", "graph/users"},
	snapshot.AppRoleAssignments:        {"graph/servicePrincipals", "graph/servicePrincipalRoles", "graph/users", "graph/groups"},
	snapshot.DirectoryRoleAssignments:  {"graph/roleDefinitions", "graph/users", "graph/groups", "graph/servicePrincipals"},
	snapshot.RoleAssignmentSchedules:   {"graph/roleDefinitions", "graph/users", "graph/groups", "graph/servicePrincipals", "graph/subscribedSkus"},
	snapshot.ExchangeRoleAssignments:   trustees,
	snapshot.ManagementRoleAssignments: trustees,
	snapshot.ApplicationAccessPolicies: {"exo/Get-ServicePrincipal", "exo/Get-Recipient", "graph/servicePrincipals", "graph/groups"},
	snapshot.CASMailboxes:              {"exo/Get-Mailbox"},
	snapshot.GroupMembers:              {"graph/users", "graph/groups"},
}

// groupsNamedBy are the sources that can name a group whose members matter: everything
// that can hold a right or be a target.
var groupsNamedBy = append([]snapshot.Source{
	"exo/Get-MailboxPermission", "exo/Get-RecipientPermission", "exo/Get-MailboxFolderStatistics", "exo/Get-MailboxFolderPermission", "exo/Get-InboxRule",
	"exo/Get-TransportRule", "exo/Get-RoleGroup", "exo/Get-RoleGroupMember", "exo/Get-ApplicationAccessPolicy", "exo/Get-ManagementRoleAssignment",
	"exo/Get-AcceptedDomain", "graph/appRoleAssignments", "graph/roleAssignments", "graph/roleEligibilitySchedules",
}, trustees...)

// WithParts are the datasets with those that a computed one among them is computed from, sorted.
func WithParts(sets []snapshot.Dataset) []snapshot.Dataset { return withParts(sets) }

// withParts adds to the datasets what the computed one among them is made of.
func withParts(sets []snapshot.Dataset) []snapshot.Dataset {
	out := slices.Clone(sets)
	if slices.Contains(sets, snapshot.EffectiveAccess) {
		out = append(out, permissions.AccessInputs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SourcesFor lists the sources that the datasets are made of and resolved with, sorted.
// Members are read of the groups that the chosen datasets name, whichever those are.
func SourcesFor(sets []snapshot.Dataset) []snapshot.Source {
	sets = withParts(sets)
	out := slices.Clone(always)
	for _, s := range sets {
		o := origins[s]
		out = append(out, o.listings...)
		out = append(out, o.perMailbox...)
		if len(o.perMailbox) > 0 {
			out = append(out, o.needs)
		}
		out = append(out, helpers[s]...)
		if s == snapshot.GroupMembers && len(sets) == 1 {
			out = append(out, groupsNamedBy...) // no other dataset says which groups matter
		}
	}
	if slices.Contains(out, "exo/Get-AcceptedDomain") {
		out = append(out, "graph/domains") // which stand in for Exchange's
	}
	if slices.ContainsFunc(out, func(s snapshot.Source) bool { return strings.HasPrefix(string(s), "exo/") }) {
		out = append(out, "exo/EXOModuleFile")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// GroupSources are the sources that GroupsOfInterest reads.
func GroupSources() []snapshot.Source {
	out := append(slices.Clone(groupsNamedBy), byName, "graph/servicePrincipalRoles", "graph/domains")
	slices.Sort(out)
	return slices.Compact(out)
}

// SourcesOf lists the sources that the datasets themselves are made of, sorted,
// without those that only resolve names.
func SourcesOf(sets []snapshot.Dataset) []snapshot.Source {
	var out []snapshot.Source
	for _, s := range withParts(sets) {
		o := origins[s]
		out = append(append(out, o.listings...), o.perMailbox...)
		if o.needs != "" {
			out = append(out, o.needs)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
