// Package checks judges a snapshot: one file per check, the list of them, and
// the runner that decides what their answers are worth.
//
// A Check is a value. Its Run reads rows through Input and returns findings; it
// never looks at the network, the clock or a log. Run (the function) gives the
// checks their rows, looks at the coverage of what each needs, and turns the two
// into a Result: pass needs complete data, a violation found on partial data is
// still a fail, everything else is not evaluated, with its cause.
//
// To add a check, write one file with its value and its Run, add it to list, and
// run the tests with -update to print the catalogue into README.md.
//
// The package changes nothing, promises the same findings for the same snapshot
// in the same order, and says "not evaluated" where it could not look.
package checks

import (
	"iter"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// Severity is how much harm a finding stands for.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Rank orders severities: 0 for critical, 4 for info; 5 for what is none.
func (s Severity) Rank() int {
	for i, v := range [...]Severity{Critical, High, Medium, Low, Info} {
		if s == v {
			return i
		}
	}
	return 5
}

// AtLeast reports whether s is as bad as limit or worse.
func (s Severity) AtLeast(limit Severity) bool { return s.Rank() <= limit.Rank() }

// Status is the outcome of a check.
type Status string

// The outcomes.
const (
	Pass         Status = "pass"
	Fail         Status = "fail"
	NotEvaluated Status = "not-evaluated"
	Informative  Status = "info" // an inventory: nothing to judge
)

// Check is one question to a snapshot.
type Check struct {
	// ID is "area.what_it_asks": stable, never reused.
	ID string
	// Title states the good state; it can be answered yes or no.
	Title string
	// Severity is the default of its findings.
	Severity Severity
	// Needs are the datasets without which it cannot pass. The first is the one
	// whose objects are counted.
	Needs []snapshot.Dataset
	// Uses are datasets that say more about a finding. What is missing in them
	// shows in the rows themselves (an unresolved target, an unknown number of
	// members), so it does not keep the check from passing.
	Uses []snapshot.Dataset
	// Subject is what is counted, in the plural: "mailboxes".
	Subject string
	// Why says what harm follows.
	Why string
	// Rule says how the check decides.
	Rule string
	// Fix is the exact setting or command that closes a finding.
	Fix string
	// Sources are the pages that the rule rests on.
	Sources []string
	// Inventory marks a check that lists and does not judge: its status is never
	// pass or fail.
	Inventory bool
	// Run judges. An error is a broken store, never a property of the tenant.
	Run func(Input) (Output, error)
}

// Area is the part of the ID before the dot.
func (c Check) Area() string {
	area, _, _ := strings.Cut(c.ID, ".")
	return area
}

// Datasets are Needs and Uses: what to collect for the check.
func (c Check) Datasets() []snapshot.Dataset {
	return append(append([]snapshot.Dataset{}, c.Needs...), c.Uses...)
}

// Controls are the public controls that the check stands for. ok is false where
// there is none: the check is the product's own.
func (c Check) Controls() (mapping facts.Mapping, ok bool) { return facts.Controls(c.ID) }

// Reader gives the rows of a snapshot, in the order of their keys, and says how
// much of each dataset was read. An error ends an iteration.
type Reader interface {
	Coverage(snapshot.Dataset) (snapshot.Coverage, error)
	Tenant() snapshot.Tenant
	Run() snapshot.Run

	SKUs() iter.Seq2[snapshot.SKU, error]
	UserLicences() iter.Seq2[snapshot.UserLicence, error]
	OrganizationConfigs() iter.Seq2[snapshot.OrganizationConfig, error]
	UnifiedAudits() iter.Seq2[snapshot.UnifiedAudit, error]
	Mailboxes() iter.Seq2[snapshot.Mailbox, error]
	AuditBypasses() iter.Seq2[snapshot.AuditBypass, error]
	InboxRules() iter.Seq2[snapshot.InboxRule, error]
	TransportRules() iter.Seq2[snapshot.TransportRule, error]
	RemoteDomains() iter.Seq2[snapshot.RemoteDomain, error]
	OutboundSpamPolicies() iter.Seq2[snapshot.OutboundSpamPolicy, error]
	Connectors() iter.Seq2[snapshot.Connector, error]
	AcceptedDomains() iter.Seq2[snapshot.AcceptedDomain, error]
	MailboxPermissions() iter.Seq2[snapshot.MailboxPermission, error]
	SendAs() iter.Seq2[snapshot.SendAsPermission, error]
	SendOnBehalf() iter.Seq2[snapshot.SendOnBehalfDelegate, error]
	FolderPermissions() iter.Seq2[snapshot.FolderPermission, error]
	ServicePrincipals() iter.Seq2[snapshot.ServicePrincipal, error]
	OAuth2PermissionGrants() iter.Seq2[snapshot.OAuth2PermissionGrant, error]
	AppRoleAssignments() iter.Seq2[snapshot.AppRoleAssignment, error]
	DirectoryRoleAssignments() iter.Seq2[snapshot.DirectoryRoleAssignment, error]
	ExchangeRoleAssignments() iter.Seq2[snapshot.ExchangeRoleAssignment, error]
	ApplicationAccessPolicies() iter.Seq2[snapshot.ApplicationAccessPolicy, error]
	GroupMembers() iter.Seq2[snapshot.GroupMember, error]
	Users() iter.Seq2[snapshot.User, error]
	TransportConfigs() iter.Seq2[snapshot.TransportConfig, error]
	CASMailboxes() iter.Seq2[snapshot.CASMailbox, error]
	SharingPolicies() iter.Seq2[snapshot.SharingPolicy, error]
	AuthorizationPolicies() iter.Seq2[snapshot.AuthorizationPolicy, error]
	AdminConsentPolicies() iter.Seq2[snapshot.AdminConsentPolicy, error]
	RoleAssignmentSchedules() iter.Seq2[snapshot.RoleAssignmentSchedule, error]
	ManagementRoleAssignments() iter.Seq2[snapshot.ManagementRoleAssignment, error]
	EffectiveAccess() iter.Seq2[snapshot.AccessRow, error]
}

// Options are what a person may set for the judgement. The zero value gives the
// defaults.
type Options struct {
	// AuditRetentionDays is how long audit records are needed; 0: DefaultAuditRetentionDays.
	AuditRetentionDays int
	// WideReach is the number of mailboxes from which on a principal's reach is wide; 0:
	// 10 mailboxes or 2 % of the active ones, whichever is more.
	WideReach int
}

// DefaultAuditRetentionDays is what Audit (Standard) keeps.
const DefaultAuditRetentionDays = 180

// Input is what a check may look at.
type Input struct {
	Reader
	Options Options
}

// Output is what a check found.
type Output struct {
	// Findings need Subject, Summary and Evidence; the runner fills in the rest
	// and sorts them.
	Findings []Finding
	// Evaluated is the number of subjects with a verdict.
	Evaluated int
	// Gaps are subjects without one, although their rows are there.
	Gaps []Gap
}

// Gap counts subjects that could not be judged for one cause.
type Gap struct {
	Cause string // for people: "AuditEnabled was not sent"
	Count int
}

// Subject is what a finding is about.
type Subject struct {
	Type string `json:"type"` // mailbox, tenant, inboxRule …
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Evidence points at the row that proves a finding.
type Evidence struct {
	Dataset snapshot.Dataset `json:"dataset"`
	Key     string           `json:"key"` // snapshot.Key of the row
}

// Finding is an object that fails a check, or that an inventory lists.
type Finding struct {
	// ID is the same in every run for the same check and subject.
	ID       string   `json:"id"`
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Subject  Subject  `json:"subject"`
	Summary  string   `json:"summary"`
	// Details hold values that encoding/json writes the same way every time.
	Details  map[string]any `json:"details"`
	Evidence []Evidence     `json:"evidence"`
}

// Result is the outcome of one check.
type Result struct {
	Check  Check
	Status Status
	// Severity is the worst of the findings; the check's own where there is none.
	Severity Severity
	// Evaluated of Expected subjects have a verdict. Expected is a lower bound
	// where the data is not complete.
	Evaluated, Expected int
	Findings            int
	// Cause says what is missing; "" when nothing is.
	Cause string
}
