package faketenant

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// AnswerKey is what a correct and complete review of the tenant has to say. It is written
// from the plan and never from the wire. It describes the tenant, not the caller: what Deny,
// Faults or a missing licence keep from a reviewer is in the key all the same.
type AnswerKey struct {
	Tenant KeyTenant `json:"tenant"`
	// Datasets holds the rows of each dataset under the names of the output contract. An empty
	// list is []any{} or []string{}, unknown is nil.
	Datasets map[string][]map[string]any `json:"datasets"`
	// Coverage counts units: 1 for a listing, mailboxes for datasets that are read mailbox by mailbox.
	Coverage map[string]KeyCoverage `json:"coverage"`
	Checks   []CheckAnswer          `json:"checks"`
	// Profile, Mailboxes and Seed are the options that the tenant was made with.
	Profile   string `json:"profile"`
	Mailboxes int    `json:"mailboxes"`
	Seed      int64  `json:"seed"`
}

// KeyTenant names the tenant.
type KeyTenant struct {
	ID              string   `json:"id"`
	DisplayName     string   `json:"displayName"`
	DefaultDomain   string   `json:"defaultDomain"`
	VerifiedDomains []string `json:"verifiedDomains"`
}

// KeyCoverage is the coverage of one dataset after a complete run.
type KeyCoverage struct {
	Rows      int `json:"rows"`
	Expected  int `json:"expected"`
	Collected int `json:"collected"`
}

// CheckAnswer is the result of one check.
type CheckAnswer struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"` // pass, fail, info, not-evaluated
	Evaluated int             `json:"evaluated"`
	Expected  int             `json:"expected"`
	Findings  []FindingAnswer `json:"findings"`
}

// FindingAnswer is one finding; (check, SubjectType, SubjectID) is unique.
type FindingAnswer struct {
	SubjectType string `json:"subjectType"`
	SubjectID   string `json:"subjectId"`
	Severity    string `json:"severity"`
}

// Check returns the answer of a check; ok is false when the key does not have it.
func (k *AnswerKey) Check(id string) (CheckAnswer, bool) {
	for _, c := range k.Checks {
		if c.ID == id {
			return c, true
		}
	}
	return CheckAnswer{}, false
}

// MarshalJSON writes the key with sorted members, rows and findings: the same tenant gives
// the same bytes.
func (k *AnswerKey) MarshalJSON() ([]byte, error) {
	type plain AnswerKey
	return json.Marshal((*plain)(k))
}

// Write stores the key as FILE with one line per member, mode 0600.
func (k *AnswerKey) Write(file string) error {
	b, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return fmt.Errorf("answer key: %w", err)
	}
	if err := os.WriteFile(filepath.Clean(file), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("answer key: %w", err)
	}
	return nil
}

// newAnswerKey renders the plan.
func newAnswerKey(p *plan) *AnswerKey {
	k := &AnswerKey{
		Tenant:   KeyTenant{ID: p.tenant.String(), DisplayName: p.company, DefaultDomain: p.DefaultDomain()},
		Datasets: map[string][]map[string]any{}, Coverage: map[string]KeyCoverage{},
		Profile: p.opt.Profile, Mailboxes: p.opt.Mailboxes, Seed: p.opt.Seed,
	}
	for _, d := range p.domains {
		k.Tenant.VerifiedDomains = append(k.Tenant.VerifiedDomains, d.name)
	}
	slices.Sort(k.Tenant.VerifiedDomains)
	covered, permitted := 0, 0
	for _, m := range p.mailboxes {
		permitted++
		if m.covered() {
			covered++
		}
	}
	units := map[string]int{"inboxRules": covered, "folderPermissions": covered, "mailboxPermissions": permitted, "effectiveAccess": permitted}
	for _, d := range keyDatasets {
		rows := d.rows(p)
		if rows == nil {
			rows = []map[string]any{}
		}
		k.Datasets[d.name] = rows
		n := cmp.Or(units[d.name], 1)
		k.Coverage[d.name] = KeyCoverage{Rows: len(rows), Expected: n, Collected: n}
	}
	k.Checks = slices.Concat(keyChecks(p), p.answersOfLicence(), p.answersOfMail(), p.answersOfRoles(), p.answersOfConsents())
	for i := range k.Checks {
		f := k.Checks[i].Findings
		if f == nil {
			k.Checks[i].Findings = []FindingAnswer{}
		}
		slices.SortFunc(f, func(a, b FindingAnswer) int {
			return cmp.Or(strings.Compare(a.SubjectType, b.SubjectType), strings.Compare(a.SubjectID, b.SubjectID))
		})
	}
	return k
}

// keyDatasets are the datasets in the order of reports.
var keyDatasets = []struct {
	name string
	rows func(*plan) []map[string]any
}{
	{"skus", (*plan).keySKUs},
	{"userLicences", (*plan).keyUserLicences},
	{"organizationConfig", (*plan).keyOrganizationConfig},
	{"unifiedAudit", (*plan).keyUnifiedAudit},
	{"mailboxes", (*plan).keyMailboxes},
	{"auditBypass", (*plan).keyAuditBypass},
	{"inboxRules", (*plan).keyInboxRules},
	{"transportRules", (*plan).keyTransportRules},
	{"remoteDomains", (*plan).keyRemoteDomains},
	{"outboundSpamPolicies", (*plan).keyOutboundPolicies},
	{"connectors", (*plan).keyConnectors},
	{"acceptedDomains", (*plan).keyAcceptedDomains},
	{"mailboxPermissions", (*plan).keyMailboxPermissions},
	{"sendAs", (*plan).keySendAs},
	{"sendOnBehalf", (*plan).keySendOnBehalf},
	{"folderPermissions", (*plan).keyFolderPermissions},
	{"effectiveAccess", (*plan).keyEffectiveAccess},
	{"servicePrincipals", (*plan).keyServicePrincipals},
	{"oauth2PermissionGrants", (*plan).keyDelegatedGrants},
	{"appRoleAssignments", (*plan).keyAppRoleAssignments},
	{"directoryRoleAssignments", (*plan).keyDirectoryRoles},
	{"exchangeRoleAssignments", (*plan).keyExchangeRoles},
	{"applicationAccessPolicies", (*plan).keyAccessPolicies},
	{"groupMembers", (*plan).keyGroupMembers},
	{"users", (*plan).keyUsers},
	{"transportConfig", (*plan).keyTransportConfig},
	{"casMailboxes", (*plan).keyCASMailboxes},
	{"sharingPolicies", (*plan).keySharingPolicies},
	{"authorizationPolicy", (*plan).keyAuthorizationPolicy},
	{"adminConsentPolicy", (*plan).keyAdminConsentPolicy},
	{"roleAssignmentSchedules", (*plan).keyRoleSchedules},
	{"managementRoleAssignments", (*plan).keyManagementRoles},
}
