package reports

import (
	"cmp"
	"context"
	"io"
	"slices"

	"tenantaudit/internal/snapshot"
)

// How much evidence goes where.
const (
	reviewName         = "review.xlsx"
	reviewEvidenceRows = 200_000   // rows in review.xlsx; a reviewer's desktop opens that at once
	sheetRows          = 1_000_000 // rows of a sheet, after which a new sheet begins with the next object
	sheetRowsSlack     = 48_000    // rows beyond, after which it begins in any case
)

// datasetAreas are the workbooks that large datasets move to: evidence-<area>.xlsx.
var datasetAreas = map[snapshot.Dataset]string{
	snapshot.SKUs: "licence", snapshot.UserLicences: "licence",
	snapshot.OrganizationConfigs: "audit", snapshot.UnifiedAudits: "audit", snapshot.Mailboxes: "audit", snapshot.AuditBypasses: "audit",
	snapshot.InboxRules: "mail", snapshot.TransportRules: "mail", snapshot.RemoteDomains: "mail",
	snapshot.OutboundSpamPolicies: "mail", snapshot.Connectors: "mail", snapshot.AcceptedDomains: "mail",
	snapshot.MailboxPermissions: "delegation", snapshot.SendAs: "delegation", snapshot.SendOnBehalf: "delegation",
	snapshot.FolderPermissions: "delegation", snapshot.GroupMembers: "delegation",
	snapshot.ServicePrincipals: "oauth", snapshot.OAuth2PermissionGrants: "oauth", snapshot.AppRoleAssignments: "oauth",
	snapshot.ApplicationAccessPolicies: "oauth",
	snapshot.DirectoryRoleAssignments:  "roles", snapshot.ExchangeRoleAssignments: "roles",
	snapshot.RoleAssignmentSchedules: "roles", snapshot.ManagementRoleAssignments: "roles", snapshot.Users: "roles",
	snapshot.TransportConfigs: "mail", snapshot.CASMailboxes: "mail", snapshot.SharingPolicies: "mail",
	snapshot.AuthorizationPolicies: "oauth", snapshot.AdminConsentPolicies: "oauth",
	snapshot.EffectiveAccess: "delegation",
}

// evidencePlan says which workbook holds each dataset, and how long a sheet may get.
type evidencePlan struct {
	file      map[snapshot.Dataset]string
	sheetRows int
}

// planEvidence keeps datasets in review.xlsx as long as they fit into limit rows
// together; the largest move to the workbook of their area.
func planEvidence(m *model, limit int64, perSheet int) evidencePlan {
	p := evidencePlan{file: map[snapshot.Dataset]string{}, sheetRows: perSheet}
	total := m.rows()
	bySize := slices.Clone(m.coverage)
	slices.SortStableFunc(bySize, func(a, b snapshot.Coverage) int { return cmp.Compare(b.Rows, a.Rows) })
	for _, c := range bySize {
		p.file[c.Dataset] = reviewName
		if total > limit {
			p.file[c.Dataset] = "evidence-" + cmp.Or(datasetAreas[c.Dataset], "other") + ".xlsx"
			total -= c.Rows
		}
	}
	return p
}

// others lists the workbooks beside review.xlsx, by name.
func (p evidencePlan) others() []string {
	var out []string
	for _, name := range p.file {
		if name != reviewName && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// where names the place of a dataset for people: a sheet, or a workbook and its sheet.
func (m *model) where(p evidencePlan, d snapshot.Dataset) string {
	if f := p.file[d]; f != reviewName {
		return m.tf("%s, sheet %s", f, sheetOf(d))
	}
	return sheetOf(d)
}

// writeWorkbooks stages review.xlsx and the evidence workbooks beside it.
func writeWorkbooks(ctx context.Context, st *staging, m *model, plan evidencePlan) error {
	err := st.file(reviewName, func(w io.Writer) (int64, error) { return writeWorkbook(ctx, w, st.dir, m, plan) })
	if err != nil {
		return err
	}
	for _, name := range plan.others() {
		err := st.file(name, func(w io.Writer) (int64, error) { return writeEvidence(ctx, w, st.dir, m, plan, name) })
		if err != nil {
			return err
		}
	}
	return nil
}
