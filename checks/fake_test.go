package checks

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/internal/snapshot"
)

var _ Reader = (*snapshot.Snapshot)(nil)

// fake is a snapshot in memory. Every dataset is complete unless cover says otherwise.
type fake struct {
	rows  []any
	cover map[snapshot.Dataset]snapshot.Coverage
	// broken is the dataset whose iteration ends in an error.
	broken  snapshot.Dataset
	options Options
	run     snapshot.Run
}

// reviewed is when the fake's rows were read.
var reviewed = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

var errBroken = errors.New("store is broken")

// with returns a fake that holds rows.
func with(rows ...any) *fake { return &fake{rows: rows} }

// gap sets the coverage of a dataset.
func (f *fake) gap(c snapshot.Coverage) *fake {
	if f.cover == nil {
		f.cover = map[snapshot.Dataset]snapshot.Coverage{}
	}
	f.cover[c.Dataset] = c
	return f
}

func (f *fake) Coverage(d snapshot.Dataset) (snapshot.Coverage, error) {
	if c, ok := f.cover[d]; ok {
		return c, nil
	}
	return snapshot.Coverage{Dataset: d, State: snapshot.CoverageComplete, Expected: 1, Collected: 1}, nil
}

func (f *fake) Tenant() snapshot.Tenant {
	return snapshot.Tenant{ID: "tenant-1", DisplayName: "Contoso", DefaultDomain: "contoso.example"}
}

func (f *fake) Run() snapshot.Run {
	r := f.run
	if r.StartedAt.IsZero() {
		r.StartedAt = reviewed
	}
	return r
}

func rowsOf[T any](f *fake, d snapshot.Dataset) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, r := range f.rows {
			if v, ok := r.(T); ok && !yield(v, nil) {
				return
			}
		}
		if f.broken == d {
			var zero T
			yield(zero, errBroken)
		}
	}
}

func (f *fake) SKUs() iter.Seq2[snapshot.SKU, error] { return rowsOf[snapshot.SKU](f, snapshot.SKUs) }
func (f *fake) UserLicences() iter.Seq2[snapshot.UserLicence, error] {
	return rowsOf[snapshot.UserLicence](f, snapshot.UserLicences)
}
func (f *fake) OrganizationConfigs() iter.Seq2[snapshot.OrganizationConfig, error] {
	return rowsOf[snapshot.OrganizationConfig](f, snapshot.OrganizationConfigs)
}
func (f *fake) UnifiedAudits() iter.Seq2[snapshot.UnifiedAudit, error] {
	return rowsOf[snapshot.UnifiedAudit](f, snapshot.UnifiedAudits)
}
func (f *fake) Mailboxes() iter.Seq2[snapshot.Mailbox, error] {
	return rowsOf[snapshot.Mailbox](f, snapshot.Mailboxes)
}
func (f *fake) AuditBypasses() iter.Seq2[snapshot.AuditBypass, error] {
	return rowsOf[snapshot.AuditBypass](f, snapshot.AuditBypasses)
}
func (f *fake) InboxRules() iter.Seq2[snapshot.InboxRule, error] {
	return rowsOf[snapshot.InboxRule](f, snapshot.InboxRules)
}
func (f *fake) TransportRules() iter.Seq2[snapshot.TransportRule, error] {
	return rowsOf[snapshot.TransportRule](f, snapshot.TransportRules)
}
func (f *fake) RemoteDomains() iter.Seq2[snapshot.RemoteDomain, error] {
	return rowsOf[snapshot.RemoteDomain](f, snapshot.RemoteDomains)
}
func (f *fake) OutboundSpamPolicies() iter.Seq2[snapshot.OutboundSpamPolicy, error] {
	return rowsOf[snapshot.OutboundSpamPolicy](f, snapshot.OutboundSpamPolicies)
}
func (f *fake) Connectors() iter.Seq2[snapshot.Connector, error] {
	return rowsOf[snapshot.Connector](f, snapshot.Connectors)
}
func (f *fake) AcceptedDomains() iter.Seq2[snapshot.AcceptedDomain, error] {
	return rowsOf[snapshot.AcceptedDomain](f, snapshot.AcceptedDomains)
}
func (f *fake) MailboxPermissions() iter.Seq2[snapshot.MailboxPermission, error] {
	return rowsOf[snapshot.MailboxPermission](f, snapshot.MailboxPermissions)
}
func (f *fake) SendAs() iter.Seq2[snapshot.SendAsPermission, error] {
	return rowsOf[snapshot.SendAsPermission](f, snapshot.SendAs)
}
func (f *fake) SendOnBehalf() iter.Seq2[snapshot.SendOnBehalfDelegate, error] {
	return rowsOf[snapshot.SendOnBehalfDelegate](f, snapshot.SendOnBehalf)
}
func (f *fake) FolderPermissions() iter.Seq2[snapshot.FolderPermission, error] {
	return rowsOf[snapshot.FolderPermission](f, snapshot.FolderPermissions)
}
func (f *fake) ServicePrincipals() iter.Seq2[snapshot.ServicePrincipal, error] {
	return rowsOf[snapshot.ServicePrincipal](f, snapshot.ServicePrincipals)
}
func (f *fake) OAuth2PermissionGrants() iter.Seq2[snapshot.OAuth2PermissionGrant, error] {
	return rowsOf[snapshot.OAuth2PermissionGrant](f, snapshot.OAuth2PermissionGrants)
}
func (f *fake) AppRoleAssignments() iter.Seq2[snapshot.AppRoleAssignment, error] {
	return rowsOf[snapshot.AppRoleAssignment](f, snapshot.AppRoleAssignments)
}
func (f *fake) DirectoryRoleAssignments() iter.Seq2[snapshot.DirectoryRoleAssignment, error] {
	return rowsOf[snapshot.DirectoryRoleAssignment](f, snapshot.DirectoryRoleAssignments)
}
func (f *fake) ExchangeRoleAssignments() iter.Seq2[snapshot.ExchangeRoleAssignment, error] {
	return rowsOf[snapshot.ExchangeRoleAssignment](f, snapshot.ExchangeRoleAssignments)
}
func (f *fake) ApplicationAccessPolicies() iter.Seq2[snapshot.ApplicationAccessPolicy, error] {
	return rowsOf[snapshot.ApplicationAccessPolicy](f, snapshot.ApplicationAccessPolicies)
}
func (f *fake) GroupMembers() iter.Seq2[snapshot.GroupMember, error] {
	return rowsOf[snapshot.GroupMember](f, snapshot.GroupMembers)
}

func (f *fake) Users() iter.Seq2[snapshot.User, error] {
	return rowsOf[snapshot.User](f, snapshot.Users)
}
func (f *fake) TransportConfigs() iter.Seq2[snapshot.TransportConfig, error] {
	return rowsOf[snapshot.TransportConfig](f, snapshot.TransportConfigs)
}
func (f *fake) CASMailboxes() iter.Seq2[snapshot.CASMailbox, error] {
	return rowsOf[snapshot.CASMailbox](f, snapshot.CASMailboxes)
}
func (f *fake) SharingPolicies() iter.Seq2[snapshot.SharingPolicy, error] {
	return rowsOf[snapshot.SharingPolicy](f, snapshot.SharingPolicies)
}
func (f *fake) AuthorizationPolicies() iter.Seq2[snapshot.AuthorizationPolicy, error] {
	return rowsOf[snapshot.AuthorizationPolicy](f, snapshot.AuthorizationPolicies)
}
func (f *fake) AdminConsentPolicies() iter.Seq2[snapshot.AdminConsentPolicy, error] {
	return rowsOf[snapshot.AdminConsentPolicy](f, snapshot.AdminConsentPolicies)
}
func (f *fake) RoleAssignmentSchedules() iter.Seq2[snapshot.RoleAssignmentSchedule, error] {
	return rowsOf[snapshot.RoleAssignmentSchedule](f, snapshot.RoleAssignmentSchedules)
}
func (f *fake) ManagementRoleAssignments() iter.Seq2[snapshot.ManagementRoleAssignment, error] {
	return rowsOf[snapshot.ManagementRoleAssignment](f, snapshot.ManagementRoleAssignments)
}
func (f *fake) EffectiveAccess() iter.Seq2[snapshot.AccessRow, error] {
	return rowsOf[snapshot.AccessRow](f, snapshot.EffectiveAccess)
}

func on() *bool  { v := true; return &v }
func off() *bool { v := false; return &v }

// judge runs one check.
func judge(t *testing.T, id string, f *fake) (Result, []Finding) {
	t.Helper()
	c, ok := Get(id)
	if !ok {
		t.Fatalf("no check %s", id)
	}
	var found []Finding
	results, err := Run(context.Background(), f, f.options, []Check{c}, func(x Finding) error {
		found = append(found, x)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	if len(results) != 1 || results[0].Findings != len(found) {
		t.Fatalf("%s: results %+v for %d findings", id, results, len(found))
	}
	for _, x := range found {
		if x.Check != id || x.Summary == "" || x.Subject.Type == "" || x.Subject.ID == "" || len(x.Evidence) == 0 || x.Severity.Rank() > Info.Rank() || len(x.ID) != 32 {
			t.Errorf("%s: finding is not complete: %+v", id, x)
		}
	}
	return results[0], found
}

// said renders findings as "severity type id", one a line, for comparison.
func said(found []Finding) string {
	lines := make([]string, len(found))
	for i, f := range found {
		lines[i] = fmt.Sprintf("%s %s %s", f.Severity, f.Subject.Type, f.Subject.ID)
	}
	return strings.Join(lines, "\n")
}

// verdict renders a result as "status evaluated/expected".
func verdict(r Result) string { return fmt.Sprintf("%s %d/%d", r.Status, r.Evaluated, r.Expected) }

// row is one case of a table test of a check.
type row struct {
	name    string
	in      *fake
	verdict string // "status evaluated/expected"
	found   string // see said
	cause   string // a part of the cause; "" for none
}

func (c row) run(t *testing.T, id string) []Finding {
	t.Helper()
	var found []Finding
	t.Run(c.name, func(t *testing.T) {
		var r Result
		r, found = judge(t, id, c.in)
		if got := verdict(r); got != c.verdict {
			t.Errorf("verdict %s, want %s (cause %q)", got, c.verdict, r.Cause)
		}
		if got := said(found); got != c.found {
			t.Errorf("findings\n%s\nwant\n%s", got, c.found)
		}
		if !strings.Contains(r.Cause, c.cause) || (c.cause == "") != (r.Cause == "") {
			t.Errorf("cause %q, want %q", r.Cause, c.cause)
		}
	})
	return found
}

func runRows(t *testing.T, id string, rows []row) {
	t.Helper()
	for _, c := range rows {
		c.run(t, id)
	}
}

// cover is a coverage in short.
func cover(d snapshot.Dataset, s snapshot.CoverageState, collected, expected int64, cause snapshot.Cause) snapshot.Coverage {
	return snapshot.Coverage{Dataset: d, State: s, Collected: collected, Expected: expected, Failed: expected - collected,
		Reasons: []snapshot.Reason{{Cause: cause, Detail: "for the test", Count: expected - collected}}}
}

// everyNeed checks that a check does not pass, and is no inventory either, when
// any one dataset that it needs is missing; rows must be data on which the check
// finds nothing.
func everyNeed(t *testing.T, id string, rows ...any) {
	t.Helper()
	c, _ := Get(id)
	quiet, found := judge(t, id, with(rows...))
	if !slices.Contains([]Status{Pass, Informative}, quiet.Status) {
		t.Fatalf("%s: the rows must be quiet, got %s %s\n%s", id, quiet.Status, quiet.Cause, said(found))
	}
	for _, need := range c.Needs {
		for _, s := range []snapshot.CoverageState{snapshot.CoveragePartial, snapshot.CoverageDenied, snapshot.CoverageUnavailable, snapshot.CoverageFailed, snapshot.CoverageSkipped} {
			in := with(slices.DeleteFunc(slices.Clone(rows), func(r any) bool {
				return s != snapshot.CoveragePartial && snapshot.DatasetOf(r) == need
			})...).gap(cover(need, s, 0, 1, snapshot.MissingPrivilege))
			r, _ := judge(t, id, in)
			if r.Status != NotEvaluated || r.Evaluated >= r.Expected || !strings.Contains(r.Cause, string(need)) {
				t.Errorf("%s with %s %s: %s, cause %q", id, need, s, verdict(r), r.Cause)
			}
		}
	}
	for _, use := range c.Uses {
		in := with(rows...).gap(cover(use, snapshot.CoverageDenied, 0, 1, snapshot.MissingPrivilege))
		if r, _ := judge(t, id, in); r.Status != quiet.Status {
			t.Errorf("%s without %s, which it only uses: %s", id, use, verdict(r))
		}
	}
}
