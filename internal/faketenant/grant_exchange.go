package faketenant

import (
	"net/http"
	"slices"
	"strings"
)

// Management roles of Exchange.
const (
	mrConfiguration = "View-Only Configuration"
	mrRecipients    = "View-Only Recipients"
	mrViewLogs      = "View-Only Audit Logs"
	mrAuditLogs     = "Audit Logs"
	mrSecReader     = "Security Reader"
	mrSecAdmin      = "Security Admin"
	mrUserOptions   = "User Options"
	mrMailbox       = "Mail Recipients"
	mrOrganization  = "Organization Configuration"
	mrRoles         = "Role Management"
	mrDomains       = "Remote and Accepted Domains"
	mrRules         = "Transport Rules"
	mrHygiene       = "Transport Hygiene"
	mrTransport     = "Organization Transport Settings"
	mrJournal       = "Journaling"
	mrCompliance    = "Compliance Admin"
	mrPolicies      = "Recipient Policies"
	mrSharing       = "Federated Sharing"
)

// holders are the management roles that hold each cmdlet. The cmdlets about what is in a
// mailbox are in no role that only views.
// Sources: learn.microsoft.com/exchange/permissions-exo/permissions-exo and the page of
// each cmdlet.
var holders = map[string][]string{
	"Get-AcceptedDomain":                 {mrConfiguration, mrDomains},
	"Get-AdminAuditLogConfig":            {mrConfiguration, mrViewLogs, mrAuditLogs},
	"Get-ApplicationAccessPolicy":        {mrConfiguration, mrOrganization},
	"Get-AuthenticationPolicy":           {mrConfiguration, mrOrganization, mrPolicies},
	"Get-CASMailbox":                     {mrRecipients, mrMailbox, mrUserOptions},
	"Get-DistributionGroupMember":        {mrRecipients, mrMailbox},
	"Get-HostedOutboundSpamFilterPolicy": {mrConfiguration, mrSecReader, mrSecAdmin, mrHygiene},
	"Get-HostedOutboundSpamFilterRule":   {mrConfiguration, mrSecReader, mrSecAdmin, mrHygiene},
	"Get-InboundConnector":               {mrConfiguration, mrDomains},
	"Get-InboxRule":                      {mrUserOptions, mrMailbox},
	"Get-JournalRule":                    {mrConfiguration, mrJournal, mrCompliance},
	"Get-Mailbox":                        {mrRecipients, mrMailbox, mrUserOptions},
	"Get-MailboxAuditBypassAssociation":  {mrConfiguration, mrCompliance, mrJournal},
	"Get-MailboxCalendarFolder":          {mrUserOptions, mrMailbox},
	"Get-MailboxFolderPermission":        {mrUserOptions, mrMailbox},
	"Get-MailboxFolderStatistics":        {mrRecipients, mrMailbox, mrUserOptions},
	"Get-MailboxPermission":              {mrRecipients, mrMailbox},
	"Get-MailboxPlan":                    {mrRecipients, mrMailbox},
	"Get-MailboxStatistics":              {mrRecipients, mrMailbox},
	"Get-ManagementRoleAssignment":       {mrConfiguration, mrRoles},
	"Get-OrganizationConfig":             {mrConfiguration, mrOrganization},
	"Get-OutboundConnector":              {mrConfiguration, mrDomains},
	"Get-OwaMailboxPolicy":               {mrConfiguration, mrPolicies, mrMailbox},
	"Get-Recipient":                      {mrRecipients, mrMailbox},
	"Get-RecipientPermission":            {mrRecipients, mrViewLogs, mrMailbox},
	"Get-RemoteDomain":                   {mrConfiguration, mrDomains},
	"Get-RoleGroup":                      {mrConfiguration, mrRoles},
	"Get-RoleGroupMember":                {mrConfiguration, mrRoles},
	"Get-ServicePrincipal":               {mrConfiguration, mrRoles},
	"Get-SharingPolicy":                  {mrConfiguration, mrSharing},
	"Get-TransportConfig":                {mrConfiguration, mrTransport, mrJournal},
	"Get-TransportRule":                  {mrConfiguration, mrSecReader, mrRules},
	"Get-User":                           {mrRecipients, mrMailbox},
	"Search-MailboxAuditLog":             {mrViewLogs, mrAuditLogs},
	"Search-UnifiedAuditLog":             {mrViewLogs, mrAuditLogs},
}

// changingCmdlets are in the list of whoever administers Exchange. Nothing here runs them.
var changingCmdlets = []string{"Add-MailboxPermission", "New-InboxRule", "New-TransportRule", "Remove-MailboxPermission",
	"Set-AdminAuditLogConfig", "Set-Mailbox", "Set-OrganizationConfig", "Set-TransportRule"}

func knownManagementRole(name string) bool {
	for _, roles := range holders {
		if slices.Contains(roles, name) {
			return true
		}
	}
	return false
}

// securityCmdlets are what a Security Reader was seen to be allowed.
var securityCmdlets = []string{"Get-AdminAuditLogConfig", "Get-TransportRule", "Get-HostedOutboundSpamFilterPolicy", "Get-HostedOutboundSpamFilterRule"}

// admitted are the directory roles that Exchange lets in, with their management roles and
// cmdlets. Of the two at the end everything is allowed.
var admitted = []struct {
	role    *directoryRole
	roles   []string
	cmdlets []string
	all     bool
}{
	{role: roleGlobalReader, roles: []string{mrConfiguration, mrRecipients}},
	{role: roleSecReader, cmdlets: securityCmdlets},
	{role: roleSecAdmin, roles: []string{mrSecAdmin}, cmdlets: securityCmdlets},
	{role: roleHelpdesk, roles: []string{mrUserOptions, mrRecipients}},
	{role: roleExchangeAdmin, all: true},
	{role: roleGlobalAdmin, all: true},
}

// runnable lists the cmdlets that the identity may run, sorted and in lower case: nil for everything
// that is served here.
func (g *Grant) runnable() map[string]bool {
	if g == nil {
		return nil
	}
	out := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			out[strings.ToLower(n)] = true
		}
	}
	roles := slices.Clone(g.ExchangeRoles)
	add(g.Cmdlets...)
	for _, a := range admitted {
		if !slices.ContainsFunc(g.Roles, func(id string) bool { return strings.EqualFold(id, a.role.id) }) {
			continue
		}
		roles = append(roles, a.roles...)
		add(a.cmdlets...)
		if a.all {
			add(changingCmdlets...)
			for name := range holders {
				add(name)
			}
		}
	}
	for name, in := range holders {
		if slices.ContainsFunc(in, func(r string) bool { return slices.Contains(roles, r) }) {
			add(name)
		}
	}
	return out
}

// mayRun reports whether the identity may run a cmdlet.
func (t *Tenant) mayRun(name string) bool {
	low := strings.ToLower(name)
	return !t.denied[low] && (t.runnable == nil || t.runnable[low])
}

// exported are the names of the cmdlets that the identity may run.
func (t *Tenant) exported() []string {
	var out []string
	for _, c := range cmdletTable {
		if t.mayRun(c.name) {
			out = append(out, c.name)
		}
	}
	for _, name := range changingCmdlets {
		if t.runnable[strings.ToLower(name)] {
			out = append(out, name)
		}
	}
	return out
}

// exchangePermissions open the admin API.
var exchangePermissions = []string{"Exchange.ManageAsApp", "Exchange.Manage"}

// keptOut answers an identity that Exchange does not let in at all: without the permission
// of the API, or without any role.
func (x *exchange) keptOut() bool {
	if x.t.opt.Grant == nil {
		return false
	}
	c, _ := x.claims()
	switch {
	case !c.holds(exchangePermissions):
		x.refuse(exchangeAudience, "")
	case len(x.t.runnable) > 0:
		return false
	case c.person():
		f := invalid("Provide valid credential", "System.UnauthorizedAccessException")
		x.exo(f.status, f.body)
	default:
		x.exo(http.StatusUnauthorized, contextError("Unauthorized", "System.UnauthorizedAccessException",
			"The role assigned to application "+c.AppID+" isn't supported in this scenario. Please check online documentation for assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication."))
	}
	return true
}
