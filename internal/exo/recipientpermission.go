package exo

import (
	"encoding/json"
)

// RecipientPermission is a right of one trustee over one recipient. IsInherited and Deny do not
// exist here. Every mailbox has a row for SELF.
//
// Source: Get-RecipientPermission; Recipient('…')/RecipientPermission.
type RecipientPermission struct {
	Row
	Identity          string // the recipient, in the form the service likes
	Trustee           string
	TrusteeSID        string   // S-1-5-10 is SELF
	AccessControlType string   // Allow, Deny
	AccessRights      []string // one name per element
	InheritanceType   string
}

// DecodeRecipientPermission reads one stored row.
func DecodeRecipientPermission(raw json.RawMessage) (RecipientPermission, error) {
	r, err := parseRow(raw)
	if err != nil {
		return RecipientPermission{}, err
	}
	v := RecipientPermission{
		Identity:          r.text("Identity"),
		Trustee:           r.text("Trustee"),
		TrusteeSID:        r.text("TrusteeSidString"),
		AccessControlType: r.text("AccessControlType"),
		AccessRights:      r.flags("AccessRights"),
		InheritanceType:   r.text("InheritanceType"),
	}
	v.Row = r
	return v, nil
}
