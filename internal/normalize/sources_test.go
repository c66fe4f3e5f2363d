package normalize

import (
	"slices"
	"strings"
	"testing"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// Each set of datasets is what one check needs: what is read for it, and nothing else.
func TestSourcesForOneCheck(t *testing.T) {
	for name, c := range map[string]struct {
		sets []snapshot.Dataset
		want string
	}{
		"may users consent":  {[]snapshot.Dataset{snapshot.AuthorizationPolicies}, "graph/authorizationPolicy graph/me graph/organization"},
		"is there a licence": {[]snapshot.Dataset{snapshot.SKUs}, "graph/me graph/organization graph/subscribedSkus"},
		"direct send":        {[]snapshot.Dataset{snapshot.OrganizationConfigs}, "exo/EXOModuleFile exo/Get-OrganizationConfig graph/me graph/organization"},
		"smtp auth": {[]snapshot.Dataset{snapshot.TransportConfigs, snapshot.CASMailboxes},
			"exo/EXOModuleFile exo/Get-CASMailbox exo/Get-Mailbox exo/Get-TransportConfig graph/me graph/organization"},
		"full access": {[]snapshot.Dataset{snapshot.MailboxPermissions, snapshot.GroupMembers},
			"exo/EXOModuleFile exo/Get-Mailbox exo/Get-MailboxPermission exo/Get-Recipient exo/Get-ServicePrincipal graph/groupMembers graph/groups graph/me graph/organization graph/servicePrincipals graph/users"},
		"dangling grants": {[]snapshot.Dataset{snapshot.OAuth2PermissionGrants},
			"graph/me graph/oauth2PermissionGrants graph/organization graph/servicePrincipals graph/users"},
		"global administrators": {[]snapshot.Dataset{snapshot.DirectoryRoleAssignments, snapshot.GroupMembers},
			"graph/groupMembers graph/groups graph/me graph/organization graph/roleAssignments graph/roleDefinitions graph/roleEligibilitySchedules graph/servicePrincipals graph/users"},
		"permanent roles": {[]snapshot.Dataset{snapshot.RoleAssignmentSchedules, snapshot.SKUs},
			"graph/groups graph/me graph/organization graph/roleAssignmentScheduleInstances graph/roleDefinitions graph/servicePrincipals graph/subscribedSkus graph/users"},
		"accepted domains": {[]snapshot.Dataset{snapshot.AcceptedDomains}, "exo/EXOModuleFile exo/Get-AcceptedDomain graph/domains graph/me graph/organization"},
	} {
		var got []string
		for _, s := range SourcesFor(c.sets) {
			got = append(got, string(s))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: reads\n%s\nwant\n%s", name, strings.Join(got, " "), c.want)
		}
	}
}

// A dataset that is computed reads what its parts are made of.
func TestSourcesOfWhatIsComputed(t *testing.T) {
	for what, list := range map[string]func([]snapshot.Dataset) []snapshot.Source{"for": SourcesFor, "of": SourcesOf} {
		all := list([]snapshot.Dataset{snapshot.EffectiveAccess})
		for _, part := range permissions.AccessInputs {
			for _, s := range list([]snapshot.Dataset{part}) {
				if !slices.Contains(all, s) && part != snapshot.GroupMembers {
					t.Errorf("sources %s effective access lack %s of %s", what, s, part)
				}
			}
		}
	}
	for _, s := range []snapshot.Source{"exo/Get-CASMailbox", "graph/authorizationPolicy", "graph/roleAssignmentScheduleInstances"} {
		if slices.Contains(SourcesFor([]snapshot.Dataset{snapshot.EffectiveAccess}), s) {
			t.Errorf("%s says nothing of access", s)
		}
	}
}

// Groups are read off what is collected before: members of groups are never among it,
// and every source that can name one is.
func TestGroupSourcesComeBeforeTheMembers(t *testing.T) {
	got := GroupSources()
	if slices.Contains(got, "graph/groupMembers") {
		t.Error("members of groups wait for themselves")
	}
	for _, s := range SourcesFor([]snapshot.Dataset{snapshot.GroupMembers}) {
		if s != "graph/groupMembers" && !slices.Contains(got, s) && !slices.Contains(always, s) && s != "exo/EXOModuleFile" {
			t.Errorf("%s is read for the groups and not waited for", s)
		}
	}
}

// Every dataset has an origin, or is computed from those that have.
func TestEveryDatasetComesFromSomewhere(t *testing.T) {
	for _, d := range snapshot.Datasets() {
		if len(SourcesOf([]snapshot.Dataset{d})) == 0 {
			t.Errorf("%s is made of nothing", d)
		}
	}
}
