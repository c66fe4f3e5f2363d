package exo

import (
	"encoding/json"
)

// Recipient is one recipient of any kind.
//
// Source: Get-Recipient; the Recipient entity set.
type Recipient struct {
	Row
	Name                      string
	ID                        string
	Identity                  string
	DisplayName               string
	Alias                     string
	RecipientType             string
	RecipientTypeDetails      string // UserMailbox, MailContact, GuestMailUser, MailUniversalSecurityGroup …
	PrimarySMTPAddress        string
	EmailAddresses            []string // with their prefixes: "SMTP:" is the primary one, "X500:" holds former LegacyExchangeDNs
	ExternalEmailAddress      *string  // "SMTP:x@y" from the cmdlet, plain from the entity set
	ExternalDirectoryObjectID string
	Guid                      string
	HiddenFromAddressLists    *bool
	ManagedBy                 []string
	LegacyExchangeDN          string // the list does not send it; a look-up by DN may
}

// DecodeRecipient reads one stored row.
func DecodeRecipient(raw json.RawMessage) (Recipient, error) {
	r, err := parseRow(raw)
	if err != nil {
		return Recipient{}, err
	}
	v := Recipient{
		Name:                      r.text("Name"),
		ID:                        r.text("Id"),
		Identity:                  r.text("Identity"),
		DisplayName:               r.text("DisplayName"),
		Alias:                     r.text("Alias"),
		RecipientType:             r.text("RecipientType"),
		RecipientTypeDetails:      r.text("RecipientTypeDetails"),
		PrimarySMTPAddress:        r.text("PrimarySmtpAddress"),
		EmailAddresses:            r.list("EmailAddresses"),
		ExternalEmailAddress:      r.textPtr("ExternalEmailAddress"),
		ExternalDirectoryObjectID: r.text("ExternalDirectoryObjectId"),
		Guid:                      r.text("Guid"),
		HiddenFromAddressLists:    r.flag("HiddenFromAddressListsEnabled"),
		ManagedBy:                 r.list("ManagedBy"),
		LegacyExchangeDN:          r.text("LegacyExchangeDN"),
	}
	v.Row = r
	return v, nil
}

// RecipientID is the id that joins a recipient to other datasets:
// ExternalDirectoryObjectId, or Guid where that is empty; "" when it has neither.
func RecipientID(r Recipient) string { return joinID(r.ExternalDirectoryObjectID, r.Guid) }
