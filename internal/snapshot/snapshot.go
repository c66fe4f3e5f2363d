package snapshot

import (
	"context"
	"iter"
)

// Snapshot is the judged side of a store: typed rows and coverage, nothing raw, no
// writing. It is bound to the context it was made with.
type Snapshot struct {
	ctx    context.Context //nolint:containedctx // a read view for pure functions that take no context
	store  *Store
	tenant Tenant
	run    Run
}

// View returns the read view of the store for checks and reports.
func (s *Store) View(ctx context.Context) (*Snapshot, error) {
	v := &Snapshot{ctx: ctx, store: s}
	if _, err := s.Meta(ctx, "tenant", &v.tenant); err != nil {
		return nil, err
	}
	if _, err := s.Meta(ctx, "run", &v.run); err != nil {
		return nil, err
	}
	from, to, err := s.Window(ctx)
	if !from.IsZero() { // a copy without answers keeps the times that it was given
		v.run.CollectedFrom, v.run.CollectedTo = from, to
	}
	if err != nil || v.run.EarlierStartedAt.IsZero() {
		return v, err
	}
	reused, err := s.reused(ctx, v.run.EarlierStartedAt)
	if len(reused) > 0 { // a copy without a ledger keeps what it was given
		v.run.Reused = reused
	}
	return v, err
}

// Tenant is the reviewed tenant.
func (v *Snapshot) Tenant() Tenant { return v.tenant }

// Run is how the snapshot was collected.
func (v *Snapshot) Run() Run { return v.run }

// Coverage is how much of a dataset was read.
func (v *Snapshot) Coverage(set Dataset) (Coverage, error) { return v.store.Coverage(v.ctx, set) }

// CoverageAll lists the coverage of every dataset in report order.
func (v *Snapshot) CoverageAll() ([]Coverage, error) {
	var out []Coverage
	for _, d := range Datasets() {
		c, err := v.Coverage(d)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Rows walks a dataset in key order, as values of its row type.
func (v *Snapshot) Rows(set Dataset) iter.Seq2[any, error] { return v.store.Dataset(v.ctx, set) }

// The typed iterators, one per dataset, in key order.

func (v *Snapshot) SKUs() iter.Seq2[SKU, error] { return All[SKU](v.ctx, v.store) }
func (v *Snapshot) UserLicences() iter.Seq2[UserLicence, error] {
	return All[UserLicence](v.ctx, v.store)
}
func (v *Snapshot) OrganizationConfigs() iter.Seq2[OrganizationConfig, error] {
	return All[OrganizationConfig](v.ctx, v.store)
}
func (v *Snapshot) UnifiedAudits() iter.Seq2[UnifiedAudit, error] {
	return All[UnifiedAudit](v.ctx, v.store)
}
func (v *Snapshot) Mailboxes() iter.Seq2[Mailbox, error] { return All[Mailbox](v.ctx, v.store) }
func (v *Snapshot) AuditBypasses() iter.Seq2[AuditBypass, error] {
	return All[AuditBypass](v.ctx, v.store)
}
func (v *Snapshot) InboxRules() iter.Seq2[InboxRule, error] { return All[InboxRule](v.ctx, v.store) }
func (v *Snapshot) TransportRules() iter.Seq2[TransportRule, error] {
	return All[TransportRule](v.ctx, v.store)
}
func (v *Snapshot) RemoteDomains() iter.Seq2[RemoteDomain, error] {
	return All[RemoteDomain](v.ctx, v.store)
}
func (v *Snapshot) OutboundSpamPolicies() iter.Seq2[OutboundSpamPolicy, error] {
	return All[OutboundSpamPolicy](v.ctx, v.store)
}
func (v *Snapshot) Connectors() iter.Seq2[Connector, error] { return All[Connector](v.ctx, v.store) }
func (v *Snapshot) AcceptedDomains() iter.Seq2[AcceptedDomain, error] {
	return All[AcceptedDomain](v.ctx, v.store)
}
func (v *Snapshot) MailboxPermissions() iter.Seq2[MailboxPermission, error] {
	return All[MailboxPermission](v.ctx, v.store)
}
func (v *Snapshot) SendAs() iter.Seq2[SendAsPermission, error] {
	return All[SendAsPermission](v.ctx, v.store)
}
func (v *Snapshot) SendOnBehalf() iter.Seq2[SendOnBehalfDelegate, error] {
	return All[SendOnBehalfDelegate](v.ctx, v.store)
}
func (v *Snapshot) FolderPermissions() iter.Seq2[FolderPermission, error] {
	return All[FolderPermission](v.ctx, v.store)
}
func (v *Snapshot) ServicePrincipals() iter.Seq2[ServicePrincipal, error] {
	return All[ServicePrincipal](v.ctx, v.store)
}
func (v *Snapshot) OAuth2PermissionGrants() iter.Seq2[OAuth2PermissionGrant, error] {
	return All[OAuth2PermissionGrant](v.ctx, v.store)
}
func (v *Snapshot) AppRoleAssignments() iter.Seq2[AppRoleAssignment, error] {
	return All[AppRoleAssignment](v.ctx, v.store)
}
func (v *Snapshot) DirectoryRoleAssignments() iter.Seq2[DirectoryRoleAssignment, error] {
	return All[DirectoryRoleAssignment](v.ctx, v.store)
}
func (v *Snapshot) ExchangeRoleAssignments() iter.Seq2[ExchangeRoleAssignment, error] {
	return All[ExchangeRoleAssignment](v.ctx, v.store)
}
func (v *Snapshot) ApplicationAccessPolicies() iter.Seq2[ApplicationAccessPolicy, error] {
	return All[ApplicationAccessPolicy](v.ctx, v.store)
}
func (v *Snapshot) GroupMembers() iter.Seq2[GroupMember, error] {
	return All[GroupMember](v.ctx, v.store)
}
func (v *Snapshot) Users() iter.Seq2[User, error] {
	return All[User](v.ctx, v.store)
}
func (v *Snapshot) TransportConfigs() iter.Seq2[TransportConfig, error] {
	return All[TransportConfig](v.ctx, v.store)
}
func (v *Snapshot) CASMailboxes() iter.Seq2[CASMailbox, error] {
	return All[CASMailbox](v.ctx, v.store)
}
func (v *Snapshot) SharingPolicies() iter.Seq2[SharingPolicy, error] {
	return All[SharingPolicy](v.ctx, v.store)
}
func (v *Snapshot) AuthorizationPolicies() iter.Seq2[AuthorizationPolicy, error] {
	return All[AuthorizationPolicy](v.ctx, v.store)
}
func (v *Snapshot) AdminConsentPolicies() iter.Seq2[AdminConsentPolicy, error] {
	return All[AdminConsentPolicy](v.ctx, v.store)
}
func (v *Snapshot) RoleAssignmentSchedules() iter.Seq2[RoleAssignmentSchedule, error] {
	return All[RoleAssignmentSchedule](v.ctx, v.store)
}
func (v *Snapshot) ManagementRoleAssignments() iter.Seq2[ManagementRoleAssignment, error] {
	return All[ManagementRoleAssignment](v.ctx, v.store)
}
func (v *Snapshot) EffectiveAccess() iter.Seq2[AccessRow, error] {
	return All[AccessRow](v.ctx, v.store)
}
