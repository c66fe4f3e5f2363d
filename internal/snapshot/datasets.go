package snapshot

import "time"

// Dataset names one normalised dataset of the output contract. The value is the
// key under "datasets" in report.json, the name of the CSV file and of the table.
type Dataset string

// The datasets, in the order in which reports show them.
const (
	SKUs                      Dataset = "skus"
	UserLicences              Dataset = "userLicences"
	OrganizationConfigs       Dataset = "organizationConfig"
	UnifiedAudits             Dataset = "unifiedAudit"
	Mailboxes                 Dataset = "mailboxes"
	AuditBypasses             Dataset = "auditBypass"
	InboxRules                Dataset = "inboxRules"
	TransportRules            Dataset = "transportRules"
	RemoteDomains             Dataset = "remoteDomains"
	OutboundSpamPolicies      Dataset = "outboundSpamPolicies"
	Connectors                Dataset = "connectors"
	AcceptedDomains           Dataset = "acceptedDomains"
	MailboxPermissions        Dataset = "mailboxPermissions"
	SendAs                    Dataset = "sendAs"
	SendOnBehalf              Dataset = "sendOnBehalf"
	FolderPermissions         Dataset = "folderPermissions"
	ServicePrincipals         Dataset = "servicePrincipals"
	OAuth2PermissionGrants    Dataset = "oauth2PermissionGrants"
	AppRoleAssignments        Dataset = "appRoleAssignments"
	DirectoryRoleAssignments  Dataset = "directoryRoleAssignments"
	ExchangeRoleAssignments   Dataset = "exchangeRoleAssignments"
	ApplicationAccessPolicies Dataset = "applicationAccessPolicies"
	GroupMembers              Dataset = "groupMembers"
	Users                     Dataset = "users"
	TransportConfigs          Dataset = "transportConfig"
	CASMailboxes              Dataset = "casMailboxes"
	SharingPolicies           Dataset = "sharingPolicies"
	AuthorizationPolicies     Dataset = "authorizationPolicy"
	AdminConsentPolicies      Dataset = "adminConsentPolicy"
	RoleAssignmentSchedules   Dataset = "roleAssignmentSchedules"
	ManagementRoleAssignments Dataset = "managementRoleAssignments"
	EffectiveAccess           Dataset = "effectiveAccess"
)

// Values of the trusteeType column.
const (
	TrusteeUser        = "user"
	TrusteeGuest       = "guest"
	TrusteeGroup       = "group"
	TrusteeApplication = "application"
	TrusteeContact     = "contact"
	TrusteeDefault     = "default"
	TrusteeAnonymous   = "anonymous"
	TrusteeExternal    = "external"
	TrusteeWellKnown   = "well-known"
	TrusteeOrphaned    = "orphaned"
	TrusteeUnresolved  = "unresolved"
)

// Conventions of every row type below: a nil pointer and a nil slice mean "the
// service did not say" (JSON null); an empty slice means "none". Struct fields
// tagged `key` form the natural key, in order. Times are UTC.

// TrusteeRef is who holds a right.
type TrusteeRef struct {
	// Trustee is the name as the service sent it.
	Trustee string `json:"trustee" key:"trustee"`
	// TrusteeID is the Entra object id, or the Exchange Guid where there is none; "" when not resolved.
	TrusteeID string `json:"trusteeId"`
	// TrusteeAddress is the primary SMTP address, lower case; "" when there is none.
	TrusteeAddress string `json:"trusteeAddress"`
	// TrusteeType is one of the Trustee… constants.
	TrusteeType string `json:"trusteeType"`
	// Candidates lists "name (id)" of every match when several matched (TrusteeType unresolved); else empty.
	Candidates []string `json:"candidates"`
}

// SKU is a subscribed SKU. Counts are units of licences. Source: GET /subscribedSkus.
type SKU struct {
	SKUID          string   `json:"skuId" key:"skuId"`
	SKUPartNumber  string   `json:"skuPartNumber"`
	Name           string   `json:"name"`   // display name from the licensing table; the part number when unknown there
	Status         string   `json:"status"` // capabilityStatus as sent
	Enabled        *int64   `json:"enabled"`
	Consumed       *int64   `json:"consumed"`
	Suspended      *int64   `json:"suspended"`
	Warning        *int64   `json:"warning"`
	ServicePlans   []string `json:"servicePlans"`   // servicePlanName of every plan, sorted
	ServicePlanIDs []string `json:"servicePlanIds"` // ids of the plans that are provisioned (not Disabled or Error), sorted
}

// UserLicence is one SKU assigned to one user.
type UserLicence struct {
	User              string   `json:"user" key:"user"` // Entra object id
	UserPrincipalName string   `json:"userPrincipalName"`
	SKUID             string   `json:"skuId" key:"skuId"`
	SKUPartNumber     string   `json:"skuPartNumber"`
	Name              string   `json:"name"`
	DisabledPlans     []string `json:"disabledPlans"` // servicePlanName, or the id when unknown; sorted
	AdvancedAudit     bool     `json:"advancedAudit"` // M365_ADVANCED_AUDITING enabled in this SKU
	EntraPremium      string   `json:"entraPremium"`  // "", "P1" or "P2" by the enabled plans of this SKU
}

// OrganizationConfig is the tenant's Exchange configuration as far as checks read it.
// Source: Get-OrganizationConfig.
type OrganizationConfig struct {
	Name                        string  `json:"name" key:"name"`
	AuditDisabled               *bool   `json:"auditDisabled"`
	OAuth2ClientProfileEnabled  *bool   `json:"oAuth2ClientProfileEnabled"`
	RejectDirectSend            *bool   `json:"rejectDirectSend"`
	DefaultAuthenticationPolicy *string `json:"defaultAuthenticationPolicy"`
	CustomerLockboxEnabled      *bool   `json:"customerLockboxEnabled"`
	EwsEnabled                  *bool   `json:"ewsEnabled"`
	SendFromAliasEnabled        *bool   `json:"sendFromAliasEnabled"`
}

// UnifiedAudit is the state of the unified audit log, as Exchange Online (never
// Security & Compliance) tells it. Source: Get-AdminAuditLogConfig.
type UnifiedAudit struct {
	Name                            string `json:"name" key:"name"`
	UnifiedAuditLogIngestionEnabled *bool  `json:"unifiedAuditLogIngestionEnabled"`
	AdminAuditLogEnabled            *bool  `json:"adminAuditLogEnabled"`
	AdminAuditLogAgeLimitDays       *int64 `json:"adminAuditLogAgeLimitDays"` // whole days, rounded down
}

// Mailbox is one mailbox of any kind. Source: Get-Mailbox.
type Mailbox struct {
	Mailbox               string   `json:"mailbox" key:"mailbox"` // ExternalDirectoryObjectId, or Guid where that is empty
	MailboxAddress        string   `json:"mailboxAddress"`        // primary SMTP address as sent
	UserPrincipalName     string   `json:"userPrincipalName"`
	DisplayName           string   `json:"displayName"`
	RecipientTypeDetails  string   `json:"recipientTypeDetails"`
	Inactive              bool     `json:"inactive"`
	AuditEnabled          *bool    `json:"auditEnabled"`
	AuditLogAgeLimitDays  *int64   `json:"auditLogAgeLimitDays"` // whole days; zero is legal and keeps none
	AuditOwner            []string `json:"auditOwner"`
	AuditDelegate         []string `json:"auditDelegate"`
	AuditAdmin            []string `json:"auditAdmin"`
	DefaultAuditSet       []string `json:"defaultAuditSet"`
	ForwardingAddress     *string  `json:"forwardingAddress"`     // as sent; null when unset or not sent
	ForwardingSMTPAddress *string  `json:"forwardingSmtpAddress"` // without "smtp:"
	// ForwardingTarget is the address that mail reaches: ForwardingAddress resolved, else
	// ForwardingSmtpAddress; the two joined by ", " when both are set and differ; "" when neither is set or resolves.
	ForwardingTarget string `json:"forwardingTarget"`
	// ForwardingTargetType is internal, external, unresolved or ""; with both set, external beats unresolved beats internal.
	ForwardingTargetType string `json:"forwardingTargetType"`
	// ForwardingExternalRecipients are the external addresses reached: lower case, sorted, members of groups
	// included; "unresolved:<as sent>" for what did not resolve.
	ForwardingExternalRecipients []string   `json:"forwardingExternalRecipients"`
	DeliverToMailboxAndForward   *bool      `json:"deliverToMailboxAndForward"`
	AccountDisabled              *bool      `json:"accountDisabled"`
	WhenMailboxCreated           *time.Time `json:"whenMailboxCreated"`
	HiddenFromAddressLists       *bool      `json:"hiddenFromAddressLists"`
	LitigationHold               *bool      `json:"litigationHold"`
	PremiumAudit                 *bool      `json:"premiumAudit"` // the mailbox's user holds the advanced auditing plan; null when licences are unknown
}

// AuditBypass is a principal whose actions mailbox auditing leaves out.
// Source: Get-MailboxAuditBypassAssociation.
type AuditBypass struct {
	Identity           string     `json:"identity" key:"identity"` // as sent
	PrincipalID        string     `json:"principalId" key:"principalId"`
	PrincipalName      string     `json:"principalName"`
	AuditBypassEnabled bool       `json:"auditBypassEnabled"` // rows with true only
	WhenChanged        *time.Time `json:"whenChanged"`
}

// InboxRule is one rule of one mailbox, the service's own hidden rules included.
// Source: Get-InboxRule with IncludeHidden.
type InboxRule struct {
	Mailbox        string `json:"mailbox" key:"mailbox"`
	MailboxAddress string `json:"mailboxAddress"`
	RuleIdentity   string `json:"ruleIdentity" key:"ruleIdentity"` // decimal; may exceed int64
	Name           string `json:"name"`
	Priority       *int64 `json:"priority"`
	Enabled        *bool  `json:"enabled"`
	InError        *bool  `json:"inError"`
	// Hidden: in the IncludeHidden answer and not in the plain one; true for the service's own rules; null when
	// the plain answer was not read.
	Hidden                *bool    `json:"hidden"`
	System                bool     `json:"system"`                // one of the service's own (junk, out of office, delegate …)
	SupportedByTask       *bool    `json:"supportedByTask"`       // false with no action shown: not fully readable
	Conditions            []string `json:"conditions"`            // "Property: value, value" or "Property" for a switch; sorted; ExceptIf… too
	Actions               []string `json:"actions"`               // same form
	ForwardTo             []string `json:"forwardTo"`             // as sent
	ForwardAsAttachmentTo []string `json:"forwardAsAttachmentTo"` // as sent
	RedirectTo            []string `json:"redirectTo"`            // as sent
	MoveToFolder          *string  `json:"moveToFolder"`
	DeleteMessage         *bool    `json:"deleteMessage"` // DeleteMessage or SoftDeleteMessage
	MarkAsRead            *bool    `json:"markAsRead"`
	StopProcessingRules   *bool    `json:"stopProcessingRules"`
	ExternalRecipients    []string `json:"externalRecipients"`
}

// TransportRule is one mail flow rule. Source: Get-TransportRule.
type TransportRule struct {
	RuleID             string     `json:"ruleId" key:"ruleId"` // Guid, or Identity where that is missing
	Name               string     `json:"name"`
	Priority           *int64     `json:"priority"`
	State              string     `json:"state"`      // Enabled, Disabled
	Mode               string     `json:"mode"`       // Enforce, Audit, AuditAndNotify
	Conditions         []string   `json:"conditions"` // "FromScope: NotInOrganization", or the name alone; sorted
	Exceptions         []string   `json:"exceptions"`
	Actions            []string   `json:"actions"`
	BlindCopyTo        []string   `json:"blindCopyTo"`
	CopyTo             []string   `json:"copyTo"`
	RedirectTo         []string   `json:"redirectTo"` // RedirectMessageTo
	AddToRecipients    []string   `json:"addToRecipients"`
	DeleteMessage      *bool      `json:"deleteMessage"`
	SetSCL             *string    `json:"setScl"` // as text
	ExternalRecipients []string   `json:"externalRecipients"`
	WhenChanged        *time.Time `json:"whenChanged"`
}

// RemoteDomain is one remote domain. Source: Get-RemoteDomain.
type RemoteDomain struct {
	Name               string `json:"name" key:"name"`
	DomainName         string `json:"domainName" key:"domainName"`
	AutoForwardEnabled *bool  `json:"autoForwardEnabled"`
	AutoReplyEnabled   *bool  `json:"autoReplyEnabled"`
}

// OutboundSpamPolicy is an outbound spam policy with what binds it.
// Sources: Get-HostedOutboundSpamFilterPolicy, Get-HostedOutboundSpamFilterRule.
type OutboundSpamPolicy struct {
	Name               string `json:"name" key:"name"`
	IsDefault          *bool  `json:"isDefault"`
	AutoForwardingMode string `json:"autoForwardingMode"` // Automatic, On, Off
	// AppliesTo: ["*"] for the default policy; "From: x", "FromMemberOf: x", "SenderDomainIs: x", "ExceptIfFrom: x" …
	// of the rules that bind it, sorted; empty when none does.
	AppliesTo []string `json:"appliesTo"`
	RuleState string   `json:"ruleState"` // Enabled, Disabled; "" for the default policy or without a rule
}

// Connector is an inbound or outbound connector.
// Sources: Get-InboundConnector, Get-OutboundConnector.
type Connector struct {
	Direction                     string   `json:"direction" key:"direction"` // inbound, outbound
	Name                          string   `json:"name" key:"name"`
	Enabled                       *bool    `json:"enabled"`
	Type                          string   `json:"type"` // ConnectorType
	SmartHosts                    []string `json:"smartHosts"`
	RecipientDomains              []string `json:"recipientDomains"`
	SenderDomains                 []string `json:"senderDomains"`
	SenderIPAddresses             []string `json:"senderIPAddresses"`
	RequireTLS                    *bool    `json:"requireTls"`
	RestrictDomainsToIPAddresses  *bool    `json:"restrictDomainsToIPAddresses"`
	RestrictDomainsToCertificate  *bool    `json:"restrictDomainsToCertificate"`
	TLSSenderCertificateName      *string  `json:"tlsSenderCertificateName"`
	TLSSettings                   *string  `json:"tlsSettings"`
	TLSDomain                     *string  `json:"tlsDomain"`
	UseMXRecord                   *bool    `json:"useMXRecord"`
	IsTransportRuleScoped         *bool    `json:"isTransportRuleScoped"`
	RouteAllMessagesViaOnPremises *bool    `json:"routeAllMessagesViaOnPremises"`
	CloudServicesMailEnabled      *bool    `json:"cloudServicesMailEnabled"`
	TreatMessagesAsInternal       *bool    `json:"treatMessagesAsInternal"`
}

// AcceptedDomain is a domain that the tenant receives mail for. Source: Get-AcceptedDomain;
// when that is denied, Graph's verified domains stand in (Source "graph", MatchSubDomains null).
type AcceptedDomain struct {
	DomainName      string `json:"domainName" key:"domainName"`
	DomainType      string `json:"domainType"`
	Default         *bool  `json:"default"`
	MatchSubDomains *bool  `json:"matchSubDomains"`
	Source          string `json:"source"` // exchange, graph
}

// MailboxPermission is what one trustee may do to one mailbox, by deny and inherited.
// SELF is no row. Source: Get-MailboxPermission.
type MailboxPermission struct {
	Mailbox        string `json:"mailbox" key:"mailbox"`
	MailboxAddress string `json:"mailboxAddress"`
	TrusteeRef
	TrusteeSID string   `json:"trusteeSid" key:"trusteeSid"` // as sent; ""
	Rights     []string `json:"rights"`                      // sorted, unique
	Deny       bool     `json:"deny" key:"deny"`
	Inherited  bool     `json:"inherited" key:"inherited"`
}

// SendAsPermission is a SendAs right over any recipient. Source: Get-RecipientPermission.
type SendAsPermission struct {
	Recipient        string  `json:"recipient" key:"recipient"` // ExternalDirectoryObjectId or Guid; as sent when not resolved
	RecipientAddress string  `json:"recipientAddress"`
	RecipientType    string  `json:"recipientType"` // RecipientTypeDetails; "" when not resolved
	Mailbox          *string `json:"mailbox"`       // for mailboxes only
	MailboxAddress   *string `json:"mailboxAddress"`
	TrusteeRef
	TrusteeSID        string   `json:"trusteeSid" key:"trusteeSid"`
	Rights            []string `json:"rights"`
	AccessControlType string   `json:"accessControlType" key:"accessControlType"` // Allow, Deny
}

// SendOnBehalfDelegate is one entry of a mailbox's GrantSendOnBehalfTo.
type SendOnBehalfDelegate struct {
	Mailbox        string `json:"mailbox" key:"mailbox"`
	MailboxAddress string `json:"mailboxAddress"`
	TrusteeRef
}

// FolderPermission is what one trustee may do to one folder.
// Sources: Get-MailboxFolderStatistics, Get-MailboxFolderPermission.
type FolderPermission struct {
	Mailbox        string `json:"mailbox" key:"mailbox"`
	MailboxAddress string `json:"mailboxAddress"`
	FolderPath     string `json:"folderPath"` // as sent
	FolderID       string `json:"folderId" key:"folderId"`
	FolderType     string `json:"folderType"`
	TrusteeRef
	Roles        []string `json:"roles"`        // as granted, sorted: role names or single rights
	Rights       []string `json:"rights"`       // expanded, sorted; empty for None, AvailabilityOnly, LimitedDetails
	SharingFlags []string `json:"sharingFlags"` // sorted
}

// Credential is a secret or certificate of an application or service principal; never its value.
type Credential struct {
	Kind  string     `json:"kind"` // password, certificate
	On    string     `json:"on"`   // servicePrincipal, application
	KeyID string     `json:"keyId"`
	Usage string     `json:"usage"` // Sign, Verify; "" for passwords
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
}

// ObjectRef names a directory object.
type ObjectRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // user, guest, servicePrincipal, group …; "" unknown
}

// ServicePrincipal is an application's identity in this tenant. Source: GET /servicePrincipals.
type ServicePrincipal struct {
	ID                     string       `json:"id" key:"id"` // object id
	AppID                  string       `json:"appId"`
	DisplayName            string       `json:"displayName"`
	ServicePrincipalType   string       `json:"servicePrincipalType"`
	AppOwnerOrganizationID string       `json:"appOwnerOrganizationId"` // "" when null (managed identities, legacy)
	FirstParty             bool         `json:"firstParty"`             // owner tenant is one of Microsoft's
	VerifiedPublisher      string       `json:"verifiedPublisher"`      // name or ""
	AccountEnabled         *bool        `json:"accountEnabled"`
	Credentials            []Credential `json:"credentials"`
	Owners                 []ObjectRef  `json:"owners"` // null when not read
	// ApplicationOwners own the registration in this tenant, and can add credentials like the owners
	// of the service principal; empty for an application that is not registered here, null when not read.
	ApplicationOwners []ObjectRef `json:"applicationOwners"`
	KnownBad          string      `json:"knownBad"` // class or ""
}

// OAuth2PermissionGrant is one scope of one delegated grant. Source: GET /oauth2PermissionGrants.
type OAuth2PermissionGrant struct {
	ID            string `json:"id" key:"id"`
	Client        string `json:"client"` // object id of the service principal
	ClientName    string `json:"clientName"`
	ConsentType   string `json:"consentType"` // AllPrincipals, Principal
	Principal     string `json:"principal"`   // "" for AllPrincipals
	PrincipalName string `json:"principalName"`
	Resource      string `json:"resource"` // object id
	ResourceName  string `json:"resourceName"`
	Scope         string `json:"scope" key:"scope"` // "" for a grant with no scope left
	Tier          string `json:"tier"`              // critical, high, medium, low; "" when not classified
}

// AppRoleAssignment is an app role given to a principal. Source: appRoleAssignedTo of
// the resource, appRoleAssignments of the client.
type AppRoleAssignment struct {
	ID              string     `json:"id" key:"id"`
	Principal       string     `json:"principal"`
	PrincipalType   string     `json:"principalType"` // User, Group, ServicePrincipal
	PrincipalName   string     `json:"principalName"`
	Resource        string     `json:"resource"`
	ResourceName    string     `json:"resourceName"`
	AppRoleID       string     `json:"appRoleId"`
	AppRole         string     `json:"appRole"` // value; "" for the default role; "unknown role <id>" when the resource no longer has it
	Tier            string     `json:"tier"`
	CreatedDateTime *time.Time `json:"createdDateTime"`
}

// DirectoryRoleAssignment is an Entra role assignment as the service has it.
type DirectoryRoleAssignment struct {
	ID             string `json:"id"`
	Role           string `json:"role"` // display name
	RoleTemplateID string `json:"roleTemplateId" key:"roleTemplateId"`
	Member         string `json:"member" key:"member"`
	MemberType     string `json:"memberType"` // user, guest, group, servicePrincipal, unresolved
	MemberName     string `json:"memberName"`
	Assignment     string `json:"assignment" key:"assignment"` // active, eligible
	Scope          string `json:"scope" key:"scope"`           // directoryScopeId as sent
	Privileged     *bool  `json:"privileged"`                  // null for custom and unknown roles
}

// ExchangeRoleAssignment is a direct member of an Exchange role group.
type ExchangeRoleAssignment struct {
	RoleGroup  string   `json:"roleGroup" key:"roleGroup"`
	Roles      []string `json:"roles"`
	Member     string   `json:"member" key:"member"` // ExternalDirectoryObjectId, or Guid, or the name as sent
	MemberType string   `json:"memberType"`          // user, guest, group, servicePrincipal, contact, unresolved
	MemberName string   `json:"memberName"`
}

// ApplicationAccessPolicy is a policy, or a scoped RBAC-for-Applications assignment.
type ApplicationAccessPolicy struct {
	ID          string `json:"id" key:"id"`     // Identity as sent
	Kind        string `json:"kind" key:"kind"` // applicationAccessPolicy, roleAssignment
	AppID       string `json:"appId"`
	AccessRight string `json:"accessRight"` // RestrictAccess, DenyAccess; the role's name for a role assignment
	Scope       string `json:"scope"`       // name of the group or of the custom scope, as sent; "" = whole organisation
	ScopeID     string `json:"scopeId"`     // Entra id of the scope group where it resolves
}

// GroupMember is one transitive member of a group that matters.
type GroupMember struct {
	Group      string `json:"group" key:"group"`
	GroupName  string `json:"groupName"`
	Member     string `json:"member" key:"member"`
	MemberType string `json:"memberType"` // user, guest, contact, group, servicePrincipal, device
	MemberName string `json:"memberName"`
}

// User is an account of the directory. Source: GET /users.
type User struct {
	User                  string     `json:"user" key:"user"` // Entra object id
	UserPrincipalName     string     `json:"userPrincipalName"`
	DisplayName           string     `json:"displayName"`
	Mail                  string     `json:"mail"`
	UserType              string     `json:"userType"` // Member, Guest; "" for old objects, which are members
	AccountEnabled        *bool      `json:"accountEnabled"`
	OnPremisesSyncEnabled *bool      `json:"onPremisesSyncEnabled"` // null: a cloud account, or not sent
	CreatedDateTime       *time.Time `json:"createdDateTime"`       // null for some accounts made before 2018
}

// TransportConfig is the tenant-wide mail flow configuration. Source: Get-TransportConfig.
type TransportConfig struct {
	Name                             string `json:"name" key:"name"`
	SMTPClientAuthenticationDisabled *bool  `json:"smtpClientAuthenticationDisabled"` // the default for mailboxes that do not say
}

// Values of CASMailbox.SMTPAuth.
const (
	SMTPAuthInherits = "inherits" // SmtpClientAuthenticationDisabled is null: the tenant's default holds
	SMTPAuthEnabled  = "enabled"
	SMTPAuthDisabled = "disabled"
)

// CASMailbox is what protocols a mailbox accepts. Source: Get-CASMailbox.
type CASMailbox struct {
	Mailbox        string `json:"mailbox" key:"mailbox"` // as for Mailbox; the identity as sent when it is no mailbox that is known
	MailboxAddress string `json:"mailboxAddress"`
	SMTPAuth       string `json:"smtpAuth"` // one of the SMTPAuth… constants; "" when the key was not sent
	IMAPEnabled    *bool  `json:"imapEnabled"`
	POPEnabled     *bool  `json:"popEnabled"`
}

// SharingPolicy says what users may share with whom outside. Source: Get-SharingPolicy.
type SharingPolicy struct {
	Name    string   `json:"name" key:"name"`
	Default *bool    `json:"default"`
	Enabled *bool    `json:"enabled"`
	Domains []string `json:"domains"` // "domain: action, action" as the policy holds them, blanks normalised; null when not sent
}

// AuthorizationPolicy is what users may do by default. Source: GET /policies/authorizationPolicy.
type AuthorizationPolicy struct {
	ID string `json:"id" key:"id"`
	// PermissionGrantPolicies are the entries of permissionGrantPoliciesAssigned, as sent; null when not sent.
	PermissionGrantPolicies     []string `json:"permissionGrantPoliciesAssigned"`
	AllowedToCreateApps         *bool    `json:"allowedToCreateApps"`
	AllowUserConsentForRiskyApp *bool    `json:"allowUserConsentForRiskyApps"`
	AllowInvitesFrom            string   `json:"allowInvitesFrom"`
	GuestUserRoleID             string   `json:"guestUserRoleId"`
}

// AdminConsentPolicy is the admin consent workflow. Source: GET /policies/adminConsentRequestPolicy.
type AdminConsentPolicy struct {
	ID              string   `json:"id" key:"id"` // "adminConsentRequestPolicy" where the service sends none
	IsEnabled       *bool    `json:"isEnabled"`
	NotifyReviewers *bool    `json:"notifyReviewers"`
	Reviewers       []string `json:"reviewers"` // the query of each reviewer scope; null when not sent
}

// RoleAssignmentSchedule is a directory role in force, with how and until when it was given.
// Source: GET /roleManagement/directory/roleAssignmentScheduleInstances (Entra ID P2).
type RoleAssignmentSchedule struct {
	ID             string     `json:"id" key:"id"`
	Role           string     `json:"role"`
	RoleTemplateID string     `json:"roleTemplateId"`
	Member         string     `json:"member"`
	MemberType     string     `json:"memberType"` // as DirectoryRoleAssignment
	MemberName     string     `json:"memberName"`
	AssignmentType string     `json:"assignmentType"` // Assigned; Activated (from an eligible role)
	Inherited      bool       `json:"inherited"`      // through a group that has its own row
	Scope          string     `json:"scope"`
	EndDateTime    *time.Time `json:"endDateTime"` // null: no end
	Privileged     *bool      `json:"privileged"`  // null for custom and unknown roles
}

// ManagementRoleAssignment is an Exchange role that is given to somebody directly, not
// through a role group or a role assignment policy. Source: Get-ManagementRoleAssignment.
type ManagementRoleAssignment struct {
	ID           string `json:"id" key:"id"` // Identity or Name as sent
	Role         string `json:"role"`
	Assignee     string `json:"assignee"`     // Entra object id, or Guid, or the name as sent
	AssigneeName string `json:"assigneeName"` // display name; as sent where it did not resolve
	AssigneeType string `json:"assigneeType"` // user, guest, group, servicePrincipal, contact, unresolved
	AppID        string `json:"appId"`        // of a service principal; ""
	Delegating   bool   `json:"delegating"`   // may hand the role on, and not use it
	Enabled      *bool  `json:"enabled"`
	Scope        string `json:"scope"`   // the custom scope's or group's name; "" = whole organisation
	ScopeID      string `json:"scopeId"` // Entra id of the scope group where it resolves
}

// Values of AccessRow.Capability.
const (
	CanRead         = "read"         // items of the mailbox, or of the folders named by Scope
	CanChange       = "change"       // change or delete items
	CanSendAs       = "sendAs"       // mail that looks as if the owner had sent it
	CanSendOnBehalf = "sendOnBehalf" // mail that names both
	CanManage       = "manage"       // change who has access
	CanReceive      = "receive"      // mail reaches the principal as it arrives
)

// Everywhere is AccessRow.Mailbox of access that no mailbox limits.
const Everywhere = "*"

// AccessRow is one way in which somebody other than the owner reaches a mailbox: what is left
// after groups are expanded and Deny entries are taken away. It is computed, not read.
type AccessRow struct {
	Mailbox          string `json:"mailbox" key:"mailbox"` // Everywhere for access to every mailbox
	MailboxAddress   string `json:"mailboxAddress"`
	Principal        string `json:"principal" key:"principal"` // as trusteeId; the name as sent where it did not resolve; "default", "anonymous"
	PrincipalName    string `json:"principalName"`
	PrincipalAddress string `json:"principalAddress"`
	PrincipalType    string `json:"principalType"`               // one of the Trustee… constants
	Capability       string `json:"capability" key:"capability"` // one of the Can… constants
	// Route is the kind of grant: fullAccess, mailboxPermission, folder, sendAs, sendOnBehalf, application,
	// delegatedGrant, exchangeRole, directoryRole, forwarding, inboxRule, transportRule.
	Route string `json:"route" key:"route"`
	// Via is the group, role group, role, permission or rule that gives it, outermost first, joined by " > "; "" for a grant to the principal itself.
	Via string `json:"via" key:"via"`
	// Scope is "mailbox", "folder:<path>", "tenant", or "members:<group>" for what a policy or scope limits.
	Scope string `json:"scope" key:"scope"`
	// Members is the number of people and applications in a group that stands for its members; null otherwise.
	Members *int64 `json:"members"`
	// Note says what limits the access without taking it away (the folder's parents are not visible, the
	// role is eligible and not active, the rule is disabled); "".
	Note string `json:"note"`
	// Close is the one change that would close this route.
	Close string `json:"close"`
	// Dataset and Key are the row that gives the access.
	Dataset string `json:"evidenceDataset"`
	Key     string `json:"evidenceKey" key:"evidenceKey"`
}
