package exo

import "tenantaudit/internal/snapshot"

// Grant names what lets an identity read a source, for people; "" for a source of
// another service.
func Grant(src snapshot.Source) string {
	switch src {
	case SourceMailbox, SourceCASMailbox, SourceMailboxPermission, SourceRecipient, SourceRecipientByDN, SourceRecipientPermission:
		return viewRecipients
	case SourceInboxRule, SourceInboxRuleVisible, SourceFolderStatistics, SourceFolderPermission:
		return readMailboxes
	}
	if ofExchange(src) {
		return viewConfiguration
	}
	return ""
}

// ofExchange reports whether a source belongs to this package.
func ofExchange(src snapshot.Source) bool { return len(src) > 4 && src[:4] == "exo/" }
