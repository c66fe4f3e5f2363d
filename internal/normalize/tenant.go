package normalize

import (
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/facts"
	"tenantaudit/internal/graph/wire"
	"tenantaudit/internal/snapshot"
)

// skuRef is what a subscribed SKU gives to those who hold it.
type skuRef struct {
	part, name string
	usable     bool              // capabilityStatus Enabled or Warning
	plans      map[string]string // service plan id -> name, of the plans that are provisioned
}

// usableStatus: a SKU or plan in its grace period still works.
func usableStatus(status string) bool {
	return strings.EqualFold(status, "Enabled") || strings.EqualFold(status, "Warning")
}

// provisioned: the plan counts although it may wait for a person.
func provisioned(status string) bool {
	switch strings.ToLower(status) {
	case "success", "pendinginput", "pendingactivation", "pendingprovisioning":
		return true
	}
	return false
}

func skuName(id, part string) string {
	if s, ok := facts.SKU(id); ok && s.Name != "" {
		return s.Name
	}
	return part
}

func (n *run) licences() error {
	for s, err := range decodeLast(n, "graph/subscribedSkus", wire.DecodeSubscribedSKU, func(s wire.SubscribedSKU) string { return s.SKUID }) {
		if err != nil {
			return err
		}
		ref := skuRef{part: s.SKUPartNumber, name: skuName(s.SKUID, s.SKUPartNumber), usable: usableStatus(s.CapabilityStatus), plans: map[string]string{}}
		row := snapshot.SKU{
			SKUID: s.SKUID, SKUPartNumber: s.SKUPartNumber, Name: ref.name, Status: s.CapabilityStatus, Consumed: s.ConsumedUnits,
			Enabled: s.PrepaidUnits.Enabled, Suspended: s.PrepaidUnits.Suspended, Warning: s.PrepaidUnits.Warning, ServicePlans: []string{}, ServicePlanIDs: []string{},
		}
		for _, p := range s.ServicePlans {
			name := p.ServicePlanName
			if name == "" {
				name = planName(p.ServicePlanID)
			}
			row.ServicePlans = append(row.ServicePlans, name)
			if provisioned(p.ProvisioningStatus) {
				ref.plans[p.ServicePlanID] = name
				row.ServicePlanIDs = append(row.ServicePlanIDs, p.ServicePlanID)
			}
		}
		row.ServicePlans, row.ServicePlanIDs = sorted(row.ServicePlans), sorted(row.ServicePlanIDs)
		n.skus[s.SKUID] = ref
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return n.userLicences()
}

// planName is the name of a service plan, or its id where nobody knows it.
func planName(id string) string {
	if name, ok := facts.ServicePlanName(id); ok {
		return name
	}
	return id
}

func (n *run) userLicences() error {
	skusOK, err := n.complete("graph/subscribedSkus")
	if err != nil {
		return err
	}
	usersOK, err := n.complete("graph/users")
	if err != nil {
		return err
	}
	n.usersKnown = skusOK && usersOK
	for u, err := range decodeLast(n, "graph/users", wire.DecodeUser, func(u wire.User) string { return u.ID }) {
		if err != nil {
			return err
		}
		for i, l := range u.AssignedLicenses {
			if l.SKUID == "" || slices.ContainsFunc(u.AssignedLicenses[:i], func(o wire.AssignedLicense) bool { return o.SKUID == l.SKUID }) {
				continue
			}
			row := n.userLicence(u, l)
			if row.AdvancedAudit {
				n.premium[n.dir.Keep(row.User)] = true
			}
			if err := n.sink(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *run) userLicence(u wire.User, l wire.AssignedLicense) snapshot.UserLicence {
	ref, subscribed := n.skus[l.SKUID]
	if !subscribed { // the SKU list was not read, or the SKU left the tenant
		ref = skuRef{part: "", usable: true, plans: map[string]string{}}
		if s, ok := facts.SKU(l.SKUID); ok {
			ref.part = s.PartNumber
			for _, id := range s.PlanIDs {
				ref.plans[id] = planName(id)
			}
		}
		ref.name = skuName(l.SKUID, ref.part)
	}
	row := snapshot.UserLicence{User: u.ID, UserPrincipalName: u.UserPrincipalName, SKUID: l.SKUID, SKUPartNumber: ref.part, Name: ref.name, DisabledPlans: []string{}}
	for _, id := range l.DisabledPlans {
		name, ok := ref.plans[id]
		if !ok {
			name = planName(id)
		}
		row.DisabledPlans = append(row.DisabledPlans, name)
	}
	row.DisabledPlans = sorted(row.DisabledPlans)
	if !ref.usable {
		return row
	}
	for id := range ref.plans {
		if slices.Contains(l.DisabledPlans, id) {
			continue
		}
		row.AdvancedAudit = row.AdvancedAudit || facts.AdvancedAuditPlan(id)
		row.EntraPremium = max(row.EntraPremium, facts.EntraPremium(id)) // "" < "P1" < "P2"
	}
	return row
}

// licensed reports whether a usable SKU of the tenant holds an Entra plan of that level.
func (n *run) licensed(level string) bool {
	for _, s := range n.skus {
		for id := range s.plans {
			if s.usable && facts.EntraPremium(id) == level {
				return true
			}
		}
	}
	return false
}

func (n *run) organisation() error {
	for r, err := range decode(n, "exo/Get-OrganizationConfig", exo.DecodeOrganizationConfig) {
		if err != nil {
			return err
		}
		o := r.V
		if err := n.sink(snapshot.OrganizationConfig{
			Name: firstOf(o.Name, o.Identity), AuditDisabled: o.AuditDisabled, OAuth2ClientProfileEnabled: o.OAuth2ClientProfileEnabled, RejectDirectSend: o.RejectDirectSend,
			DefaultAuthenticationPolicy: o.DefaultAuthenticationPolicy, CustomerLockboxEnabled: o.CustomerLockboxEnabled, EwsEnabled: o.EwsEnabled, SendFromAliasEnabled: o.SendFromAliasEnabled,
		}); err != nil {
			return err
		}
		break // one per tenant
	}
	for r, err := range decode(n, "exo/Get-TransportConfig", exo.DecodeTransportConfig) {
		if err != nil {
			return err
		}
		if err := n.sink(snapshot.TransportConfig{Name: firstOf(r.V.Name, r.V.Identity), SMTPClientAuthenticationDisabled: r.V.SMTPClientAuthenticationDisabled}); err != nil {
			return err
		}
		break
	}
	for r, err := range decode(n, "exo/Get-AdminAuditLogConfig", exo.DecodeAdminAuditLogConfig) {
		if err != nil {
			return err
		}
		return n.sink(snapshot.UnifiedAudit{
			Name: firstOf(r.V.Name, r.V.Identity), UnifiedAuditLogIngestionEnabled: r.V.UnifiedAuditLogIngestionEnabled,
			AdminAuditLogEnabled: r.V.AdminAuditLogEnabled, AdminAuditLogAgeLimitDays: r.V.AdminAuditLogAgeLimitDays,
		})
	}
	return nil
}

func firstOf(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}

func (n *run) mailFlow() error {
	seen := map[string]bool{}
	first := func(key string) bool { was := seen[key]; seen[key] = true; return !was }
	for r, err := range decode(n, "exo/Get-RemoteDomain", exo.DecodeRemoteDomain) {
		if err != nil {
			return err
		}
		name := firstOf(r.V.Name, r.V.Identity)
		if first("r|" + name + "|" + r.V.DomainName) {
			if err := n.sink(snapshot.RemoteDomain{Name: name, DomainName: r.V.DomainName, AutoForwardEnabled: r.V.AutoForwardEnabled, AutoReplyEnabled: r.V.AutoReplyEnabled}); err != nil {
				return err
			}
		}
	}
	if err := n.spamPolicies(first); err != nil {
		return err
	}
	return n.connectors(first)
}

func (n *run) spamPolicies(first func(string) bool) error {
	type binding struct {
		appliesTo []string
		state     string
	}
	bound := map[string]binding{}
	for r, err := range decode(n, "exo/Get-HostedOutboundSpamFilterRule", exo.DecodeOutboundSpamRule) {
		if err != nil {
			return err
		}
		b := bound[r.V.Policy]
		for _, c := range []struct {
			name   string
			values []string
		}{
			{"From", r.V.From}, {"FromMemberOf", r.V.FromMemberOf}, {"SenderDomainIs", r.V.SenderDomainIs},
			{"ExceptIfFrom", r.V.ExceptIfFrom}, {"ExceptIfFromMemberOf", r.V.ExceptIfFromMemberOf}, {"ExceptIfSenderDomainIs", r.V.ExceptIfSenderDomainIs},
		} {
			for _, v := range c.values {
				b.appliesTo = append(b.appliesTo, c.name+": "+v)
			}
		}
		if b.state == "" || r.V.State == "Enabled" {
			b.state = r.V.State
		}
		bound[r.V.Policy] = b
	}
	for r, err := range decode(n, "exo/Get-HostedOutboundSpamFilterPolicy", exo.DecodeOutboundSpamPolicy) {
		if err != nil {
			return err
		}
		p := r.V
		name := firstOf(p.Name, p.Identity)
		if !first("s|" + name) {
			continue
		}
		row := snapshot.OutboundSpamPolicy{Name: name, IsDefault: p.IsDefault, AutoForwardingMode: p.AutoForwardingMode, AppliesTo: []string{}}
		if p.IsDefault != nil && *p.IsDefault {
			row.AppliesTo = []string{"*"}
		} else if b, ok := bound[name]; ok {
			row.AppliesTo, row.RuleState = append(row.AppliesTo, sorted(b.appliesTo)...), b.state
		}
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

func (n *run) connectors(first func(string) bool) error {
	for r, err := range decode(n, "exo/Get-InboundConnector", exo.DecodeInboundConnector) {
		if err != nil {
			return err
		}
		c := r.V
		if name := firstOf(c.Name, c.Identity); first("i|" + name) {
			if err := n.sink(snapshot.Connector{
				Direction: "inbound", Name: name, Enabled: c.Enabled, Type: c.ConnectorType, SenderDomains: c.SenderDomains, SenderIPAddresses: c.SenderIPAddresses,
				RequireTLS: c.RequireTLS, RestrictDomainsToIPAddresses: c.RestrictDomainsToIPAddresses, RestrictDomainsToCertificate: c.RestrictDomainsToCertificate,
				TLSSenderCertificateName: c.TLSSenderCertificateName, CloudServicesMailEnabled: c.CloudServicesMailEnabled, TreatMessagesAsInternal: c.TreatMessagesAsInternal,
			}); err != nil {
				return err
			}
		}
	}
	for r, err := range decode(n, "exo/Get-OutboundConnector", exo.DecodeOutboundConnector) {
		if err != nil {
			return err
		}
		c := r.V
		if name := firstOf(c.Name, c.Identity); first("o|" + name) {
			if err := n.sink(snapshot.Connector{
				Direction: "outbound", Name: name, Enabled: c.Enabled, Type: c.ConnectorType, SmartHosts: c.SmartHosts, RecipientDomains: c.RecipientDomains,
				TLSSettings: c.TLSSettings, TLSDomain: c.TLSDomain, UseMXRecord: c.UseMXRecord, IsTransportRuleScoped: c.IsTransportRuleScoped,
				RouteAllMessagesViaOnPremises: c.RouteAllMessagesViaOnPremises, CloudServicesMailEnabled: c.CloudServicesMailEnabled,
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
