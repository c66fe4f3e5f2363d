package faketenant

import "time"

// config is what configuration objects share at the end of a row.
type config struct {
	name, container, class string
	guid                   guid
	changed                time.Time
}

// tail writes the members that every configuration object ends with.
func (p *plan) tail(b *bag, c config) {
	changed := c.changed
	if changed.IsZero() {
		changed = orgChanged
	}
	b.str("AdminDisplayName", "")
	b.str("ExchangeVersion", exchangeVersion)
	b.str("Name", c.name)
	b.str("DistinguishedName", "CN="+c.name+",CN="+c.container+",CN=Configuration,CN="+p.initialDomain()+",CN=ConfigurationUnits,"+forestDC)
	b.str("Identity", c.name)
	b.str("ObjectCategory", forest+".PROD.OUTLOOK.COM/Configuration/Schema/"+c.class)
	b.list("ObjectClass", []string{"top", c.class})
	b.date("WhenChanged", dateLocal, changed)
	b.date("WhenCreated", dateLocal, orgCreated)
	b.date("WhenChangedUTC", dateUTC, changed)
	b.date("WhenCreatedUTC", dateUTC, orgCreated)
	b.guid("ExchangeObjectId", c.guid)
	b.str("OrganizationalUnitRoot", p.initialDomain())
	b.str("OrganizationId", p.organizationID())
	b.str("Id", c.name)
	b.guid("Guid", c.guid)
	b.str("OriginatingServer", defaultServer)
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}

func one(write func(b *bag)) rows {
	return rows{n: 1, write: func(b *bag, _ int) { write(b) }}
}

func nulls(b *bag, keys ...string) {
	for _, k := range keys {
		b.null(k)
	}
}

func bools(b *bag, v bool, keys ...string) {
	for _, k := range keys {
		b.bool(k, v)
	}
}

func organizationConfigRows(t *Tenant, _ args) (rows, *failure) {
	p := t.plan
	return one(func(b *bag) {
		b.str("Name", p.initialDomain())
		b.str("DisplayName", p.company)
		b.str("Identity", p.initialDomain())
		b.guid("Guid", p.guid("organization", 0))
		b.bool("AuditDisabled", false)
		b.bool("OAuth2ClientProfileEnabled", !p.org.modernAuthOff)
		b.str("DefaultAuthenticationPolicy", "Block Basic")
		b.bool("ActivityBasedAuthenticationTimeoutEnabled", true)
		b.str("ActivityBasedAuthenticationTimeoutInterval", "06:00:00")
		b.bool("ActivityBasedAuthenticationTimeoutWithSingleSignOnEnabled", true)
		b.bool("MailTipsAllTipsEnabled", true)
		b.bool("MailTipsExternalRecipientsTipsEnabled", false)
		b.bool("MailTipsGroupMetricsEnabled", true)
		b.int32("MailTipsLargeAudienceThreshold", 25)
		b.bool("MailTipsMailboxSourcedTipsEnabled", true)
		bools(b, false, "CustomerLockboxEnabled", "IsDehydrated")
		b.bool("IsMixedMode", true)
		b.bool("IsTenantInGracePeriod", false)
		nulls(b, "EwsEnabled", "EwsAllowOutlook", "EwsAllowMacOutlook", "EwsAllowEntourage", "EwsApplicationAccessPolicy", "EwsAllowList", "EwsBlockList")
		bools(b, true, "ConnectorsEnabled", "ConnectorsEnabledForOutlook", "ConnectorsEnabledForTeams", "ConnectorsEnabledForYammer",
			"ConnectorsActionableMessagesEnabled", "SmtpActionableMessagesEnabled")
		b.str("PublicFoldersEnabled", "Local")
		bools(b, false, "PublicComputersDetectionEnabled", "AutoExpandingArchiveEnabled", "SendFromAliasEnabled")
		b.bool("BookingsEnabled", true)
		b.null("FocusedInboxOn")
		b.bool("LinkPreviewEnabled", true)
		b.null("MessageRecallEnabled")
		b.bool("MessageHighlightsEnabled", true)
		b.bool("OutlookMobileGCCRestrictionsEnabled", false)
		b.bool("RejectDirectSend", !p.org.directSend)
		bools(b, false, "DelayedDelicensingEnabled", "AllowPlusAddressInRecipients", "DisablePlusAddressInRecipients")
		b.bool("MaskClientIpInReceivedHeadersEnabled", true)
		b.list("IPListBlocked", nil)
		b.list("RemotePublicFolderMailboxes", nil)
		b.str("DefaultPublicFolderMailbox", guid{}.String())
		bools(b, false, "PublicFolderMailboxesMigrationComplete", "ElcProcessingDisabled")
		nulls(b, "HierarchicalAddressBookRoot", "TenantAdminNotificationForUnusableSettings")
		b.bool("UnblockUnsafeSenderPromptEnabled", true)
		b.str("OrganizationId", p.organizationID())
		b.date("WhenChanged", dateLocal, orgChanged)
		b.date("WhenCreated", dateLocal, orgCreated)
		b.date("WhenChangedUTC", dateUTC, orgChanged)
		b.date("WhenCreatedUTC", dateUTC, orgCreated)
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

func adminAuditRows(t *Tenant, _ args) (rows, *failure) {
	p := t.plan
	return one(func(b *bag) {
		b.bool("AdminAuditLogEnabled", true)
		b.str("LogLevel", "None")
		b.bool("TestCmdletLoggingEnabled", false)
		b.list("AdminAuditLogCmdlets", []string{"*"})
		b.list("AdminAuditLogParameters", []string{"*"})
		b.list("AdminAuditLogExcludedCmdlets", nil)
		b.str("AdminAuditLogAgeLimit", "90.00:00:00")
		b.int32("LoadBalancerCount", 3)
		b.int32("RefreshInterval", 10)
		b.list("PartitionInfo", nil)
		b.bool("UnifiedAuditLogIngestionEnabled", !p.org.ingestionOff)
		b.date("UnifiedAuditLogFirstOptInDate", dateUTC, time.Date(2023, 12, 1, 10, 22, 13, 248558700, time.UTC))
		b.str("AdminDisplayName", "")
		b.str("ExchangeVersion", "0.10 (14.0.100.0)")
		b.str("Name", "Admin Audit Log Settings")
		b.str("Identity", "Admin Audit Log Settings")
		b.guid("Guid", p.guid("adminaudit", 0))
		b.str("OrganizationId", p.organizationID())
		b.str("Id", "Admin Audit Log Settings")
		b.bool("IsValid", true)
		b.str("ObjectState", "Unchanged")
	}), nil
}

func transportConfigRows(t *Tenant, _ args) (rows, *failure) {
	p := t.plan
	return one(func(b *bag) {
		b.bool("AddressBookPolicyRoutingEnabled", false)
		b.int32("AnonymousSenderToRecipientRatePerHour", 1800)
		b.bool("ClearCategories", true)
		b.bool("ConvertDisclaimerWrapperToEml", false)
		b.str("DSNConversionMode", "PreserveDSNBody")
		b.bool("ExternalDelayDsnEnabled", true)
		b.null("ExternalDsnDefaultLanguage")
		b.bool("ExternalDsnLanguageDetectionEnabled", true)
		b.str("ExternalDsnMaxMessageAttachSize", "10 MB (10,485,760 bytes)")
		b.null("ExternalDsnReportingAuthority")
		b.bool("ExternalDsnSendHtml", true)
		b.null("ExternalPostmasterAddress")
		b.list("GenerateCopyOfDSNFor", nil)
		b.str("HygieneSuite", "Standard")
		bools(b, true, "InternalDelayDsnEnabled", "InternalDsnSendHtml")
		b.list("InternalSMTPServers", nil)
		b.str("JournalingReportNdrTo", "<>")
		b.int32("JournalMessageExpirationDays", 0)
		b.bool("LegacyJournalingMigrationEnabled", false)
		b.str("MaxDumpsterSizePerDatabase", "18 MB (18,874,368 bytes)")
		b.str("MaxReceiveSize", "Unlimited")
		b.str("MaxRecipientEnvelopeLimit", "Unlimited")
		b.str("MaxSendSize", "Unlimited")
		b.str("MessageExpiration", "1.00:00:00")
		bools(b, false, "MigrationEnabled", "OpenDomainRoutingEnabled")
		b.null("OtherWellKnownSenders")
		b.bool("PreventDuplicateJournalingEnabled", false)
		b.bool("ReplyAllStormProtectionEnabled", true)
		b.int32("ReplyAllStormDetectionMinimumRecipients", 2500)
		b.int32("ReplyAllStormDetectionMinimumReplies", 10)
		b.int32("ReplyAllStormBlockDurationHours", 6)
		b.bool("Rfc2231EncodingEnabled", false)
		b.bool("SmtpClientAuthenticationDisabled", !p.org.smtpAuthOn)
		b.null("AllowLegacyTLSClients")
		b.list("SupervisionTags", []string{"Reject", "Allow"})
		b.list("TLSReceiveDomainSecureList", nil)
		b.list("TLSSendDomainSecureList", nil)
		b.bool("VerifySecureSubmitEnabled", false)
		b.bool("VoicemailJournalingEnabled", true)
		b.bool("Xexch50Enabled", true)
		p.tail(b, config{name: "Transport Settings", container: "Configuration", class: "ms-Exch-Object", guid: p.guid("transportconfig", 0)})
	}), nil
}

// basicProtocols are the switches of an authentication policy.
var basicProtocols = []string{"ActiveSync", "Autodiscover", "Imap", "Mapi", "OfflineAddressBook", "OutlookService", "Pop", "ReportingWebServices",
	"Rest", "Rpc", "Smtp", "WebServices", "Powershell"}

func authenticationPolicyRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	policies := []string{"Block Basic"}
	if !p.clean {
		policies = append(policies, "Legacy scanners")
	}
	all, f := named(a, policies, func(s string) []string { return []string{s} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, name string) {
		for _, k := range basicProtocols {
			b.bool("AllowBasicAuth"+k, name == "Legacy scanners")
		}
		b.bool("AllowLegacyExchangeTokens", false)
		p.tail(b, config{name: name, container: "Auth Policies", class: "msExchAuthPolicy", guid: p.guid("authpolicy."+name, 0)})
	}), nil
}

func owaPolicyRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, []string{"OwaMailboxPolicy-Default", "Frontline"}, func(s string) []string { return []string{s} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, name string) {
		standard := name != "Frontline"
		b.bool("IsDefault", standard)
		b.bool("AdditionalStorageProvidersAvailable", standard)
		bools(b, true, "AdditionalAccountsEnabled", "PersonalAccountsEnabled", "PersonalAccountCalendarsEnabled", "AllAddressListsEnabled",
			"AllowCopyContactsToDeviceAddressBook")
		b.str("AllowOfflineOn", "AllComputers")
		b.list("AllowedFileTypes", []string{".rpmsg", ".xlsx", ".docx", ".pdf"})
		b.list("BlockedFileTypes", []string{".vsmacros", ".exe", ".js"})
		bools(b, true, "BookingsMailboxCreationEnabled", "CalendarEnabled", "ChangePasswordEnabled", "ClassicAttachmentsEnabled")
		b.list("ConditionalAccessFeatures", nil)
		b.str("ConditionalAccessPolicy", map[bool]string{true: "Off", false: "ReadOnlyPlusAttachmentsBlocked"}[standard])
		bools(b, true, "DirectFileAccessOnPrivateComputersEnabled", "DirectFileAccessOnPublicComputersEnabled", "ExternalImageProxyEnabled")
		b.null("ExternalSPMySiteHostURL")
		b.bool("ForceSaveAttachmentFilteringEnabled", false)
		b.bool("InstantMessagingEnabled", true)
		b.null("InternalSPMySiteHostURL")
		bools(b, true, "IRMEnabled", "LinkedInEnabled")
		b.int32("LogonAndErrorLanguage", 0)
		bools(b, true, "OneDriveAttachmentsEnabled", "OrganizationEnabled", "OutlookBetaToggleEnabled")
		b.bool("PhoneticSupportEnabled", false)
		bools(b, true, "ReferenceAttachmentsEnabled", "ReportJunkEmailEnabled", "RulesEnabled", "SaveAttachmentsToCloudEnabled", "SetPhotoEnabled")
		b.null("SharedActivityEnabled")
		b.bool("ThirdPartyFileProvidersEnabled", false)
		bools(b, true, "UserVoiceEnabled", "WacExternalServicesEnabled", "WacViewingOnPrivateComputersEnabled", "WacViewingOnPublicComputersEnabled", "WeatherEnabled")
		p.tail(b, config{name: name, container: "OWA Mailbox Policies", class: "msExchOWAMailboxPolicy", guid: p.guid("owapolicy."+name, 0)})
	}), nil
}

func sharingPolicyRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, p.sharing, func(s sharingPolicy) []string { return []string{s.name, s.guid.String()} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, s sharingPolicy) {
		var domains []string
		for _, e := range s.shares {
			domains = append(domains, e.as)
		}
		b.list("Domains", domains)
		b.bool("Enabled", s.enabled)
		b.bool("Default", s.standard)
		p.tail(b, config{name: s.name, container: "Federation", class: "msExchSharingPolicy", guid: s.guid})
	}), nil
}

func mailboxPlanRows(t *Tenant, a args) (rows, *failure) {
	p := t.plan
	all, f := named(a, []string{mailboxPlanName, "ExchangeOnline-5d1a7c20-6b3e-4f58-9a01-c2d3e4f5a6b7"}, func(s string) []string { return []string{s} })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, name string) {
		enterprise := name == mailboxPlanName
		b.str("DisplayName", map[bool]string{true: "ExchangeOnlineEnterprise", false: "ExchangeOnline"}[enterprise])
		b.str("Alias", name)
		b.bool("IsDefault", enterprise)
		b.bool("IsDefaultForPreviousVersion", false)
		b.str("MailboxPlanIndex", "")
		b.str("MailboxPlanRelease", "NonPilotRelease")
		b.bool("IsPilotMailboxPlan", false)
		b.str("MaxSendSize", "35 MB (36,700,160 bytes)")
		b.str("MaxReceiveSize", "36 MB (37,748,736 bytes)")
		b.str("ProhibitSendQuota", "99 GB (106,300,440,576 bytes)")
		b.str("ProhibitSendReceiveQuota", "100 GB (107,374,182,400 bytes)")
		b.str("IssueWarningQuota", "98 GB (105,226,698,752 bytes)")
		b.str("RecipientLimits", "500")
		b.str("RetainDeletedItemsFor", "14.00:00:00")
		b.str("RetentionPolicy", "Default MRM Policy")
		b.str("RoleAssignmentPolicy", "Default Role Assignment Policy")
		b.bool("SingleItemRecoveryEnabled", true)
		b.bool("LitigationHoldEnabled", false)
		b.list("PersistedCapabilities", []string{"BPOS_S_Enterprise"})
		b.str("RecipientTypeDetails", "MailboxPlan")
		b.str("Identity", name)
		b.str("Name", name)
		b.guid("Guid", p.guid("mailboxplan."+name, 0))
		b.str("OrganizationId", p.organizationID())
		b.str("Id", name)
		b.bool("IsValid", true)
		b.str("ObjectState", "Changed")
	}), nil
}
