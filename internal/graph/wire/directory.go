package wire

import (
	"encoding/json"
	"strings"
)

// User is an account. Source: GET /users.
type User struct {
	ID                string
	UserPrincipalName string
	DisplayName       string
	Mail              string // "" does not mean "no mailbox", and an address does not mean one
	UserType          string // Member, Guest; "" on some old objects, which are members
	AccountEnabled    *bool
	// OnPremisesSyncEnabled: nil for a cloud account.
	OnPremisesSyncEnabled      *bool
	CreatedDateTime            string // "" on some accounts made before June 2018
	LastPasswordChangeDateTime string
	PasswordPolicies           string // "DisablePasswordExpiration, DisableStrongPassword"
	ExternalUserState          string // PendingAcceptance, Accepted
	ProxyAddresses             []string
	AssignedLicenses           []AssignedLicense
	AssignedPlans              []AssignedPlan // keeps Deleted and Suspended entries
}

// AssignedLicense is a SKU that a user has, without the plans that were switched off.
type AssignedLicense struct {
	SKUID         string
	DisabledPlans []string // service plan ids
}

// IsGuest says whether the account is a guest. userType decides; where it is missing,
// the "#EXT#" of an invited account's user principal name is taken as the hint it is.
func (u User) IsGuest() bool { return isGuest(u.UserType, u.UserPrincipalName) }

func isGuest(userType, upn string) bool {
	if userType != "" {
		return strings.EqualFold(userType, "Guest")
	}
	return strings.Contains(strings.ToUpper(upn), "#EXT#")
}

// DecodeUser reads a row of GET /users.
func DecodeUser(raw json.RawMessage) (User, error) {
	return decodeByID("user", raw, func(r reader) User {
		return User{
			ID:                         r.id("id"),
			UserPrincipalName:          r.text("userPrincipalName"),
			DisplayName:                r.text("displayName"),
			Mail:                       r.text("mail"),
			UserType:                   r.text("userType"),
			AccountEnabled:             r.flag("accountEnabled"),
			OnPremisesSyncEnabled:      r.flag("onPremisesSyncEnabled"),
			CreatedDateTime:            r.text("createdDateTime"),
			LastPasswordChangeDateTime: r.text("lastPasswordChangeDateTime"),
			PasswordPolicies:           r.text("passwordPolicies"),
			ExternalUserState:          r.text("externalUserState"),
			ProxyAddresses:             r.texts("proxyAddresses"),
			AssignedLicenses:           list(r, "assignedLicenses", readAssignedLicense),
			AssignedPlans:              list(r, "assignedPlans", readAssignedPlan),
		}
	})
}

func readAssignedLicense(r reader) AssignedLicense {
	return AssignedLicense{SKUID: r.id("skuId"), DisabledPlans: r.ids("disabledPlans")}
}

// Group is a group of any kind. Source: GET /groups.
type Group struct {
	ID                    string
	DisplayName           string
	Mail                  string
	MailEnabled           *bool
	SecurityEnabled       *bool
	GroupTypes            []string // Unified, DynamicMembership; empty for a security or distribution group
	IsAssignableToRole    *bool    // nil: not one
	OnPremisesSyncEnabled *bool    // nil: cloud group
	Visibility            string   // Private, Public, HiddenMembership
	MembershipRule        string   // of a dynamic group
	AssignedLicenses      []AssignedLicense
}

// DecodeGroup reads a row of GET /groups.
func DecodeGroup(raw json.RawMessage) (Group, error) {
	return decodeByID("group", raw, func(r reader) Group {
		return Group{
			ID:                    r.id("id"),
			DisplayName:           r.text("displayName"),
			Mail:                  r.text("mail"),
			MailEnabled:           r.flag("mailEnabled"),
			SecurityEnabled:       r.flag("securityEnabled"),
			GroupTypes:            r.texts("groupTypes"),
			IsAssignableToRole:    r.flag("isAssignableToRole"),
			OnPremisesSyncEnabled: r.flag("onPremisesSyncEnabled"),
			Visibility:            r.text("visibility"),
			MembershipRule:        r.text("membershipRule"),
			AssignedLicenses:      list(r, "assignedLicenses", readAssignedLicense),
		}
	})
}

// Kind says what a directory object is, in the words of the output contract.
type Kind string

// The kinds. KindUnknown stands for a type that is none of the others, or not sent.
const (
	KindUser             Kind = "user"
	KindGuest            Kind = "guest"
	KindGroup            Kind = "group"
	KindServicePrincipal Kind = "servicePrincipal"
	KindDevice           Kind = "device"
	KindContact          Kind = "contact"
	KindUnknown          Kind = ""
)

// DirectoryObject is a member of a mixed collection: group members, owners, the
// expanded principal of a role assignment. Objects of a type that the caller may not
// read come with type and id alone.
type DirectoryObject struct {
	ID                string
	Type              string // @odata.type without "#microsoft.graph."
	DisplayName       string
	UserPrincipalName string
	UserType          string
	Mail              string
	AppID             string
	AccountEnabled    *bool
}

// Kind is what the object is. A user is a guest by its userType, or, where that was
// not selected, by the "#EXT#" of its user principal name.
func (o DirectoryObject) Kind() Kind {
	switch strings.ToLower(o.Type) {
	case "user":
		if isGuest(o.UserType, o.UserPrincipalName) {
			return KindGuest
		}
		return KindUser
	case "group":
		return KindGroup
	case "serviceprincipal":
		return KindServicePrincipal
	case "device":
		return KindDevice
	case "orgcontact":
		return KindContact
	}
	return KindUnknown
}

// DecodeDirectoryObject reads a row of a mixed collection.
func DecodeDirectoryObject(raw json.RawMessage) (DirectoryObject, error) {
	return decodeByID("directoryObject", raw, readDirectoryObject)
}

func readDirectoryObject(r reader) DirectoryObject {
	return DirectoryObject{
		ID:                r.id("id"),
		Type:              strings.TrimPrefix(strings.TrimPrefix(r.text("@odata.type"), "#"), "microsoft.graph."),
		DisplayName:       r.text("displayName"),
		UserPrincipalName: r.text("userPrincipalName"),
		UserType:          r.text("userType"),
		Mail:              r.text("mail"),
		AppID:             r.id("appId"),
		AccountEnabled:    r.flag("accountEnabled"),
	}
}
