package exo

import "encoding/json"

// FolderPermission is what one trustee may do to one folder.
//
// Source: Get-MailboxFolderPermission; …/MailboxFolder('…')/MailboxFolderPermission.
type FolderPermission struct {
	Row
	FolderName string // localised
	// User is the trustee as sent: Default, Anonymous, a display name,
	// "ExchangePublishedUser.<address>", "NT:S-1-5-21-…" for a deleted account,
	// "Owner@local" or "Member@local". Where the service sends an object, its
	// DisplayName, else its UserPrincipalName, else what its ADRecipient is named by.
	User              string
	UserPrincipalName string // "" unless an object was sent
	UserID            string // ExternalDirectoryObjectId or Guid of an object's ADRecipient; ""
	UserAddress       string // primary SMTP address of an object or its ADRecipient; ""
	UserDisplayName   string // "" unless an object was sent
	UserType          string // Default, Anonymous, Internal, External, Unknown; "" unless an object was sent
	AccessRights      []string
	SharingFlags      []string // Delegate, CanViewPrivateItems; empty: none
}

// DecodeFolderPermission reads one stored row.
func DecodeFolderPermission(raw json.RawMessage) (FolderPermission, error) {
	r, err := parseRow(raw)
	if err != nil {
		return FolderPermission{}, err
	}
	v := FolderPermission{
		FolderName:   r.text("FolderName"),
		AccessRights: r.flags("AccessRights"),
		SharingFlags: splitJoined(r.ruleList("SharingPermissionFlags")),
	}
	switch user := r.value("User").(type) {
	case nil:
	case string:
		v.User = user
	case map[string]any:
		v.fromObject(user)
	default:
		r.odd("User")
	}
	switch user := r.value("MailboxFolderUser").(type) {
	case nil:
	case map[string]any:
		v.fromObject(user)
	default:
		r.odd("MailboxFolderUser")
	}
	v.Row = r
	return v, nil
}

func (p *FolderPermission) fromObject(user map[string]any) {
	p.UserPrincipalName, _ = scalar(user["UserPrincipalName"])
	p.UserDisplayName, _ = scalar(user["DisplayName"])
	p.UserType, _ = scalar(user["UserType"])
	p.UserAddress, _ = scalar(user["PrimarySmtpAddress"])
	recipient, _ := scalar(user["ADRecipient"]) // its name, where it is no object
	if r, ok := user["ADRecipient"].(map[string]any); ok {
		at := func(name string) string { s, _ := scalar(r[name]); return s }
		p.UserID = joinID(at("ExternalDirectoryObjectId"), at("Guid"))
		p.UserPrincipalName = first(p.UserPrincipalName, at("UserPrincipalName"))
		p.UserAddress = first(p.UserAddress, at("PrimarySmtpAddress"))
		recipient = first(at("DisplayName"), at("Name"), at("Identity"))
	}
	for _, name := range []string{p.UserDisplayName, p.UserPrincipalName, recipient, p.UserAddress, p.UserType, p.UserID} {
		if p.User == "" {
			p.User = name
		}
	}
}
