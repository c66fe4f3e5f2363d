package exo

import (
	"encoding/json"
	"time"
)

// AuditBypass says whether the actions of one principal are left out of mailbox auditing. The list
// holds system objects besides mailboxes; some rows lack the switch.
//
// Source: Get-MailboxAuditBypassAssociation.
type AuditBypass struct {
	Row
	AuditBypassEnabled *bool
	Name               string
	Identity           string
	ID                 string
	ObjectID           string
	Guid               string
	ExchangeObjectID   string
	DistinguishedName  string
	WhenChanged        *time.Time
}

// DecodeAuditBypass reads one stored row.
func DecodeAuditBypass(raw json.RawMessage) (AuditBypass, error) {
	r, err := parseRow(raw)
	if err != nil {
		return AuditBypass{}, err
	}
	v := AuditBypass{
		AuditBypassEnabled: r.flag("AuditBypassEnabled"),
		Name:               r.text("Name"),
		Identity:           r.text("Identity"),
		ID:                 r.text("Id"),
		ObjectID:           r.text("ObjectId"),
		Guid:               r.text("Guid"),
		ExchangeObjectID:   r.text("ExchangeObjectId"),
		DistinguishedName:  r.text("DistinguishedName"),
		WhenChanged:        r.date("WhenChangedUTC"),
	}
	v.Row = r
	return v, nil
}
