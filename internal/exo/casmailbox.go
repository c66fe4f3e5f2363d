package exo

import (
	"encoding/json"
)

// CASMailbox is what protocols one mailbox accepts.
//
// Source: Get-CASMailbox; the CasMailbox entity set, which has no ExternalDirectoryObjectId.
type CASMailbox struct {
	Row
	ExternalDirectoryObjectID string
	Guid                      string
	Identity                  string
	ID                        string
	Name                      string
	PrimarySMTPAddress        string
	// SMTPClientAuthenticationDisabled is null where the tenant's default holds; Sent tells that from not sent.
	SMTPClientAuthenticationDisabled *bool
	IMAPEnabled                      *bool
	POPEnabled                       *bool
}

const smtpAuthProperty = "SmtpClientAuthenticationDisabled"

// casProperties are the properties that the listing asks for: what CASMailbox reads.
var casProperties = []string{
	"ExternalDirectoryObjectId", "Guid", "Identity", "Id", "Name", "PrimarySmtpAddress", smtpAuthProperty, "ImapEnabled", "PopEnabled",
}

// DecodeCASMailbox reads one stored row.
func DecodeCASMailbox(raw json.RawMessage) (CASMailbox, error) {
	r, err := parseRow(raw)
	if err != nil {
		return CASMailbox{}, err
	}
	v := CASMailbox{
		ExternalDirectoryObjectID:        r.text("ExternalDirectoryObjectId"),
		Guid:                             r.text("Guid"),
		Identity:                         r.text("Identity"),
		ID:                               r.text("Id"),
		Name:                             r.text("Name"),
		PrimarySMTPAddress:               r.text("PrimarySmtpAddress"),
		SMTPClientAuthenticationDisabled: r.flag(smtpAuthProperty),
		IMAPEnabled:                      r.flag("ImapEnabled"),
		POPEnabled:                       r.flag("PopEnabled"),
	}
	v.Row = r
	return v, nil
}

// SMTPAuthSaid reports whether the service said anything of the mailbox's SMTP AUTH
// that can be read; a value that is not set counts.
func (m CASMailbox) SMTPAuthSaid() bool {
	return m.Sent(smtpAuthProperty) && !m.IsOdd(smtpAuthProperty)
}
