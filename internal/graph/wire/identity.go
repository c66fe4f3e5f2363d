package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Me is the signed-in user. Source: GET /me; an application has none.
type Me struct {
	ID                string
	UserPrincipalName string
	DisplayName       string
}

// DecodeMe reads the answer of GET /me.
func DecodeMe(raw json.RawMessage) (Me, error) {
	return decodeByID("me", raw, func(r reader) Me {
		return Me{ID: r.id("id"), UserPrincipalName: r.text("userPrincipalName"), DisplayName: r.text("displayName")}
	})
}

// DirectoryRole is an activated directory role of the signed-in user. Source: GET
// /me/transitiveMemberOf/microsoft.graph.directoryRole.
type DirectoryRole struct {
	ID             string // of this tenant
	RoleTemplateID string // constant across tenants
	DisplayName    string
}

// DecodeDirectoryRole reads a row of the signed-in user's directory roles.
func DecodeDirectoryRole(raw json.RawMessage) (DirectoryRole, error) {
	return decodeByID("directoryRole", raw, func(r reader) DirectoryRole {
		return DirectoryRole{ID: r.id("id"), RoleTemplateID: r.id("roleTemplateId"), DisplayName: r.text("displayName")}
	})
}

// Identity types of Claims.
const (
	IdentityUser        = "user"
	IdentityApplication = "application"
)

// Claims is what a Graph access token says of its holder. Microsoft declares these
// tokens opaque (learn.microsoft.com/entra/identity-platform/access-tokens): the claims
// are a hint for people and never a gate.
type Claims struct {
	Audience        string // aud; the first, when the token has several
	TenantID        string // tid
	IDType          string // idtyp as sent: user, app; "" when the token does not say
	Scopes          []string
	Roles           []string // application permissions of an app-only token; nil: none named
	RoleTemplateIDs []string // wids: template ids of tenant-wide active roles, and a few ids that are no roles
	ObjectID        string   // oid
	UPN             string   // upn, or unique_name
	AppID           string
	AppDisplayName  string
	Expires         time.Time // zero when the token does not say
}

// IdentityType is IdentityUser, IdentityApplication or "" when the token shows neither:
// by idtyp, else by scopes, else by roles.
func (c Claims) IdentityType() string {
	switch {
	case strings.EqualFold(c.IDType, "user"):
		return IdentityUser
	case strings.EqualFold(c.IDType, "app"):
		return IdentityApplication
	case len(c.Scopes) > 0:
		return IdentityUser
	case len(c.Roles) > 0:
		return IdentityApplication
	}
	return ""
}

// errNoJWT says nothing of the token itself.
var errNoJWT = errors.New("claims: the token is no readable JWT")

// ParseClaims reads the claims of an access token without checking its signature.
// Claims of an unexpected type are left out and named in the error; a token that is no
// JWT gives the zero Claims and an error. No error holds a part of the token.
func ParseClaims(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, errNoJWT
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || !json.Valid(payload) {
		return Claims{}, errNoJWT
	}
	return DecodeClaims(payload)
}

// lastSecond is the last one that JSON can hold as a time.
const lastSecond = 253402300799

// DecodeClaims reads a claims object: the payload of a token, or the row that Row made.
func DecodeClaims(raw json.RawMessage) (Claims, error) {
	return decode("claims", raw, func(r reader) Claims {
		c := Claims{
			TenantID:        r.id("tid"),
			IDType:          r.text("idtyp"),
			Roles:           r.texts("roles"),
			RoleTemplateIDs: r.ids("wids"),
			ObjectID:        r.id("oid"),
			UPN:             r.text("upn"),
			AppID:           r.id("appid"),
			AppDisplayName:  r.text("app_displayname"),
		}
		if scp, ok := r.member("scp"); ok {
			if scp[0] == '[' {
				c.Scopes = SplitScope(strings.Join(r.texts("scp"), " "))
			} else {
				c.Scopes = SplitScope(r.text("scp"))
			}
		}
		if c.UPN == "" {
			c.UPN = r.text("unique_name")
		}
		if aud, ok := r.member("aud"); ok && aud[0] == '[' {
			if all := r.texts("aud"); len(all) > 0 {
				c.Audience = all[0]
			}
		} else {
			c.Audience = r.text("aud")
		}
		if exp := r.number("exp"); exp != nil && *exp > lastSecond {
			r.fault("exp", "seconds up to the year 9999", r.members["exp"])
		} else if exp != nil && *exp > 0 {
			c.Expires = time.Unix(*exp, 0).UTC()
		}
		return c
	})
}

// Row is the claims as a JSON object with the names of the token, for storing. It holds
// nothing that a token could be made of.
func (c Claims) Row() (json.RawMessage, error) {
	row := struct {
		Audience        string   `json:"aud,omitempty"`
		TenantID        string   `json:"tid,omitempty"`
		IDType          string   `json:"idtyp,omitempty"`
		Scopes          string   `json:"scp,omitempty"`
		Roles           []string `json:"roles,omitempty"`
		RoleTemplateIDs []string `json:"wids,omitempty"`
		ObjectID        string   `json:"oid,omitempty"`
		UPN             string   `json:"upn,omitempty"`
		AppID           string   `json:"appid,omitempty"`
		AppDisplayName  string   `json:"app_displayname,omitempty"`
		Expires         int64    `json:"exp,omitempty"`
	}{
		c.Audience, c.TenantID, c.IDType, strings.Join(c.Scopes, " "), c.Roles, c.RoleTemplateIDs,
		c.ObjectID, c.UPN, c.AppID, c.AppDisplayName, 0,
	}
	if !c.Expires.IsZero() {
		row.Expires = c.Expires.Unix()
	}
	return json.Marshal(row)
}
