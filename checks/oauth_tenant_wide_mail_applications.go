package checks

import (
	"fmt"
	"slices"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

var oauthTenantWideMailApplications = Check{
	ID:       "oauth.tenant_wide_mail_applications",
	Title:    "Applications that read or send mail are limited to named mailboxes",
	Severity: High,
	Needs: []snapshot.Dataset{
		snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.ApplicationAccessPolicies, snapshot.GroupMembers, snapshot.Mailboxes,
	},
	Subject: "applications that are not Microsoft's",
	Why:     "A mail permission of an application holds for every mailbox unless somebody limits it. Whoever gets its secret reads or sends as the board, with no user and no second factor, and mailbox owners see nothing of it.",
	Rule: "Looks at app roles on Microsoft Graph and Exchange Online for mail, mailbox settings, items and folders, calendars and contacts, full_access_as_app, Mailbox.Migration and the IMAP, POP and SMTP roles, held directly or through a group, and at roles of RBAC for Applications. " +
		"Application access policies limit Mail.Read, Mail.ReadBasic, Mail.ReadWrite, Mail.Send, MailboxSettings, Calendars, Contacts and full_access_as_app, and nothing else; they do not limit RBAC for Applications. " +
		"A permission is a finding when nothing limits it (a policy that only denies leaves new mailboxes open), or when its scopes hold more than half of the active mailboxes: a group of all staff is no limit. A scoped role beside a tenant-wide consent to the same or more limits nothing, which is said. " +
		"Severity by the worst such permission: high for tier critical and high, medium, else low; the IMAP, POP and SMTP roles work only where a mailbox grants access and count as medium; an application whose sign-in is switched off is low. " +
		"A scope whose members are not known is no verdict; nor are policies that were not read in full. Applications that Microsoft owns (by tenant) are left out.",
	Fix: "New-ManagementScope and New-ManagementRoleAssignment -App <appId> -Role \"Application Mail.Read\" -CustomResourceScope <scope>, then remove the consent in Entra ID (Remove-MgServicePrincipalAppRoleAssignment), because the scope limits nothing beside it; " +
		"or New-ApplicationAccessPolicy -AppId <appId> -AccessRight RestrictAccess -PolicyScopeGroupId <group of the few mailboxes>. Check with Test-ServicePrincipalAuthorization or Test-ApplicationAccessPolicy",
	Sources: []string{
		"https://learn.microsoft.com/exchange/permissions-exo/application-rbac",
		"https://learn.microsoft.com/exchange/permissions-exo/application-access-policies",
		"https://learn.microsoft.com/graph/auth-limit-mailbox-access",
		"https://learn.microsoft.com/graph/permissions-reference",
	},
	Run: runTenantWideMailApplications,
}

func runTenantWideMailApplications(in Input) (Output, error) {
	apps, err := in.applications()
	if err != nil {
		return Output{}, err
	}
	review, groups, err := in.mailReview(apps)
	if err != nil {
		return Output{}, err
	}
	holders, err := in.oauthHolders(apps, groups, false)
	if err != nil {
		return Output{}, err
	}
	var out Output
	judged := map[string]bool{}
	unknownScope, unknownOwner := 0, 0
	judge := func(id string, sp snapshot.ServicePrincipal) {
		judged[id] = true
		f, known := review.judge(sp, holders[id])
		switch {
		case f != nil:
			out.Evaluated++
			out.Findings = append(out.Findings, *f)
		case !known:
			unknownScope++
		default:
			out.Evaluated++
		}
	}
	for id, sp := range apps.byID {
		if !firstParty(sp) {
			judge(id, sp)
		}
	}
	for id, h := range holders {
		switch _, known := apps.find(id); {
		case judged[id] || !h.mail():
		case !known:
			unknownOwner++
		default: // a principal that is no longer listed
			judge(id, snapshot.ServicePrincipal{ID: id, DisplayName: h.name})
		}
	}
	out.Gaps = append(gap("who is in the scope of the mail permission is not known", unknownScope), gap("who owns the application is not known", unknownOwner)...)
	return out, nil
}

// judge judges one application. known is false when it has no finding only
// because nobody knows what one of its permissions reaches.
func (r mailReview) judge(sp snapshot.ServicePrincipal, h *oauthHolder) (f *Finding, known bool) {
	powers := r.powers(sp, h)
	severity := Severity("")
	known = true
	var wide []mailPower
	for _, p := range powers {
		switch {
		case p.wide():
			wide = append(wide, p)
			if p.severity().Rank() < severity.Rank() {
				severity = p.severity()
			}
		case p.Reaches == reachesUnknown:
			known = false
		}
	}
	if len(wide) == 0 {
		return nil, known
	}
	name := displayName(sp.DisplayName, sp.ID)
	raised := append(staffWide(wide), defeated(powers)...)
	summary := mailSummary(name, wide)
	if len(raised) > 0 {
		summary += "; " + few(raised)
	}
	if isFalse(sp.AccountEnabled) {
		severity = Low
		summary += "; its sign-in is switched off"
	}
	details := map[string]any{"mailPermissions": powers, "raised": raised}
	h.addTo(details)
	var proofs []Evidence
	for _, p := range powers {
		if p.proof != nil {
			proofs = append(proofs, *p.proof)
		}
	}
	if sp.AppID != "" {
		for _, row := range r.scopes.Rows(sp.AppID) {
			proofs = append(proofs, evidence(snapshot.ApplicationAccessPolicies, row))
		}
	}
	made := oauthFinding(sp, severity, summary+".", details, proofs...)
	return &made, true
}

// mailSummary says what is open, the permissions for everything first.
func mailSummary(name string, wide []mailPower) string {
	var all, protocol, most []string
	add := func(list []string, p string) []string {
		if slices.Contains(list, p) {
			return list
		}
		return append(list, p)
	}
	for _, p := range wide {
		switch p.Reaches {
		case reachesAll:
			all = add(all, p.Permission)
		case reachesProtocol:
			protocol = add(protocol, p.Permission)
		default:
			most = add(most, p.Permission)
		}
	}
	switch {
	case len(all) > 0:
		return fmt.Sprintf("%s has %s without a limit to named mailboxes", name, few(all))
	case len(most) > 0:
		return fmt.Sprintf("%s has %s for more than half of the mailboxes", name, few(most))
	}
	return fmt.Sprintf("%s has %s, which works where the mailbox grants it", name, few(protocol))
}

// staffWide says which scopes are too wide to be a limit, and how wide.
func staffWide(wide []mailPower) []string {
	list := []string{}
	for _, p := range wide {
		if p.Reaches == reachesMost {
			list = append(list, fmt.Sprintf("%s is limited to %s with %d of %d active mailboxes, which is no limit", p.Permission, few(p.Scopes), *p.Mailboxes, *p.Of))
		}
	}
	return slices.Compact(list)
}

// defeated names the scoped roles that a consent makes worthless.
func defeated(powers []mailPower) []string {
	var list []string
	for _, role := range powers {
		if role.Grant != byRole || role.reach.Everywhere {
			continue
		}
		for _, consent := range powers {
			if consent.Grant == byConsent && consent.Reaches == reachesAll && permissions.Includes(consent.Permission, role.Permission) {
				list = append(list, fmt.Sprintf("the consent to %s defeats the scope %s of the role for %s", consent.Permission, few(role.Scopes), role.Permission))
				break
			}
		}
	}
	return list
}
