package checks

func mailChecks() []Check {
	return []Check{
		mailMailboxForwarding,
		mailMailboxForwardingInternal,
		mailInboxRuleForwarding,
		mailInboxRuleHiding,
		mailInboxRuleHidden,
		mailTransportRuleRedirects,
		mailTransportRuleDeletes,
		mailTransportRuleAllowList,
		mailAutoforwardRemoteDomains,
		mailAutoforwardOutboundPolicy,
		mailConnectorsReviewed,
		mailDirectSendRejected,
		mailSMTPAuthDisabled,
		mailModernAuthEnabled,
		mailCalendarSharingLimited,
		mailSharedMailboxSignInBlocked,
	}
}
