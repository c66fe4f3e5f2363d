package exo

import (
	"encoding/json"
	"fmt"

	"tenantaudit/internal/snapshot/rawjson"
)

// MailboxPermission is what one trustee may do to one mailbox, by deny and inherited.
// The service may send several rows of one key.
//
// Source: Get-MailboxPermission with IncludeUnresolvedPermissions; Mailbox('…')/MailboxPermission.
type MailboxPermission struct {
	Row
	Identity        string   // the mailbox, in the form the service likes; never a join key
	User            string   // a UPN, a name, DOMAIN\name, a role group or a bare SID
	UserSID         string   // S-1-5-10 is SELF, whatever its name; "" from the entity set
	AccessRights    []string // one name per element; the service joins several by ", "
	Deny            *bool
	IsInherited     *bool
	InheritanceType string
}

// DecodeMailboxPermission reads one stored row. A row of the entity set holds one
// trustee with a list of entries and gives one MailboxPermission per entry; a row of
// the cmdlet gives exactly one.
func DecodeMailboxPermission(raw json.RawMessage) ([]MailboxPermission, error) {
	r, err := parseRow(raw)
	if err != nil {
		return nil, err
	}
	list, grouped := r.Properties.Get("PermissionList")
	if !grouped {
		p := permissionEntry(&r)
		p.Identity, p.User, p.UserSID = r.text("Identity"), r.text("User"), r.text("UserSid")
		p.Row = r
		return []MailboxPermission{p}, nil
	}
	entries, err := rawjson.Array(list, nil)
	if err != nil && string(list) != "null" {
		return nil, fmt.Errorf("%w: PermissionList: %w", ErrRow, err)
	}
	out := make([]MailboxPermission, 0, len(entries))
	for _, e := range entries {
		er, err := parseRow(e)
		if err != nil {
			return nil, fmt.Errorf("PermissionList: %w", err)
		}
		p := permissionEntry(&er)
		p.Identity, p.User, p.UserSID = r.text("MailboxIdentity"), r.text("User"), r.text("UserSid")
		p.Row = Row{Properties: r.Properties, Odd: append(r.Odd[:len(r.Odd):len(r.Odd)], er.Odd...)}
		out = append(out, p)
	}
	return out, nil
}

func permissionEntry(r *Row) MailboxPermission {
	return MailboxPermission{
		AccessRights:    r.flags("AccessRights"),
		Deny:            r.flag("Deny"),
		IsInherited:     r.flag("IsInherited"),
		InheritanceType: r.text("InheritanceType"),
	}
}
