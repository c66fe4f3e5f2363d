package wire

import "encoding/json"

// Organization is the tenant. Source: GET /organization, one row. With User.Read
// alone only id, displayName and verifiedDomains are filled.
type Organization struct {
	ID                string
	DisplayName       string
	TenantType        string // AAD, AAD B2C, CIAM; not the cloud
	CountryLetterCode string
	CreatedDateTime   string
	PartnerTenantType string
	// OnPremisesSyncEnabled: nil never synchronised (or not readable), false was once, true is.
	OnPremisesSyncEnabled               *bool
	OnPremisesLastSyncDateTime          string
	VerifiedDomains                     []VerifiedDomain
	AssignedPlans                       []AssignedPlan // keeps Deleted and Suspended entries
	TechnicalNotificationMails          []string
	SecurityComplianceNotificationMails []string
}

// VerifiedDomain is a domain as the organization row names it.
type VerifiedDomain struct {
	Name         string
	Type         string // Managed, Federated
	Capabilities string // "Email, OfficeCommunicationsOnline"
	IsDefault    *bool
	IsInitial    *bool // the onmicrosoft.com one
}

// AssignedPlan is a service plan of a tenant or a user. CapabilityStatus Enabled and
// Warning are usable; Deleted, Suspended and LockedOut entries stay in the list.
type AssignedPlan struct {
	ServicePlanID    string
	Service          string
	CapabilityStatus string
	AssignedDateTime string
}

// DecodeOrganization reads a row of GET /organization.
func DecodeOrganization(raw json.RawMessage) (Organization, error) {
	return decodeByID("organization", raw, func(r reader) Organization {
		return Organization{
			ID:                         r.id("id"),
			DisplayName:                r.text("displayName"),
			TenantType:                 r.text("tenantType"),
			CountryLetterCode:          r.text("countryLetterCode"),
			CreatedDateTime:            r.text("createdDateTime"),
			PartnerTenantType:          r.text("partnerTenantType"),
			OnPremisesSyncEnabled:      r.flag("onPremisesSyncEnabled"),
			OnPremisesLastSyncDateTime: r.text("onPremisesLastSyncDateTime"),
			VerifiedDomains: list(r, "verifiedDomains", func(r reader) VerifiedDomain {
				return VerifiedDomain{
					Name: r.text("name"), Type: r.text("type"), Capabilities: r.text("capabilities"),
					IsDefault: r.flag("isDefault"), IsInitial: r.flag("isInitial"),
				}
			}),
			AssignedPlans:                       list(r, "assignedPlans", readAssignedPlan),
			TechnicalNotificationMails:          r.texts("technicalNotificationMails"),
			SecurityComplianceNotificationMails: r.texts("securityComplianceNotificationMails"),
		}
	})
}

func readAssignedPlan(r reader) AssignedPlan {
	return AssignedPlan{
		ServicePlanID: r.id("servicePlanId"), Service: r.text("service"),
		CapabilityStatus: r.text("capabilityStatus"), AssignedDateTime: r.text("assignedDateTime"),
	}
}

// Domain is a domain of the tenant. Source: GET /domains.
type Domain struct {
	ID                 string // the domain name, as sent
	AuthenticationType string // Managed, Federated
	IsDefault          *bool
	IsInitial          *bool // the onmicrosoft.com one
	IsRoot             *bool
	IsVerified         *bool
	IsAdminManaged     *bool    // false: viral, unmanaged
	SupportedServices  []string // Email, …
	// PasswordValidityPeriodInDays is in days; 2147483647 means never; nil on subdomains, which inherit.
	PasswordValidityPeriodInDays *int64
}

// DecodeDomain reads a row of GET /domains.
func DecodeDomain(raw json.RawMessage) (Domain, error) {
	return decodeByID("domain", raw, func(r reader) Domain {
		return Domain{
			ID:                           r.text("id"),
			AuthenticationType:           r.text("authenticationType"),
			IsDefault:                    r.flag("isDefault"),
			IsInitial:                    r.flag("isInitial"),
			IsRoot:                       r.flag("isRoot"),
			IsVerified:                   r.flag("isVerified"),
			IsAdminManaged:               r.flag("isAdminManaged"),
			SupportedServices:            r.texts("supportedServices"),
			PasswordValidityPeriodInDays: r.number("passwordValidityPeriodInDays"),
		}
	})
}

// SubscribedSKU is a product that the tenant subscribes to. Source: GET /subscribedSkus.
type SubscribedSKU struct {
	ID               string // "<account id>_<sku id>"
	SKUID            string
	SKUPartNumber    string // SPE_E3
	CapabilityStatus string // Enabled, Warning, Suspended, Deleted, LockedOut
	AppliesTo        string // User, Company
	ConsumedUnits    *int64 // licences assigned
	PrepaidUnits     PrepaidUnits
	ServicePlans     []ServicePlan
}

// PrepaidUnits counts licences by state; nil where the service did not say.
type PrepaidUnits struct{ Enabled, Warning, Suspended, LockedOut *int64 }

// ServicePlan is a plan inside a subscribed SKU.
type ServicePlan struct {
	ServicePlanID      string
	ServicePlanName    string // EXCHANGE_S_ENTERPRISE
	ProvisioningStatus string // Success, PendingInput, PendingActivation, PendingProvisioning, Disabled, Error, Warning
	AppliesTo          string
}

// DecodeSubscribedSKU reads a row of GET /subscribedSkus.
func DecodeSubscribedSKU(raw json.RawMessage) (SubscribedSKU, error) {
	return decode("subscribedSku", raw, func(r reader) SubscribedSKU {
		s := SubscribedSKU{
			ID:               r.text("id"),
			SKUID:            r.id("skuId"),
			SKUPartNumber:    r.text("skuPartNumber"),
			CapabilityStatus: r.text("capabilityStatus"),
			AppliesTo:        r.text("appliesTo"),
			ConsumedUnits:    r.number("consumedUnits"),
			ServicePlans: list(r, "servicePlans", func(r reader) ServicePlan {
				return ServicePlan{
					ServicePlanID: r.id("servicePlanId"), ServicePlanName: r.text("servicePlanName"),
					ProvisioningStatus: r.text("provisioningStatus"), AppliesTo: r.text("appliesTo"),
				}
			}),
		}
		if s.SKUID == "" {
			r.fault("skuId", "an id", nil)
		}
		if p, ok := r.object("prepaidUnits"); ok {
			s.PrepaidUnits = PrepaidUnits{
				Enabled: p.number("enabled"), Warning: p.number("warning"),
				Suspended: p.number("suspended"), LockedOut: p.number("lockedOut"),
			}
		}
		return s
	})
}
