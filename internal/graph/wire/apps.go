package wire

import (
	"encoding/json"
	"strings"
)

// Credential is a certificate or secret of an application or service principal. Its
// value never gets here: key, secretText, hint and customKeyIdentifier are struck out
// before a row is stored.
type Credential struct {
	KeyID         string
	DisplayName   string
	Type          string // AsymmetricX509Cert, Symmetric; "" for passwords
	Usage         string // Verify, Sign; "" for passwords
	StartDateTime string
	EndDateTime   string
}

func readCredential(r reader) Credential {
	return Credential{
		KeyID: r.id("keyId"), DisplayName: r.text("displayName"), Type: r.text("type"), Usage: r.text("usage"),
		StartDateTime: r.text("startDateTime"), EndDateTime: r.text("endDateTime"),
	}
}

// VerifiedPublisher is the zero value for an unverified publisher, which comes as null
// or as an object of nulls, and where the cloud does not have the property.
type VerifiedPublisher struct {
	ID            string
	DisplayName   string
	AddedDateTime string
}

func readVerifiedPublisher(r reader) VerifiedPublisher {
	p, ok := r.object("verifiedPublisher")
	if !ok {
		return VerifiedPublisher{}
	}
	return VerifiedPublisher{ID: p.text("verifiedPublisherId"), DisplayName: p.text("displayName"), AddedDateTime: p.text("addedDateTime")}
}

// ServicePrincipal is an application's identity in this tenant. Source: GET /servicePrincipals.
type ServicePrincipal struct {
	ID                        string // of this tenant
	AppID                     string // the same in every tenant
	DisplayName               string
	AppDisplayName            string
	ServicePrincipalType      string // Application, ManagedIdentity, Legacy, SocialIdp
	AppOwnerOrganizationID    string // "" for managed identities and legacy ones
	SignInAudience            string
	Homepage                  string
	DisabledByMicrosoftStatus string
	CreatedDateTime           string // not in every cloud
	AccountEnabled            *bool
	AppRoleAssignmentRequired *bool
	VerifiedPublisher         VerifiedPublisher
	Tags                      []string
	ReplyURLs                 []string
	KeyCredentials            []Credential
	PasswordCredentials       []Credential
}

// DecodeServicePrincipal reads a row of GET /servicePrincipals.
func DecodeServicePrincipal(raw json.RawMessage) (ServicePrincipal, error) {
	return decodeByID("servicePrincipal", raw, func(r reader) ServicePrincipal {
		return ServicePrincipal{
			ID:                        r.id("id"),
			AppID:                     r.id("appId"),
			DisplayName:               r.text("displayName"),
			AppDisplayName:            r.text("appDisplayName"),
			ServicePrincipalType:      r.text("servicePrincipalType"),
			AppOwnerOrganizationID:    r.id("appOwnerOrganizationId"),
			SignInAudience:            r.text("signInAudience"),
			Homepage:                  r.text("homepage"),
			DisabledByMicrosoftStatus: r.text("disabledByMicrosoftStatus"),
			CreatedDateTime:           r.text("createdDateTime"),
			AccountEnabled:            r.flag("accountEnabled"),
			AppRoleAssignmentRequired: r.flag("appRoleAssignmentRequired"),
			VerifiedPublisher:         readVerifiedPublisher(r),
			Tags:                      r.texts("tags"),
			ReplyURLs:                 r.texts("replyUrls"),
			KeyCredentials:            list(r, "keyCredentials", readCredential),
			PasswordCredentials:       list(r, "passwordCredentials", readCredential),
		}
	})
}

// ServicePrincipalRoles is what a resource offers: application permissions and
// delegated scopes. Source: GET /servicePrincipals/{id}.
type ServicePrincipalRoles struct {
	ID                     string
	AppID                  string
	DisplayName            string
	AppRoles               []AppRole
	OAuth2PermissionScopes []PermissionScope
}

// AppRole is a role of a resource.
type AppRole struct {
	ID                 string
	Value              string   // Mail.Read; "" for a role without a value
	AllowedMemberTypes []string // User, Application
	IsEnabled          *bool
	DisplayName        string
}

// PermissionScope is a delegated permission of a resource.
type PermissionScope struct {
	ID        string
	Value     string
	Type      string // User: a user may consent; Admin: only an administrator
	IsEnabled *bool
}

// DecodeServicePrincipalRoles reads the answer of GET /servicePrincipals/{id} with
// appRoles and oauth2PermissionScopes selected.
func DecodeServicePrincipalRoles(raw json.RawMessage) (ServicePrincipalRoles, error) {
	return decodeByID("servicePrincipal", raw, func(r reader) ServicePrincipalRoles {
		return ServicePrincipalRoles{
			ID:          r.id("id"),
			AppID:       r.id("appId"),
			DisplayName: r.text("displayName"),
			AppRoles: list(r, "appRoles", func(r reader) AppRole {
				return AppRole{
					ID: r.id("id"), Value: r.text("value"), DisplayName: r.text("displayName"),
					AllowedMemberTypes: r.texts("allowedMemberTypes"), IsEnabled: r.flag("isEnabled"),
				}
			}),
			OAuth2PermissionScopes: list(r, "oauth2PermissionScopes", func(r reader) PermissionScope {
				return PermissionScope{ID: r.id("id"), Value: r.text("value"), Type: r.text("type"), IsEnabled: r.flag("isEnabled")}
			}),
		}
	})
}

// Application is an application that is registered in this tenant. Source: GET /applications.
type Application struct {
	ID                     string
	AppID                  string
	DisplayName            string
	CreatedDateTime        string
	SignInAudience         string
	PublisherDomain        string
	IsFallbackPublicClient *bool
	VerifiedPublisher      VerifiedPublisher
	KeyCredentials         []Credential
	PasswordCredentials    []Credential
	RequiredResourceAccess []RequiredResourceAccess // what it asks for, not what it was given
	WebRedirectURIs        []string
	SPARedirectURIs        []string
	PublicRedirectURIs     []string
}

// RequiredResourceAccess is what an application asks of one resource.
type RequiredResourceAccess struct {
	ResourceAppID  string
	ResourceAccess []ResourceAccess
}

// ResourceAccess is one permission that is asked for.
type ResourceAccess struct {
	ID   string
	Type string // Role, Scope
}

// DecodeApplication reads a row of GET /applications.
func DecodeApplication(raw json.RawMessage) (Application, error) {
	return decodeByID("application", raw, func(r reader) Application {
		a := Application{
			ID:                     r.id("id"),
			AppID:                  r.id("appId"),
			DisplayName:            r.text("displayName"),
			CreatedDateTime:        r.text("createdDateTime"),
			SignInAudience:         r.text("signInAudience"),
			PublisherDomain:        r.text("publisherDomain"),
			IsFallbackPublicClient: r.flag("isFallbackPublicClient"),
			VerifiedPublisher:      readVerifiedPublisher(r),
			KeyCredentials:         list(r, "keyCredentials", readCredential),
			PasswordCredentials:    list(r, "passwordCredentials", readCredential),
			RequiredResourceAccess: list(r, "requiredResourceAccess", func(r reader) RequiredResourceAccess {
				return RequiredResourceAccess{
					ResourceAppID: r.id("resourceAppId"),
					ResourceAccess: list(r, "resourceAccess", func(r reader) ResourceAccess {
						return ResourceAccess{ID: r.id("id"), Type: r.text("type")}
					}),
				}
			}),
		}
		for name, to := range map[string]*[]string{"web": &a.WebRedirectURIs, "spa": &a.SPARedirectURIs, "publicClient": &a.PublicRedirectURIs} {
			if in, ok := r.object(name); ok {
				*to = in.texts("redirectUris")
			}
		}
		return a
	})
}

// ApplicationOwners is an application with who owns it. Source: GET /applications with
// $expand=owners, which shows up to 20.
type ApplicationOwners struct {
	ID     string
	AppID  string
	Owners []DirectoryObject // nil: not shown
}

// DecodeApplicationOwners reads a row of GET /applications with owners expanded.
func DecodeApplicationOwners(raw json.RawMessage) (ApplicationOwners, error) {
	return decodeByID("application", raw, func(r reader) ApplicationOwners {
		return ApplicationOwners{ID: r.id("id"), AppID: r.id("appId"), Owners: list(r, "owners", readDirectoryObject)}
	})
}

// ServicePrincipalOwners is a service principal with who owns it. Source: GET /servicePrincipals
// with $expand=owners, which shows up to 20.
type ServicePrincipalOwners struct {
	ID     string
	Owners []DirectoryObject // nil: not shown
}

// DecodeServicePrincipalOwners reads a row of GET /servicePrincipals with owners expanded.
func DecodeServicePrincipalOwners(raw json.RawMessage) (ServicePrincipalOwners, error) {
	return decodeByID("servicePrincipal", raw, func(r reader) ServicePrincipalOwners {
		return ServicePrincipalOwners{ID: r.id("id"), Owners: list(r, "owners", readDirectoryObject)}
	})
}

// OAuth2PermissionGrant is a delegated consent. It has no date and no consenter.
// Source: GET /oauth2PermissionGrants.
type OAuth2PermissionGrant struct {
	ID          string
	ClientID    string   // object id of the service principal, not its appId
	ConsentType string   // AllPrincipals, Principal
	PrincipalID string   // "" for AllPrincipals
	ResourceID  string   // object id of the service principal, not its appId
	Scope       string   // as sent
	Scopes      []string // Scope split; empty for a grant with no scope left
}

// DecodeOAuth2PermissionGrant reads a row of GET /oauth2PermissionGrants.
func DecodeOAuth2PermissionGrant(raw json.RawMessage) (OAuth2PermissionGrant, error) {
	return decodeByID("oauth2PermissionGrant", raw, func(r reader) OAuth2PermissionGrant {
		scope := r.text("scope")
		return OAuth2PermissionGrant{
			ID: r.id("id"), ClientID: r.id("clientId"), ConsentType: r.text("consentType"),
			PrincipalID: r.id("principalId"), ResourceID: r.id("resourceId"), Scope: scope, Scopes: SplitScope(scope),
		}
	})
}

// SplitScope splits a scope string at white space. The service sends leading and
// doubled spaces and repeats; empties are dropped, and of values that differ in case
// alone the first stands. The order is as sent; the result is never nil.
func SplitScope(scope string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, s := range strings.Fields(scope) {
		if key := strings.ToLower(s); !seen[key] {
			seen[key] = true
			out = append(out, s)
		}
	}
	return out
}

// AppRoleAssignment is an app role that was given to a principal. Names are copies of
// the time of the assignment. Sources: appRoleAssignments of a client, appRoleAssignedTo
// of a resource, the expanded list of service principals.
type AppRoleAssignment struct {
	ID                   string
	AppRoleID            string // all zeros: default access, not a permission
	CreatedDateTime      string // "" is possible
	PrincipalID          string
	PrincipalType        string // User, Group, ServicePrincipal
	PrincipalDisplayName string
	ResourceID           string
	ResourceDisplayName  string
}

// DecodeAppRoleAssignment reads a row of appRoleAssignments or appRoleAssignedTo.
func DecodeAppRoleAssignment(raw json.RawMessage) (AppRoleAssignment, error) {
	return decodeByID("appRoleAssignment", raw, readAppRoleAssignment)
}

func readAppRoleAssignment(r reader) AppRoleAssignment {
	return AppRoleAssignment{
		ID:                   r.id("id"),
		AppRoleID:            r.id("appRoleId"),
		CreatedDateTime:      r.text("createdDateTime"),
		PrincipalID:          r.id("principalId"),
		PrincipalType:        r.text("principalType"),
		PrincipalDisplayName: r.text("principalDisplayName"),
		ResourceID:           r.id("resourceId"),
		ResourceDisplayName:  r.text("resourceDisplayName"),
	}
}

// ServicePrincipalAssignments is a row of the service principal list with
// $expand=appRoleAssignments. The service shows at most 20 and does not say that it
// cut: 20 shown means "20 or more".
type ServicePrincipalAssignments struct {
	ID                 string
	AppID              string
	AppRoleAssignments []AppRoleAssignment // nil: not shown, which is not the same as none
	AppRoleAssignedTo  []AppRoleAssignment // with $expand=appRoleAssignedTo, by the same rules
}

// DecodeServicePrincipalAssignments reads a row of the expanded list.
func DecodeServicePrincipalAssignments(raw json.RawMessage) (ServicePrincipalAssignments, error) {
	return decodeByID("servicePrincipal", raw, func(r reader) ServicePrincipalAssignments {
		return ServicePrincipalAssignments{
			ID: r.id("id"), AppID: r.id("appId"),
			AppRoleAssignments: list(r, "appRoleAssignments", readAppRoleAssignment),
			AppRoleAssignedTo:  list(r, "appRoleAssignedTo", readAppRoleAssignment),
		}
	})
}
