package exo

import (
	"net/url"
	"strings"

	"tenantaudit/internal/snapshot"
)

// The sources of this package.
const (
	SourceModuleFile              snapshot.Source = "exo/EXOModuleFile"
	SourceOrganizationConfig      snapshot.Source = "exo/Get-OrganizationConfig"
	SourceAdminAuditLogConfig     snapshot.Source = "exo/Get-AdminAuditLogConfig"
	SourceTransportConfig         snapshot.Source = "exo/Get-TransportConfig"
	SourceSharingPolicy           snapshot.Source = "exo/Get-SharingPolicy"
	SourceAcceptedDomain          snapshot.Source = "exo/Get-AcceptedDomain"
	SourceRemoteDomain            snapshot.Source = "exo/Get-RemoteDomain"
	SourceOutboundSpamPolicy      snapshot.Source = "exo/Get-HostedOutboundSpamFilterPolicy"
	SourceOutboundSpamRule        snapshot.Source = "exo/Get-HostedOutboundSpamFilterRule"
	SourceInboundConnector        snapshot.Source = "exo/Get-InboundConnector"
	SourceOutboundConnector       snapshot.Source = "exo/Get-OutboundConnector"
	SourceTransportRule           snapshot.Source = "exo/Get-TransportRule"
	SourceRoleGroup               snapshot.Source = "exo/Get-RoleGroup"
	SourceRoleGroupMember         snapshot.Source = "exo/Get-RoleGroupMember"
	SourceRoleAssignment          snapshot.Source = "exo/Get-ManagementRoleAssignment"
	SourceApplicationAccessPolicy snapshot.Source = "exo/Get-ApplicationAccessPolicy"
	SourceServicePrincipal        snapshot.Source = "exo/Get-ServicePrincipal"
	SourceAuditBypass             snapshot.Source = "exo/Get-MailboxAuditBypassAssociation"
	SourceMailbox                 snapshot.Source = "exo/Get-Mailbox"
	SourceCASMailbox              snapshot.Source = "exo/Get-CASMailbox"
	SourceRecipient               snapshot.Source = "exo/Get-Recipient"
	SourceRecipientByDN           snapshot.Source = "exo/Get-Recipient.byDN"
	SourceRecipientPermission     snapshot.Source = "exo/Get-RecipientPermission"
	SourceMailboxPermission       snapshot.Source = "exo/Get-MailboxPermission"
	SourceInboxRule               snapshot.Source = "exo/Get-InboxRule"
	SourceInboxRuleVisible        snapshot.Source = "exo/Get-InboxRule.visible"
	SourceFolderStatistics        snapshot.Source = "exo/Get-MailboxFolderStatistics"
	SourceFolderPermission        snapshot.Source = "exo/Get-MailboxFolderPermission"
)

// The units of SourceMailbox, one per kind of listing. None contains the others.
const (
	MailboxUnit             = ""             // user, shared, resource, discovery …
	GroupMailboxUnit        = "GroupMailbox" // Microsoft 365 groups
	InactiveMailboxUnit     = "Inactive"     // held after deletion; the active ones are sent again and count there not at all
	PublicFolderMailboxUnit = "PublicFolder"
)

// What to grant to an identity that is denied.
// Sources: https://learn.microsoft.com/exchange/permissions-exo/permissions-exo,
// https://learn.microsoft.com/powershell/exchange/app-only-auth-powershell-v2
const (
	viewConfiguration = "Global Reader, or an Exchange role group with View-Only Configuration"
	viewRecipients    = "Global Reader, or an Exchange role group with View-Only Recipients"
	readMailboxes     = "an Exchange role group with a role of Mail Recipients or User Options cut down to its Get- cmdlets"
)

// cmdlet is the name of the cmdlet that a source is read with.
func cmdlet(src snapshot.Source) string {
	name := strings.TrimPrefix(string(src), "exo/")
	name, _, _ = strings.Cut(name, ".")
	return name
}

// listing is one unit that one cmdlet lists whole.
type listing struct {
	source   snapshot.Source
	key      string
	params   map[string]any
	sel      []string
	optional []string
	atLeast  int  // rows that a working service cannot fail to send
	empty    bool // the list may be empty, so that 204 can mean "no rows"
	needs    string
	// entity and query are the entity set that serves the same rows where the cmdlet's
	// paging does not work; "" for none.
	entity string
	query  url.Values
}

func unlimitedRows() map[string]any { return map[string]any{"ResultSize": unlimited} }

func with(params map[string]any, name string, value any) map[string]any {
	params[name] = value
	return params
}

// onlyResultSize: the pages come without ResultSize as well.
var onlyResultSize = []string{"ResultSize"}

// recipientProperties are the properties that the listing asks for: what Recipient reads.
var recipientProperties = []string{
	"Name", "Id", "Identity", "DisplayName", "Alias", "RecipientType", "RecipientTypeDetails", "PrimarySmtpAddress", "EmailAddresses",
	"ExternalEmailAddress", "ExternalDirectoryObjectId", "Guid", "HiddenFromAddressListsEnabled", "ManagedBy", "LegacyExchangeDN",
}

// entityMailboxes is the query of the Mailbox entity set.
func entityMailboxes(name, value string) url.Values {
	q := url.Values{"PropertySet": {"Minimum,Audit,Delivery"}, "$select": {strings.Join(mailboxProperties, ",")}}
	if name != "" {
		q.Set(name, value)
	}
	return q
}

// listings are the tenant-wide lists, in the order in which they are read.
// Sources: the pages of the cmdlets under https://learn.microsoft.com/powershell/module/exchangepowershell/
var listings = []listing{
	{source: SourceOrganizationConfig, atLeast: 1, needs: viewConfiguration},
	{source: SourceAdminAuditLogConfig, atLeast: 1, needs: "Global Reader or Security Reader, or an Exchange role group with View-Only Audit Logs"},
	{source: SourceTransportConfig, atLeast: 1, needs: viewConfiguration},
	{source: SourceSharingPolicy, needs: viewConfiguration},
	{source: SourceAcceptedDomain, params: unlimitedRows(), optional: onlyResultSize, needs: viewConfiguration},
	{source: SourceRemoteDomain, params: unlimitedRows(), optional: onlyResultSize, needs: viewConfiguration},
	{source: SourceOutboundSpamPolicy, needs: "Global Reader or Security Reader"},
	{source: SourceOutboundSpamRule, empty: true, needs: "Global Reader or Security Reader"},
	{source: SourceInboundConnector, params: unlimitedRows(), optional: onlyResultSize, empty: true, needs: viewConfiguration},
	{source: SourceOutboundConnector, params: with(unlimitedRows(), "IncludeTestModeConnectors", true),
		optional: []string{"ResultSize", "IncludeTestModeConnectors"}, empty: true, needs: viewConfiguration},
	{source: SourceTransportRule, params: unlimitedRows(), optional: onlyResultSize, empty: true, needs: "Global Reader or Security Reader"},
	{source: SourceRoleGroup, params: unlimitedRows(), optional: onlyResultSize, needs: viewConfiguration},
	{source: SourceRoleAssignment, needs: viewConfiguration},
	{source: SourceApplicationAccessPolicy, empty: true, needs: viewConfiguration},
	{source: SourceServicePrincipal, empty: true, needs: viewConfiguration},
	{source: SourceAuditBypass, params: unlimitedRows(), optional: onlyResultSize, needs: viewConfiguration},
	{source: SourceMailbox, key: MailboxUnit, params: unlimitedRows(), sel: mailboxProperties, optional: onlyResultSize,
		needs: viewRecipients, entity: "Mailbox", query: entityMailboxes("", "")},
	{source: SourceMailbox, key: GroupMailboxUnit, params: with(unlimitedRows(), "GroupMailbox", true), sel: mailboxProperties, optional: onlyResultSize,
		empty: true, needs: viewRecipients, entity: "Mailbox", query: entityMailboxes("RecipientTypeDetails", "GroupMailbox")},
	{source: SourceMailbox, key: InactiveMailboxUnit, params: with(unlimitedRows(), "IncludeInactiveMailbox", true), sel: mailboxProperties, optional: onlyResultSize,
		empty: true, needs: viewRecipients, entity: "Mailbox", query: entityMailboxes("IncludeInactiveMailbox", "true")},
	{source: SourceMailbox, key: PublicFolderMailboxUnit, params: with(unlimitedRows(), "PublicFolder", true), sel: mailboxProperties, optional: onlyResultSize,
		empty: true, needs: viewRecipients},
	{source: SourceCASMailbox, params: unlimitedRows(), sel: casProperties, optional: onlyResultSize, needs: viewRecipients,
		entity: "CasMailbox", query: url.Values{"PropertySet": {"Minimum"}, "$select": {strings.Join(casProperties, ",")}}},
	{source: SourceRecipient, params: unlimitedRows(), sel: recipientProperties, optional: onlyResultSize, needs: viewRecipients,
		entity: "Recipient", query: url.Values{"PropertySet": {"Minimum"}, "$select": {strings.Join(recipientProperties, ",")}}},
}

// task is the reading of the listing by its cmdlet.
func (l listing) task(c *Client) *task {
	t := newTask(c, snapshot.UnitID{Source: l.source, Key: l.key}, call{
		cmdlet: cmdlet(l.source), params: l.params, sel: l.sel, optional: l.optional, noContent: l.empty,
	})
	t.atLeast, t.needs = l.atLeast, l.needs
	return t
}

// entityTask is the reading of the same rows from the entity set.
func (l listing) entityTask(c *Client) *task {
	t := newTask(c, snapshot.UnitID{Source: l.source, Key: l.key}, call{cmdlet: cmdlet(l.source), entity: l.entity, query: l.query})
	t.needs = l.needs
	return t
}
