package faketenant

import (
	"encoding/json"
	"sort"
	"strings"
)

// cmdlet is what the services know of one cmdlet.
type cmdlet struct {
	name   string
	params []parameter
	needs  []string // mandatory parameters
	rows   func(t *Tenant, a args) (rows, *failure)
}

// parameter of a cmdlet. enum lists its values, where it has any.
type parameter struct {
	name string
	kind paramKind
	enum *enum
}

type paramKind int

const (
	text paramKind = iota
	flag
	names
	number
)

type enum struct {
	typ    string
	values []string
}

var (
	mailboxTypes = &enum{"Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails[]", []string{
		"UserMailbox", "LinkedMailbox", "SharedMailbox", "LegacyMailbox", "RoomMailbox", "EquipmentMailbox", "SchedulingMailbox",
		"TeamMailbox", "DiscoveryMailbox", "GroupMailbox", "LinkedRoomMailbox"}}
	recipientTypes = &enum{"Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails[]", append([]string{
		"MailContact", "MailUser", "GuestMailUser", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailNonUniversalGroup",
		"DynamicDistributionGroup", "PublicFolder", "RoomList"}, mailboxTypes.values...)}
	folderScopes = &enum{"Microsoft.Exchange.Data.Directory.SystemConfiguration.ElcFolderType", []string{
		"Calendar", "Contacts", "DeletedItems", "Drafts", "Inbox", "JunkEmail", "Journal", "Notes", "Outbox", "SentItems", "Tasks", "All",
		"ManagedCustomFolder", "RssSubscriptions", "SyncIssues", "ConversationHistory", "Personal", "RecoverableItems", "NonIpmRoot",
		"LegacyArchiveJournals", "Clutter", "Archive"}}
)

func p(name string, kind paramKind) parameter { return parameter{name: name, kind: kind} }

var (
	pIdentity = p("Identity", text)
	pResult   = p("ResultSize", number)
	pFilter   = p("Filter", text)
	pAnr      = p("Anr", text)
	pSort     = p("SortBy", text)
)

// cmdletTable lists every cmdlet that answers. It is sorted by name.
var cmdletTable = []*cmdlet{
	{name: "Get-AcceptedDomain", params: []parameter{pIdentity, pResult}, rows: acceptedDomainRows},
	{name: "Get-AdminAuditLogConfig", rows: adminAuditRows},
	{name: "Get-ApplicationAccessPolicy", params: []parameter{pIdentity}, rows: accessPolicyRows},
	{name: "Get-AuthenticationPolicy", params: []parameter{pIdentity}, rows: authenticationPolicyRows},
	{name: "Get-CASMailbox", params: []parameter{pIdentity, pResult, pFilter, pAnr, pSort}, rows: casMailboxRows},
	{name: "Get-DistributionGroupMember", params: []parameter{pIdentity, pResult}, needs: []string{"Identity"}, rows: groupMemberRows},
	{name: "Get-HostedOutboundSpamFilterPolicy", params: []parameter{pIdentity}, rows: outboundPolicyRows},
	{name: "Get-HostedOutboundSpamFilterRule", params: []parameter{pIdentity, p("State", text)}, rows: outboundRuleRows},
	{name: "Get-InboundConnector", params: []parameter{pIdentity, pResult}, rows: inboundConnectorRows},
	{name: "Get-InboxRule", params: []parameter{p("Mailbox", text), pIdentity, p("IncludeHidden", flag), p("DescriptionTimeFormat", text),
		p("DescriptionTimeZone", text), p("BypassScopeCheck", flag), p("SweepRules", flag), pResult}, needs: []string{"Mailbox"}, rows: inboxRuleRows},
	{name: "Get-JournalRule", params: []parameter{pIdentity}, rows: journalRuleRows},
	{name: "Get-Mailbox", params: []parameter{pIdentity, pResult, pFilter, pAnr, pSort, p("Archive", flag), p("GroupMailbox", flag),
		p("IncludeInactiveMailbox", flag), p("InactiveMailboxOnly", flag), p("PublicFolder", flag), p("SoftDeletedMailbox", flag), p("Arbitration", flag),
		p("Migration", flag), p("MailboxPlan", text), p("IncludeGrantSendOnBehalfToWithDisplayNames", flag),
		p("IncludeForwardingAddressWithDisplayNames", flag), {"RecipientTypeDetails", names, mailboxTypes}}, rows: mailboxRows},
	{name: "Get-MailboxAuditBypassAssociation", params: []parameter{pIdentity, pResult}, rows: bypassRows},
	{name: "Get-MailboxCalendarFolder", params: []parameter{pIdentity}, needs: []string{"Identity"}, rows: calendarFolderRows},
	{name: "Get-MailboxFolderPermission", params: []parameter{pIdentity, p("User", text), p("GroupMailbox", flag), pResult},
		needs: []string{"Identity"}, rows: folderPermissionRows},
	{name: "Get-MailboxFolderStatistics", params: []parameter{pIdentity, {"FolderScope", text, folderScopes}, p("Archive", flag),
		p("IncludeOldestAndNewestItems", flag), p("IncludeAnalysis", flag), p("IncludeSoftDeletedRecipients", flag), pResult},
		needs: []string{"Identity"}, rows: folderStatisticsRows},
	{name: "Get-MailboxPermission", params: []parameter{pIdentity, p("User", text), p("Owner", flag), p("GroupMailbox", flag),
		p("IncludeUnresolvedPermissions", flag), p("IncludeSoftDeletedUserPermissions", flag), p("SoftDeletedMailbox", flag),
		p("ReadFromDomainController", flag), p("UseCustomRouting", flag), pResult}, needs: []string{"Identity"}, rows: mailboxPermissionRows},
	{name: "Get-MailboxPlan", params: []parameter{pIdentity, pResult, pFilter, p("AllMailboxPlanReleases", flag), pSort}, rows: mailboxPlanRows},
	{name: "Get-MailboxStatistics", params: []parameter{pIdentity, p("Archive", flag), p("IncludeQuarantineDetails", flag),
		p("IncludeSoftDeletedRecipients", flag)}, needs: []string{"Identity"}, rows: mailboxStatisticsRows},
	{name: "Get-ManagementRoleAssignment", params: []parameter{pIdentity, p("Role", text), p("RoleAssignee", text), p("RoleAssigneeType", text),
		p("GetEffectiveUsers", flag), p("Enabled", flag)}, rows: roleAssignmentRows},
	{name: "Get-OrganizationConfig", rows: organizationConfigRows},
	{name: "Get-OutboundConnector", params: []parameter{pIdentity, pResult, p("IncludeTestModeConnectors", flag), p("IsTransportRuleScoped", flag)}, rows: outboundConnectorRows},
	{name: "Get-OwaMailboxPolicy", params: []parameter{pIdentity}, rows: owaPolicyRows},
	{name: "Get-Recipient", params: []parameter{pIdentity, pResult, pFilter, pAnr, pSort, p("IncludeSoftDeletedRecipients", flag), p("PropertySet", text),
		p("Properties", names), p("RecipientType", names), {"RecipientTypeDetails", names, recipientTypes}}, rows: recipientRows},
	{name: "Get-RecipientPermission", params: []parameter{pIdentity, pResult, p("Trustee", text), p("AccessRights", names),
		p("IncludeTrusteeWithPrimarySmtpAddress", flag), p("ReadFromDomainController", flag)}, rows: recipientPermissionRows},
	{name: "Get-RemoteDomain", params: []parameter{pIdentity, pResult}, rows: remoteDomainRows},
	{name: "Get-RoleGroup", params: []parameter{pIdentity, pResult, pFilter, pSort, p("ShowPartnerLinked", flag)}, rows: roleGroupRows},
	{name: "Get-RoleGroupMember", params: []parameter{pIdentity, pResult}, needs: []string{"Identity"}, rows: roleGroupMemberRows},
	{name: "Get-ServicePrincipal", params: []parameter{pIdentity, p("Organization", text)}, rows: servicePrincipalRows},
	{name: "Get-SharingPolicy", params: []parameter{pIdentity}, rows: sharingPolicyRows},
	{name: "Get-TransportConfig", rows: transportConfigRows},
	{name: "Get-TransportRule", params: []parameter{pIdentity, pResult, pFilter, p("State", text), p("DlpPolicy", text), p("ExcludeConditionActionDetails", flag)}, rows: transportRuleRows},
	{name: "Get-User", params: []parameter{pIdentity, pResult, pFilter, pAnr, pSort, p("RecipientTypeDetails", names), p("IsVIP", flag), p("PublicFolder", flag)}, rows: userRows},
	{name: "Search-MailboxAuditLog", params: []parameter{pIdentity, p("Mailboxes", names), p("LogonTypes", names), p("ShowDetails", flag),
		p("StartDate", text), p("EndDate", text), pResult, p("Operations", names)}, rows: noRows},
	{name: "Search-UnifiedAuditLog", params: []parameter{p("StartDate", text), p("EndDate", text), p("SessionId", text), p("SessionCommand", text), pResult,
		p("RecordType", text), p("Operations", names), p("UserIds", names), p("ObjectIds", names), p("HighCompleteness", flag), p("Formatted", flag),
		p("FreeText", text), p("IPAddresses", names), p("SiteIds", names), p("LongerRetentionEnabled", text)}, needs: []string{"StartDate", "EndDate"}, rows: noRows},
}

func findCmdlet(name string) (*cmdlet, bool) {
	i := sort.Search(len(cmdletTable), func(i int) bool { return strings.ToLower(cmdletTable[i].name) >= strings.ToLower(name) })
	if i < len(cmdletTable) && strings.EqualFold(cmdletTable[i].name, name) {
		return cmdletTable[i], true
	}
	return nil, false
}

// bind checks the parameters against the table.
func (c *cmdlet) bind(in map[string]any) (args, *failure) {
	a := args{values: make(map[string]any, len(in))}
	sorted := make([]string, 0, len(in))
	for k := range in {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		v := in[k]
		if strings.HasSuffix(k, "@odata.type") {
			continue
		}
		d := c.parameter(k)
		if d == nil {
			return a, unknownParameter(k)
		}
		if f := d.accept(v); f != nil {
			return a, f
		}
		a.values[strings.ToLower(k)] = v
	}
	for _, n := range c.needs {
		if !a.has(strings.ToLower(n)) {
			return a, missingParameter()
		}
	}
	return a, nil
}

func (c *cmdlet) parameter(name string) *parameter {
	for i := range c.params {
		if strings.EqualFold(c.params[i].name, name) {
			return &c.params[i]
		}
	}
	return nil
}

// accept checks the type of a value, and the values of an enumeration: a prefix of a value
// is accepted, as the service does.
func (d *parameter) accept(v any) *failure {
	if v == nil {
		return nil
	}
	ok := true
	switch d.kind {
	case flag:
		s, isText := v.(string)
		_, isBool := v.(bool)
		ok = isBool || isText && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false"))
	case number:
		s, isText := v.(string)
		_, isNumber := v.(json.Number)
		ok = isNumber || isText && (strings.EqualFold(s, "unlimited") || strings.Trim(s, "0123456789") == "" && s != "")
	case text:
		_, isText := v.(string)
		_, isNumber := v.(json.Number)
		ok = isText || isNumber
	case names:
		switch v.(type) {
		case string, []any:
		default:
			ok = false
		}
	}
	if !ok {
		return invalid("Cannot process argument transformation on parameter '"+d.name+"'.", "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException")
	}
	if d.enum == nil {
		return nil
	}
	for _, s := range (args{values: map[string]any{"x": v}}).names("x") {
		if _, found := d.enum.match(s); !found {
			return badEnum(d.name, s, d.enum.typ, d.enum.values)
		}
	}
	return nil
}

// match finds a value by its name or a prefix of it. exact is false for a prefix, which
// selects nothing.
func (e *enum) match(s string) (exact, found bool) {
	for _, v := range e.values {
		if strings.EqualFold(v, s) {
			return true, true
		}
		found = found || s != "" && len(s) < len(v) && strings.EqualFold(v[:len(s)], s)
	}
	return false, found
}

func noRows(*Tenant, args) (rows, *failure) { return rows{}, nil }

// rowsOf makes rows of the elements of a slice.
func rowsOf[T any](items []T, write func(b *bag, v T)) rows {
	return rows{n: len(items), write: func(b *bag, i int) { write(b, items[i]) }}
}

// named keeps the objects that Identity names; without Identity, all of them.
func named[T any](a args, items []T, name func(T) []string) ([]T, *failure) {
	want, ok := a.text("identity")
	if !ok {
		return items, nil
	}
	for _, it := range items {
		for _, n := range name(it) {
			if strings.EqualFold(n, want) {
				return []T{it}, nil
			}
		}
	}
	return nil, notFound(want)
}
