package checks

func mailChecks() []Check {
	return []Check{
		mailMailboxForwarding,
		mailInboxRuleForwarding,
		mailTransportRuleRedirects,
	}
}
