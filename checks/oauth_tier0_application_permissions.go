package checks

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

var oauthTier0ApplicationPermissions = Check{
	ID:       "oauth.tier0_application_permissions",
	Title:    "No application holds permissions that lead to Global Administrator without a reason",
	Severity: Critical,
	Needs: []snapshot.Dataset{
		snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.GroupMembers,
		snapshot.DirectoryRoleAssignments, snapshot.ExchangeRoleAssignments,
	},
	Subject: "applications that are not Microsoft's",
	Why:     "Such an application can give itself or anybody else the highest role, without a user and without a second factor. Whoever holds its secret holds the tenant.",
	Rule: "Application permissions of tier critical whose impact is escalation, consent or identity, on any resource, held directly or through a group. Applications that Microsoft owns (by tenant) are left out. " +
		"Exchange.ManageAsApp does nothing by itself: it counts when the application also holds a directory role or an Exchange role group, directly or through a group, other than Global Reader, Security Reader and View-Only Organization Management.",
	Fix: "Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId <principal> -AppRoleAssignmentId <id>; grant the narrowest permission that does the work",
	Sources: []string{
		"https://learn.microsoft.com/graph/permissions-reference",
		"https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference",
		"https://learn.microsoft.com/powershell/exchange/app-only-auth-powershell-v2",
		investigateConsentPage,
	},
	Run: runTier0ApplicationPermissions,
}

// heldPermission is one permission of a finding, as details show it.
type heldPermission struct {
	Permission string `json:"permission"`
	Resource   string `json:"resource"`
	Impact     string `json:"impact"`
	// ViaGroup is the id of the group that holds the assignment; "" for a direct one.
	ViaGroup   string `json:"viaGroup"`
	Assignment string `json:"assignment"`
	needsRole  bool
}

type holderOfTier0 struct {
	name     string // as the assignment has it
	held     []heldPermission
	evidence []Evidence
}

func runTier0ApplicationPermissions(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	inGroup, err := in.groupedApplications()
	if err != nil {
		return Output{}, err
	}
	holders, err := in.tier0Holders(apps, inGroup)
	if err != nil {
		return Output{}, err
	}
	roles, err := in.powerfulRoles(apps, inGroup)
	if err != nil {
		return Output{}, err
	}
	var out Output
	for _, sp := range apps.byID {
		if !firstParty(sp) {
			out.Evaluated++
		}
	}
	unknown := 0
	for id, h := range holders {
		sp, known := apps.find(id)
		switch {
		case !known:
			unknown++
			continue
		case firstParty(sp):
			continue
		case sp.ID == "":
			out.Evaluated++ // an assignment of a principal that is no longer listed
		}
		held := slices.DeleteFunc(slices.Clone(h.held), func(p heldPermission) bool { return p.needsRole && len(roles[id]) == 0 })
		if len(held) > 0 {
			out.Findings = append(out.Findings, h.finding(id, sp, held, roles[id]))
		}
	}
	out.Gaps = gap("who owns the application is not known", unknown)
	return out, nil
}

// groupedApplications returns the service principals in each group, transitively.
func (in Input) groupedApplications() (map[string][]string, error) {
	groups := map[string][]string{}
	for m, err := range in.GroupMembers() {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(m.MemberType, "servicePrincipal") {
			key := strings.ToLower(m.Group)
			groups[key] = append(groups[key], strings.ToLower(m.Member))
		}
	}
	return groups, nil
}

// tier0Holders returns who holds a permission that leads to control of the
// tenant, by object id in lower case.
func (in Input) tier0Holders(apps applications, inGroup map[string][]string) (map[string]*holderOfTier0, error) {
	holders := map[string]*holderOfTier0{}
	for a, err := range in.AppRoleAssignments() {
		if err != nil {
			return nil, err
		}
		rating, ok := rateAppRole(a, apps)
		if !ok || rating.Tier != "critical" || !slices.Contains([]string{"escalation", "consent", "identity"}, rating.Impact) {
			continue
		}
		p := heldPermission{
			Permission: rating.Value,
			Resource:   displayName(a.ResourceName, a.Resource),
			Impact:     rating.Impact,
			Assignment: a.ID,
			needsRole:  strings.HasPrefix(rating.Value, "Exchange.ManageAsApp"),
		}
		var who []string
		switch {
		case strings.EqualFold(a.PrincipalType, "ServicePrincipal"):
			who = []string{strings.ToLower(a.Principal)}
		case strings.EqualFold(a.PrincipalType, "Group"):
			p.ViaGroup = a.Principal
			who = inGroup[strings.ToLower(a.Principal)]
		}
		for _, id := range who {
			h := holders[id]
			if h == nil {
				h = &holderOfTier0{}
				holders[id] = h
			}
			if p.ViaGroup == "" {
				h.name = a.PrincipalName
			}
			h.held = append(h.held, p)
			h.evidence = append(h.evidence, evidence(snapshot.AppRoleAssignments, a))
		}
	}
	return holders, nil
}

// rateAppRole rates an assignment by the application id of its resource and the
// id of the role: names of roles can be chosen freely by whoever registers an
// API. A resource that is not listed is tried as each of the known ones; ids of
// the permissions that matter here do not repeat across them.
func rateAppRole(a snapshot.AppRoleAssignment, apps applications) (facts.RiskRating, bool) {
	if resource, ok := apps.byID[strings.ToLower(a.Resource)]; ok {
		if r, ok := facts.RiskByID(resource.AppID, a.AppRoleID, facts.Application); ok {
			return r, true
		}
		return facts.Risk(resource.AppID, a.AppRole, facts.Application)
	}
	for _, appID := range facts.Resources() {
		if r, ok := facts.RiskByID(appID, a.AppRoleID, facts.Application); ok {
			return r, true
		}
	}
	return facts.RiskRating{}, false
}

// powerfulRoles returns the active directory roles and Exchange role groups of
// each service principal that let Exchange.ManageAsApp do more than read, by
// object id in lower case, sorted.
func (in Input) powerfulRoles(apps applications, inGroup map[string][]string) (map[string][]string, error) {
	roles := map[string][]string{}
	give := func(member, role string) {
		member = strings.ToLower(member)
		for _, id := range append([]string{member}, inGroup[member]...) {
			if !slices.Contains(roles[id], role) {
				roles[id] = append(roles[id], role)
			}
		}
	}
	for r, err := range in.DirectoryRoleAssignments() {
		if err != nil {
			return nil, err
		}
		readOnly := strings.EqualFold(r.RoleTemplateID, facts.GlobalReader) || strings.EqualFold(r.RoleTemplateID, facts.SecurityReader)
		if !readOnly && strings.EqualFold(r.Assignment, "active") {
			give(r.Member, displayName(r.Role, r.RoleTemplateID))
		}
	}
	byAppID := map[string]string{}
	for id, sp := range apps.byID {
		byAppID[strings.ToLower(sp.AppID)] = id
	}
	for r, err := range in.ExchangeRoleAssignments() {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(r.RoleGroup, "View-Only Organization Management") {
			continue
		}
		give(r.Member, r.RoleGroup)
		// Exchange may name an application by its appId.
		if id, ok := byAppID[strings.ToLower(r.Member)]; ok {
			give(id, r.RoleGroup)
		}
	}
	for _, list := range roles {
		slices.Sort(list)
	}
	return roles, nil
}

func (h *holderOfTier0) finding(id string, sp snapshot.ServicePrincipal, held []heldPermission, roles []string) Finding {
	slices.SortFunc(held, func(a, b heldPermission) int {
		return strings.Compare(a.Permission+a.Resource+a.Assignment, b.Permission+b.Resource+b.Assignment)
	})
	var names, assignments []string
	for _, p := range held {
		if !slices.Contains(names, p.Permission) {
			names = append(names, p.Permission)
		}
		assignments = append(assignments, p.Assignment)
	}
	objectID := sp.ID
	if objectID == "" {
		objectID = id
	}
	name := displayName(sp.DisplayName, displayName(h.name, objectID))
	details := applicationDetails(sp)
	details["permissions"] = held
	details["roles"] = append([]string{}, roles...)
	f := Finding{
		Subject: Subject{Type: "servicePrincipal", ID: objectID, Name: name},
		Summary: fmt.Sprintf("%s holds %s that can take over the tenant: %s.", name, plural(len(names), "permission"), few(names)),
		Details: details,
	}
	for _, e := range h.evidence {
		if slices.Contains(assignments, e.Key) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	if sp.ID != "" {
		f.Evidence = append(f.Evidence, evidence(snapshot.ServicePrincipals, sp))
	}
	return f
}
