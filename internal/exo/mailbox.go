package exo

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Mailbox is one mailbox of any kind.
//
// Source: Get-Mailbox; the Mailbox entity set, which sends the same names.
type Mailbox struct {
	Row
	ExternalDirectoryObjectID  string // Entra object id; "" on system mailboxes
	Guid                       string
	ExchangeGuid               string
	Identity                   string // a name or an object id, depending on age; never a join key alone
	ID                         string
	Name                       string
	UserPrincipalName          string
	PrimarySMTPAddress         string
	EmailAddresses             []string // with their prefixes: SMTP: primary, smtp:, SIP:, SPO:, X500:
	DisplayName                string
	RecipientTypeDetails       string
	LegacyExchangeDN           string
	AccountDisabled            *bool
	IsInactiveMailbox          *bool
	AuditEnabled               *bool
	AuditLogAgeLimitDays       *int64 // whole days; zero is legal and keeps none; sent as "90.00:00:00"
	AuditAdmin                 []string
	AuditDelegate              []string
	AuditOwner                 []string
	DefaultAuditSet            []string // logon types that still have Microsoft's default actions; empty: all customised
	PersistedCapabilities      []string
	ForwardingAddress          *string // id or name of a recipient; null: not set (Sent tells it from not sent)
	ForwardingSMTPAddress      *string // "smtp:user@domain"; null: not set
	DeliverToMailboxAndForward *bool
	GrantSendOnBehalfTo        []string // ids of recipients
	HiddenFromAddressLists     *bool
	LitigationHoldEnabled      *bool
	SingleItemRecoveryEnabled  *bool
	WhenMailboxCreated         *time.Time
	WhenChanged                *time.Time
}

// mailboxProperties are the properties that the listings ask for: what Mailbox reads.
// A full record has more than 230 keys, and a thousand of them some ten megabytes.
var mailboxProperties = []string{
	"ExternalDirectoryObjectId", "ExchangeGuid", "Guid", "Identity", "Id", "Name", "UserPrincipalName", "PrimarySmtpAddress",
	"EmailAddresses", "DisplayName", "RecipientTypeDetails", "LegacyExchangeDN", "AccountDisabled", "IsInactiveMailbox", "AuditEnabled",
	"AuditLogAgeLimit", "AuditAdmin", "AuditDelegate", "AuditOwner", "DefaultAuditSet", "PersistedCapabilities", "ForwardingAddress",
	"ForwardingSmtpAddress", "DeliverToMailboxAndForward", "GrantSendOnBehalfTo", "HiddenFromAddressListsEnabled",
	"LitigationHoldEnabled", "SingleItemRecoveryEnabled", "WhenMailboxCreated", "WhenChangedUTC",
}

// DecodeMailbox reads one stored row.
func DecodeMailbox(raw json.RawMessage) (Mailbox, error) {
	r, err := parseRow(raw)
	if err != nil {
		return Mailbox{}, err
	}
	m := Mailbox{
		ExternalDirectoryObjectID:  r.text("ExternalDirectoryObjectId"),
		Guid:                       r.text("Guid"),
		ExchangeGuid:               r.text("ExchangeGuid"),
		Identity:                   r.text("Identity"),
		ID:                         r.text("Id"),
		Name:                       r.text("Name"),
		UserPrincipalName:          r.text("UserPrincipalName"),
		PrimarySMTPAddress:         r.text("PrimarySmtpAddress"),
		EmailAddresses:             r.list("EmailAddresses"),
		DisplayName:                r.text("DisplayName"),
		RecipientTypeDetails:       r.text("RecipientTypeDetails"),
		LegacyExchangeDN:           r.text("LegacyExchangeDN"),
		AccountDisabled:            r.flag("AccountDisabled"),
		IsInactiveMailbox:          r.flag("IsInactiveMailbox"),
		AuditEnabled:               r.flag("AuditEnabled"),
		AuditLogAgeLimitDays:       r.days("AuditLogAgeLimit"),
		AuditAdmin:                 r.flags("AuditAdmin"),
		AuditDelegate:              r.flags("AuditDelegate"),
		AuditOwner:                 r.flags("AuditOwner"),
		DefaultAuditSet:            r.flags("DefaultAuditSet"),
		PersistedCapabilities:      r.flags("PersistedCapabilities"),
		ForwardingAddress:          r.textPtr("ForwardingAddress"),
		ForwardingSMTPAddress:      r.textPtr("ForwardingSmtpAddress"),
		DeliverToMailboxAndForward: r.flag("DeliverToMailboxAndForward"),
		GrantSendOnBehalfTo:        r.list("GrantSendOnBehalfTo"),
		HiddenFromAddressLists:     r.flag("HiddenFromAddressListsEnabled"),
		LitigationHoldEnabled:      r.flag("LitigationHoldEnabled"),
		SingleItemRecoveryEnabled:  r.flag("SingleItemRecoveryEnabled"),
		WhenMailboxCreated:         r.date("WhenMailboxCreated"),
		WhenChanged:                r.date("WhenChangedUTC"),
	}
	m.Row = r
	return m, nil
}

// MailboxID is the id that joins a mailbox to every other dataset, and what is sent to
// name it: ExternalDirectoryObjectId, or Guid where that is empty. "" when it has
// neither; such a mailbox cannot be asked about.
func MailboxID(m Mailbox) string { return joinID(m.ExternalDirectoryObjectID, m.Guid) }

// noGuid is how the service spells a Guid that is not set.
const noGuid = "00000000-0000-0000-0000-000000000000"

func joinID(ids ...string) string {
	for _, id := range ids {
		if id = strings.TrimSpace(id); id != "" && id != noGuid {
			return strings.ToLower(id) // GUIDs are compared without regard to case
		}
	}
	return ""
}

// perMailboxTypes are the values of RecipientTypeDetails whose rules, folders and
// permissions are read. Group and public folder mailboxes answer to other cmdlets.
var perMailboxTypes = []string{
	"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "SchedulingMailbox",
	"LinkedMailbox", "LinkedRoomMailbox", "LegacyMailbox", "TeamMailbox",
}

const discoveryMailbox = "DiscoveryMailbox"

// MailboxInScope reports whether the per-mailbox datasets cover mailboxes of this
// RecipientTypeDetails, as long as they are active.
func MailboxInScope(recipientTypeDetails string) bool {
	return slices.Contains(perMailboxTypes, recipientTypeDetails)
}

// InScope reports whether the per-mailbox datasets cover the mailbox: an active
// mailbox of a user, a shared, room, equipment, scheduling, linked, legacy or team
// mailbox. Mailboxes whose type was not sent are outside.
func InScope(m Mailbox) bool { return active(m) && MailboxInScope(m.RecipientTypeDetails) }

// InPermissionScope is InScope for mailbox permissions, which are also read for
// discovery mailboxes: full access to one opens the results of searches.
func InPermissionScope(m Mailbox) bool {
	return InScope(m) || active(m) && m.RecipientTypeDetails == discoveryMailbox
}

func active(m Mailbox) bool { return m.IsInactiveMailbox == nil || !*m.IsInactiveMailbox }
