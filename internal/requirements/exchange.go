package requirements

import (
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

type source = snapshot.Source

// Exchange management roles. The first four change nothing.
const (
	viewConfiguration = "View-Only Configuration"
	viewRecipients    = "View-Only Recipients"
	viewAuditLogs     = "View-Only Audit Logs"
	securityReader    = "Security Reader"

	userOptions    = "User Options"
	mailRecipients = "Mail Recipients"
)

// exchangeTable are the sources of Exchange Online.
// Sources: https://learn.microsoft.com/exchange/permissions-exo/permissions-exo for the
// view-only roles and role groups, https://learn.microsoft.com/powershell/exchange/app-only-auth-powershell-v2
// for the directory roles that Exchange admits, and the roles that each cmdlet's page names.
// Microsoft documents that Get-InboxRule is not open to view-only roles.
func exchangeTable() []Requirement {
	row := func(name string, roles []string, viewOnly ...string) Requirement {
		cmdlet, _, _ := strings.Cut(name, ".")
		return Requirement{Source: "exo/" + source(name), Service: Exchange, Reads: cmdlet, Cmdlet: cmdlet, Roles: roles, ViewOnly: viewOnly}
	}
	global := []string{facts.GlobalReader}
	security := []string{facts.SecurityReader, facts.GlobalReader}
	custom := func(name string, holders ...string) Requirement {
		r := row(name, nil)
		r.Holders = holders
		return r
	}
	return []Requirement{
		{Source: "exo/EXOModuleFile", Service: Exchange, Reads: "EXOModuleFile", Roles: security},
		row("Get-OrganizationConfig", global, viewConfiguration),
		row("Get-AdminAuditLogConfig", security, viewAuditLogs),
		row("Get-TransportConfig", global, viewConfiguration),
		row("Get-AcceptedDomain", global, viewConfiguration),
		row("Get-RemoteDomain", global, viewConfiguration),
		row("Get-HostedOutboundSpamFilterPolicy", security, viewConfiguration, securityReader),
		row("Get-HostedOutboundSpamFilterRule", security, viewConfiguration, securityReader),
		row("Get-InboundConnector", global, viewConfiguration),
		row("Get-OutboundConnector", global, viewConfiguration),
		row("Get-TransportRule", security, viewConfiguration, securityReader),
		row("Get-SharingPolicy", global, viewConfiguration),
		row("Get-RoleGroup", global, viewConfiguration),
		row("Get-RoleGroupMember", global, viewConfiguration),
		row("Get-ManagementRoleAssignment", global, viewConfiguration),
		row("Get-ApplicationAccessPolicy", global, viewConfiguration),
		row("Get-ServicePrincipal", global, viewConfiguration),
		row("Get-MailboxAuditBypassAssociation", global, viewConfiguration),
		row("Get-Mailbox", global, viewRecipients),
		row("Get-CASMailbox", global, viewRecipients),
		row("Get-Recipient", global, viewRecipients),
		row("Get-Recipient.byDN", global, viewRecipients),
		row("Get-RecipientPermission", global, viewRecipients, viewAuditLogs),
		row("Get-MailboxPermission", global, viewRecipients),
		row("Get-MailboxFolderStatistics", global, viewRecipients),
		custom("Get-InboxRule", userOptions, mailRecipients),
		custom("Get-InboxRule.visible", userOptions, mailRecipients),
		custom("Get-MailboxFolderPermission", userOptions, mailRecipients),
	}
}
