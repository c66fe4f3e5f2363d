package faketenant

import (
	"strings"
	"time"
)

// selectMailboxes applies the switches of Get-Mailbox: each kind of mailbox outside the
// ordinary listing shows up through its own switch only.
func selectMailboxes(a args) []*principal {
	p := a.t.plan
	kind, ordinary := "", true
	switch {
	case a.flag("groupmailbox"):
		kind, ordinary = "GroupMailbox", false
	case a.flag("publicfolder"):
		kind, ordinary = "PublicFolder", false
	case a.flag("inactivemailboxonly"):
		kind, ordinary = "Inactive", false
	case a.flag("includeinactivemailbox"):
		kind = "Inactive"
	case a.flag("softdeletedmailbox"), a.flag("arbitration"), a.flag("migration"), a.flag("archive"):
		ordinary = false
	}
	var out []*principal
	if ordinary {
		out = make([]*principal, 0, len(p.mailboxes)+4)
		for _, m := range p.mailboxes {
			out = append(out, m.owner)
		}
	}
	for _, m := range p.others {
		if m.kind == kind && kind != "" {
			out = append(out, m.owner)
		}
	}
	return out
}

func mailboxRows(t *Tenant, a args) (rows, *failure) {
	shown := selectMailboxes(a)
	all, f := pick(a, shown, mailboxTypes, func(pr *principal) bool {
		if pr.mailbox == nil || t.mailboxGone(pr.mailbox) {
			return false
		}
		switch pr.mailbox.kind {
		case "GroupMailbox":
			return a.flag("groupmailbox")
		case "PublicFolder":
			return a.flag("publicfolder")
		case "Inactive":
			return a.flag("includeinactivemailbox") || a.flag("inactivemailboxonly")
		}
		return !a.flag("groupmailbox") && !a.flag("publicfolder") && !a.flag("inactivemailboxonly") && !a.flag("softdeletedmailbox")
	})
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, pr *principal) { t.plan.writeMailbox(b, pr.mailbox) }), nil
}

func (p *plan) writeMailbox(b *bag, m *mailbox) {
	o := m.owner
	id := o.identity()
	b.str("Database", "EURPR08DG"+itoa(141+m.index%800)+"-db0"+itoa(1+m.index%9))
	b.bool("UseDatabaseRetentionDefaults", false)
	b.str("RetainDeletedItemsFor", "14.00:00:00")
	b.bool("DeliverToMailboxAndForward", m.copyStays)
	b.bool("LitigationHoldEnabled", m.hold)
	b.bool("SingleItemRecoveryEnabled", true)
	b.bool("RetentionHoldEnabled", false)
	b.null("LitigationHoldDate")
	b.str("LitigationHoldOwner", "")
	b.str("LitigationHoldDuration", "Unlimited")
	b.bool("ComplianceTagHoldApplied", false)
	b.bool("DelayHoldApplied", false)
	b.list("InPlaceHolds", nil)
	b.str("RetentionPolicy", "Default MRM Policy")
	b.guid("ExchangeGuid", m.store)
	if m.forwardTo != nil {
		b.str("ForwardingAddress", m.forwardTo.as)
	} else {
		b.null("ForwardingAddress")
	}
	if m.forwardSMTP != nil {
		b.str("ForwardingSmtpAddress", m.forwardSMTP.as)
	} else {
		b.null("ForwardingSmtpAddress")
	}
	b.bool("IsMailboxEnabled", true)
	b.str("ProhibitSendQuota", "99 GB (106,300,440,576 bytes)")
	b.str("ProhibitSendReceiveQuota", "100 GB (107,374,182,400 bytes)")
	b.str("IssueWarningQuota", "98 GB (105,226,698,752 bytes)")
	b.str("RulesQuota", "256 KB (262,144 bytes)")
	b.str("RecipientLimits", "500")
	b.str("MaxSendSize", "35 MB (36,700,160 bytes)")
	b.str("MaxReceiveSize", "36 MB (37,748,736 bytes)")
	b.bool("IsResource", m.typ == "RoomMailbox" || m.typ == "EquipmentMailbox")
	b.bool("IsLinked", false)
	b.bool("IsShared", m.typ == "SharedMailbox")
	b.bool("IsInactiveMailbox", m.inactive)
	b.bool("AccountDisabled", o.disabled)
	switch m.typ {
	case "RoomMailbox":
		b.str("ResourceType", "Room")
	case "EquipmentMailbox":
		b.str("ResourceType", "Equipment")
	default:
		b.null("ResourceType")
	}
	b.str("UserPrincipalName", m.signInName())
	b.bool("AuditEnabled", !m.auditOff)
	b.str("AuditLogAgeLimit", m.keeps().text)
	b.list("AuditAdmin", m.audit.admin)
	b.list("AuditDelegate", m.audit.delegate)
	b.list("AuditOwner", m.audit.owner)
	b.list("DefaultAuditSet", m.audit.managed)
	switch {
	case m.premium():
		b.list("PersistedCapabilities", []string{"BPOS_S_EopPremiumAddOn", "M365Auditing", "BPOS_S_Enterprise"})
	case len(o.licences) > 0:
		b.list("PersistedCapabilities", []string{"BPOS_S_Enterprise"})
	default:
		b.list("PersistedCapabilities", nil)
	}
	if len(o.licences) > 0 {
		b.bool("SKUAssigned", true)
	} else {
		b.null("SKUAssigned")
	}
	b.str("MailboxPlan", mailboxPlanName)
	b.str("ArchiveStatus", "None")
	b.str("ArchiveState", "None")
	b.guid("ArchiveGuid", guid{})
	b.bool("AutoExpandingArchiveEnabled", false)
	b.bool("MessageCopyForSentAsEnabled", m.typ == "SharedMailbox")
	b.bool("MessageCopyForSendOnBehalfEnabled", m.typ == "SharedMailbox")
	b.str("RoleAssignmentPolicy", "Default Role Assignment Policy")
	b.str("SharingPolicy", "Default Sharing Policy")
	b.null("MailTip")
	b.date("WhenMailboxCreated", dateLocal, o.created)
	if m.inactive {
		b.date("WhenSoftDeleted", dateLocal, recipientChanged)
	} else {
		b.null("WhenSoftDeleted")
	}
	b.str("UsageLocation", "Ireland")
	b.bool("IsDirSynced", o.synced != nil && *o.synced)
	b.str("Alias", o.alias)
	b.str("DisplayName", o.display)
	b.list("EmailAddresses", p.emailAddresses(o, true))
	behalf := make([]string, 0, len(m.behalf))
	for _, h := range m.behalf {
		behalf = append(behalf, h.as)
	}
	b.list("GrantSendOnBehalfTo", behalf)
	b.str("ExternalDirectoryObjectId", o.id.text())
	b.bool("HiddenFromAddressListsEnabled", o.hidden)
	b.str("LegacyExchangeDN", o.legacyDN())
	b.str("PrimarySmtpAddress", m.primary())
	b.str("RecipientType", recipientType(m.typ))
	b.str("RecipientTypeDetails", m.typ)
	b.bool("ModerationEnabled", false)
	b.str("WindowsEmailAddress", m.primary())
	b.str("Identity", id)
	b.str("Id", id)
	b.bool("IsValid", true)
	b.str("ExchangeVersion", exchangeVersion)
	b.str("Name", id)
	b.str("DistinguishedName", p.distinguishedName(id))
	b.str("ObjectCategory", forest+".PROD.OUTLOOK.COM/Configuration/Schema/Person")
	b.list("ObjectClass", []string{"top", "person", "organizationalPerson", "user"})
	b.date("WhenChanged", dateLocal, m.changed)
	b.date("WhenCreated", dateLocal, o.created.Add(-14*time.Second))
	b.date("WhenChangedUTC", dateUTC, m.changed)
	b.date("WhenCreatedUTC", dateUTC, o.created.Add(-14*time.Second))
	b.guid("ExchangeObjectId", o.xid)
	b.str("OrganizationId", p.organizationID())
	b.guid("Guid", o.xid)
	b.str("OriginatingServer", defaultServer)
	b.str("ObjectState", "Unchanged")
}

var mailboxChanged = time.Date(2026, 6, 30, 21, 7, 41, 0, time.UTC)

const mailboxPlanName = "ExchangeOnlineEnterprise-0c5b8e61-93d7-4f2a-8b46-7e1d5a9c3f20"

func casMailboxRows(t *Tenant, a args) (rows, *failure) {
	all := make([]*principal, 0, len(t.plan.mailboxes))
	for _, m := range t.plan.mailboxes {
		all = append(all, m.owner)
	}
	all, f := pick(a, all, mailboxTypes, func(pr *principal) bool { return pr.mailbox != nil && pr.mailbox.kind == "" })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, pr *principal) { t.plan.writeCASMailbox(b, pr.mailbox) }), nil
}

const serverDN = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Configuration/cn=Servers/cn=DB7PR08MB1234"

func (p *plan) writeCASMailbox(b *bag, m *mailbox) {
	o := m.owner
	id := o.identity()
	b.list("EmailAddresses", p.emailAddresses(o, false))
	b.str("LegacyExchangeDN", o.legacyDN())
	b.str("LinkedMasterAccount", "")
	b.str("PrimarySmtpAddress", o.smtp)
	b.str("SamAccountName", "$"+strings.ToUpper(o.xid.String()[:8]))
	b.str("ServerLegacyDN", serverDN)
	b.str("ServerName", "db7pr08mb1234")
	b.str("DisplayName", o.display)
	b.list("ActiveSyncAllowedDeviceIDs", nil)
	b.list("ActiveSyncBlockedDeviceIDs", nil)
	b.str("ActiveSyncMailboxPolicy", "Default")
	b.bool("ActiveSyncMailboxPolicyIsDefaulted", true)
	b.null("ActiveSyncDebugLogging")
	b.bool("ActiveSyncEnabled", true)
	b.bool("HasActiveSyncDevicePartnership", false)
	b.str("ExternalDirectoryObjectId", o.id.text())
	b.str("OwaMailboxPolicy", "OwaMailboxPolicy-Default")
	b.bool("OWAEnabled", true)
	b.bool("OWAforDevicesEnabled", true)
	b.bool("ECPEnabled", true)
	b.bool("PopEnabled", m.protocols.pop)
	b.bool("PopUseProtocolDefaults", true)
	b.bool("PopMessageDeleteEnabled", false)
	b.bool("ImapEnabled", m.protocols.imap)
	b.bool("ImapUseProtocolDefaults", true)
	b.bool("MAPIEnabled", true)
	b.null("MapiHttpEnabled")
	b.str("MAPIBlockOutlookVersions", "")
	b.optBool("SmtpClientAuthenticationDisabled", m.protocols.smtpAuthOff)
	b.bool("UniversalOutlookEnabled", true)
	b.null("OneWinNativeOutlookEnabled")
	b.bool("OutlookMobileEnabled", true)
	b.bool("MacOutlookEnabled", true)
	b.bool("EwsEnabled", true)
	for _, k := range []string{"EwsAllowOutlook", "EwsAllowMacOutlook", "EwsAllowEntourage", "EwsApplicationAccessPolicy", "EwsAllowList", "EwsBlockList"} {
		b.null(k)
	}
	b.bool("ShowGalAsDefaultView", true)
	b.bool("IsOptimizedForAccessibility", false)
	b.guid("Guid", o.xid)
	b.str("Identity", id)
	b.bool("IsValid", true)
	b.str("ExchangeVersion", exchangeVersion)
	b.str("Name", id)
	b.str("OrganizationId", p.organizationID())
	b.str("Id", id)
	b.str("ObjectState", "Changed")
}

func mailboxStatisticsRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "identity")
	if f != nil {
		return rows{}, f
	}
	return rowsOf(boxes, func(b *bag, m *mailbox) { t.plan.writeStatistics(b, m) }), nil
}

func (p *plan) writeStatistics(b *bag, m *mailbox) {
	b.int32("AssociatedItemCount", 812)
	b.str("AttachmentTableAvailableSize", "12.3 MB (12,910,592 bytes)")
	b.str("AttachmentTableTotalSize", "210.1 MB (220,307,456 bytes)")
	b.int32("DeletedItemCount", 240)
	b.null("DisconnectDate")
	b.null("DisconnectReason")
	b.str("DisplayName", m.owner.display)
	b.int32("ItemCount", 4000+m.index%900)
	b.null("LastLoggedOnUserAccount")
	b.null("LastLogoffTime")
	if m.neverUsed {
		b.null("LastLogonTime")
	} else {
		b.date("LastLogonTime", dateLocal, p.now.Add(-41*time.Hour))
	}
	b.str("LegacyDN", m.owner.legacyDN())
	b.str("MailboxType", "Private")
	b.str("MailboxTypeDetail", m.typ)
	b.null("StorageLimitStatus")
	b.str("TotalDeletedItemSize", "31.9 MB (33,449,574 bytes)")
	b.str("TotalItemSize", "1.204 GB (1,292,785,156 bytes)")
	b.int32("SystemMessageCount", 20)
	b.str("SystemMessageSize", "1.1 MB (1,153,434 bytes)")
	b.bool("IsQuarantined", false)
	b.bool("IsArchiveMailbox", false)
	b.bool("IsMoveDestination", false)
	b.guid("MailboxGuid", m.store)
	b.guid("OwnerADGuid", m.owner.xid)
	b.str("ServerName", "DB7PR08MB1234")
	b.str("DatabaseName", "EURPR08DG141-db014")
	b.guid("ExternalDirectoryOrganizationId", p.tenant)
	b.null("LastInteractionTime")
	b.null("LastUserActionTime")
	b.str("Identity", m.store.String())
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}

// boxes resolves the mailbox that a parameter names; null or "" names all of them.
func (t *Tenant) boxes(a args, parameter string) ([]*mailbox, *failure) {
	id, ok := a.text(parameter)
	if !ok {
		return t.plan.mailboxes, nil
	}
	var hit []*mailbox
	for _, pr := range t.plan.find(t.plan.mailAlias(id)) {
		if m := pr.mailbox; m != nil && m.kind != "PublicFolder" && !t.mailboxGone(m) {
			if m.kind == "GroupMailbox" && !a.flag("groupmailbox") {
				continue
			}
			if m.inactive {
				continue
			}
			hit = append(hit, m)
		}
	}
	switch len(hit) {
	case 0:
		return nil, notFound(id)
	case 1:
		return hit, nil
	}
	return nil, ambiguousObject(id)
}
