package exo

import (
	"encoding/json"
)

// OrganizationConfig is the tenant-wide Exchange configuration, one row.
//
// Source: Get-OrganizationConfig.
type OrganizationConfig struct {
	Row
	Name                                  string
	Identity                              string // the initial domain
	Guid                                  string
	AuditDisabled                         *bool   // true: nothing in any mailbox is audited
	OAuth2ClientProfileEnabled            *bool   // modern authentication
	DefaultAuthenticationPolicy           *string // name of the policy; null: none is set
	CustomerLockboxEnabled                *bool
	RejectDirectSend                      *bool
	EwsEnabled                            *bool // null: not configured, which allows
	SendFromAliasEnabled                  *bool
	MailTipsExternalRecipientsTipsEnabled *bool
	PublicFoldersEnabled                  string // Local, Remote or None
	IsDehydrated                          *bool
}

// DecodeOrganizationConfig reads one stored row.
func DecodeOrganizationConfig(raw json.RawMessage) (OrganizationConfig, error) {
	r, err := parseRow(raw)
	if err != nil {
		return OrganizationConfig{}, err
	}
	v := OrganizationConfig{
		Name:                                  r.text("Name"),
		Identity:                              r.text("Identity"),
		Guid:                                  r.text("Guid"),
		AuditDisabled:                         r.flag("AuditDisabled"),
		OAuth2ClientProfileEnabled:            r.flag("OAuth2ClientProfileEnabled"),
		DefaultAuthenticationPolicy:           r.textPtr("DefaultAuthenticationPolicy"),
		CustomerLockboxEnabled:                r.flag("CustomerLockboxEnabled"),
		RejectDirectSend:                      r.flag("RejectDirectSend"),
		EwsEnabled:                            r.flag("EwsEnabled"),
		SendFromAliasEnabled:                  r.flag("SendFromAliasEnabled"),
		MailTipsExternalRecipientsTipsEnabled: r.flag("MailTipsExternalRecipientsTipsEnabled"),
		PublicFoldersEnabled:                  r.text("PublicFoldersEnabled"),
		IsDehydrated:                          r.flag("IsDehydrated"),
	}
	v.Row = r
	return v, nil
}
