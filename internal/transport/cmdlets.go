package transport

// kind is what values a cmdlet parameter may have.
type kind int

const (
	flag     kind = iota // bool
	text                 // non-empty string without control characters
	identity             // names one object: never empty, never a wildcard, never null
	enum                 // names of the parameter's own list; one string, a comma list, or a list
	list                 // non-empty list of texts
	pages                // "Unlimited" or a count from 1
	count                // 1 … 5000
	instant              // RFC 3339 time, or a date
)

// parameter is one row of a cmdlet's table.
type parameter struct {
	kind     kind
	required bool
	names    []string // of an enum
}

type parameters map[string]parameter

// with adds rows to a copy.
func (p parameters) with(more parameters) parameters {
	all := make(parameters, len(p)+len(more))
	for name, row := range p {
		all[name] = row
	}
	for name, row := range more {
		all[name] = row
	}
	return all
}

var (
	// byName serves configuration objects: all of them, or one by name.
	byName = parameters{"Identity": {kind: identity}}
	// listed serves cmdlets that page and know ResultSize.
	listed = parameters{"Identity": {kind: identity}, "ResultSize": {kind: pages}}
	// ofOne serves cmdlets that read something of one object. Without an identity
	// several of them answer for every object of the tenant, or for the caller.
	ofOne = parameters{"Identity": {kind: identity, required: true}}
)

// mailboxTypes are the values of RecipientTypeDetails that Get-Mailbox knows.
// A name that merely begins like one is accepted by the service and gives no rows,
// which is why names are checked here.
// Source: https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailbox
var mailboxTypes = []string{
	"DiscoveryMailbox", "EquipmentMailbox", "GroupMailbox", "LegacyMailbox", "LinkedMailbox", "LinkedRoomMailbox",
	"RoomMailbox", "SchedulingMailbox", "SharedMailbox", "TeamMailbox", "UserMailbox",
}

// recipientTypes are the values that Get-Recipient and Get-User know.
// Source: https://learn.microsoft.com/powershell/module/exchangepowershell/get-recipient
var recipientTypes = append([]string{
	"DisabledUser", "DynamicDistributionGroup", "GuestMailUser", "LinkedUser", "MailContact", "MailForestContact",
	"MailNonUniversalGroup", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailUser",
	"PublicFolder", "PublicFolderMailbox", "RemoteEquipmentMailbox", "RemoteRoomMailbox", "RemoteSharedMailbox",
	"RemoteTeamMailbox", "RemoteUserMailbox", "RoomList", "SharedWithMailUser", "SystemAttendantMailbox",
	"SystemMailbox", "User",
}, mailboxTypes...)

// folderScopes are the values of FolderScope.
// Source: https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxfolderstatistics
var folderScopes = []string{
	"All", "Archive", "Calendar", "Clutter", "Contacts", "ConversationHistory", "DeletedItems", "Drafts", "Inbox",
	"Journal", "JunkEmail", "LegacyArchiveJournals", "ManagedCustomFolder", "NonIpmRoot", "Notes", "Outbox",
	"Personal", "RecoverableItems", "RssSubscriptions", "SentItems", "SyncIssues", "Tasks",
}

var assigneeTypes = []string{
	"Computer", "ForeignSecurityPrincipal", "LinkedRoleGroup", "MailboxPlan", "PartnerLinkedRoleGroup",
	"RoleAssignmentPolicy", "RoleGroup", "SecurityGroup", "ServicePrincipal", "User",
}

// cmdlets is the whole of what may be invoked. A verb is no promise (there is a
// Search- cmdlet that deletes mail), so every name and every parameter is listed;
// names that are not here are not sent, whatever they begin with.
var cmdlets = map[string]parameters{
	"Get-OrganizationConfig":             {},
	"Get-AdminAuditLogConfig":            {},
	"Get-TransportConfig":                {},
	"Get-AcceptedDomain":                 listed,
	"Get-RemoteDomain":                   listed,
	"Get-HostedOutboundSpamFilterPolicy": byName,
	"Get-HostedOutboundSpamFilterRule":   byName,
	"Get-InboundConnector":               listed,
	"Get-OutboundConnector":              listed.with(parameters{"IncludeTestModeConnectors": {kind: flag}}),
	"Get-TransportRule":                  listed,
	"Get-JournalRule":                    byName,
	"Get-AuthenticationPolicy":           byName,
	"Get-OwaMailboxPolicy":               byName,
	"Get-SharingPolicy":                  byName,
	"Get-MailboxPlan":                    listed,
	"Get-RoleGroup":                      listed,
	"Get-RoleGroupMember":                ofOne.with(parameters{"ResultSize": {kind: pages}}),
	"Get-ManagementRoleAssignment": byName.with(parameters{
		"Enabled": {kind: flag}, "GetEffectiveUsers": {kind: flag}, "Role": {kind: identity},
		"RoleAssignee": {kind: identity}, "RoleAssigneeType": {kind: enum, names: assigneeTypes},
	}),
	"Get-ApplicationAccessPolicy":       byName,
	"Get-ServicePrincipal":              byName,
	"Get-MailboxAuditBypassAssociation": listed,
	"Get-Mailbox": listed.with(parameters{
		"Filter": {kind: text}, "RecipientTypeDetails": {kind: enum, names: mailboxTypes},
		"Arbitration": {kind: flag}, "GroupMailbox": {kind: flag}, "InactiveMailboxOnly": {kind: flag},
		"IncludeInactiveMailbox": {kind: flag}, "PublicFolder": {kind: flag}, "SoftDeletedMailbox": {kind: flag},
		"IncludeForwardingAddressWithDisplayNames":   {kind: flag},
		"IncludeGrantSendOnBehalfToWithDisplayNames": {kind: flag},
	}),
	"Get-CASMailbox": listed.with(parameters{"Filter": {kind: text}}),
	"Get-User": listed.with(parameters{
		"Filter": {kind: text}, "RecipientTypeDetails": {kind: enum, names: recipientTypes},
	}),
	"Get-Recipient": listed.with(parameters{
		"Filter": {kind: text}, "IncludeSoftDeletedRecipients": {kind: flag},
		"RecipientTypeDetails": {kind: enum, names: recipientTypes},
	}),
	"Get-DistributionGroupMember": ofOne.with(parameters{"ResultSize": {kind: pages}}),
	// Without an identity this one lists the rights over every recipient, and is meant to.
	"Get-RecipientPermission": listed.with(parameters{
		"AccessRights": {kind: enum, names: []string{"SendAs"}}, "Trustee": {kind: identity},
		"IncludeTrusteeWithPrimarySmtpAddress": {kind: flag},
	}),
	"Get-MailboxPermission": ofOne.with(parameters{
		"ResultSize": {kind: pages}, "GroupMailbox": {kind: flag},
		"IncludeSoftDeletedUserPermissions": {kind: flag}, "IncludeUnresolvedPermissions": {kind: flag},
	}),
	"Get-InboxRule": {
		"Mailbox": {kind: identity, required: true}, "Identity": {kind: identity},
		"IncludeHidden": {kind: flag}, "ResultSize": {kind: pages},
	},
	"Get-MailboxFolderStatistics": ofOne.with(parameters{
		"Archive": {kind: flag}, "FolderScope": {kind: enum, names: folderScopes}, "ResultSize": {kind: pages},
	}),
	"Get-MailboxFolderPermission": ofOne.with(parameters{
		"GroupMailbox": {kind: flag}, "ResultSize": {kind: pages}, "User": {kind: identity},
	}),
	"Get-MailboxCalendarFolder": ofOne,
	"Get-MailboxStatistics":     ofOne.with(parameters{"Archive": {kind: flag}}),
	"Search-UnifiedAuditLog": {
		"StartDate": {kind: instant, required: true}, "EndDate": {kind: instant, required: true},
		"SessionId": {kind: text}, "ResultSize": {kind: count}, "RecordType": {kind: text},
		"SessionCommand": {kind: enum, names: []string{"ReturnLargeSet", "ReturnNextPreviewPage"}},
		"Operations":     {kind: list}, "UserIds": {kind: list}, "ObjectIds": {kind: list},
		"HighCompleteness": {kind: flag},
	},
	"Search-MailboxAuditLog": {
		"Identity": {kind: identity}, "Mailboxes": {kind: list}, "ShowDetails": {kind: flag},
		"LogonTypes": {kind: enum, names: []string{"Admin", "Delegate", "External", "Owner"}},
		"StartDate":  {kind: instant}, "EndDate": {kind: instant}, "ResultSize": {kind: pages},
	},
}

// Cmdlets returns the names of all cmdlets that the guard lets through, unsorted.
func Cmdlets() []string {
	names := make([]string, 0, len(cmdlets))
	for name := range cmdlets {
		names = append(names, name)
	}
	return names
}
