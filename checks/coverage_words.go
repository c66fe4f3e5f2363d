package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/snapshot"
)

// datasetTitles are the names of datasets for people.
var datasetTitles = map[snapshot.Dataset]string{
	snapshot.SKUs:                      "Subscribed licences",
	snapshot.UserLicences:              "Licences of users",
	snapshot.OrganizationConfigs:       "Organization settings",
	snapshot.UnifiedAudits:             "Unified audit log settings",
	snapshot.Mailboxes:                 "Mailboxes",
	snapshot.AuditBypasses:             "Audit bypass",
	snapshot.InboxRules:                "Inbox rules",
	snapshot.TransportRules:            "Mail flow rules",
	snapshot.RemoteDomains:             "Remote domains",
	snapshot.OutboundSpamPolicies:      "Outbound spam policies",
	snapshot.Connectors:                "Connectors",
	snapshot.AcceptedDomains:           "Accepted domains",
	snapshot.MailboxPermissions:        "Mailbox permissions",
	snapshot.SendAs:                    "Send As",
	snapshot.SendOnBehalf:              "Send on Behalf",
	snapshot.FolderPermissions:         "Folder permissions",
	snapshot.ServicePrincipals:         "Applications in the tenant",
	snapshot.OAuth2PermissionGrants:    "Delegated consents",
	snapshot.AppRoleAssignments:        "Application permissions",
	snapshot.DirectoryRoleAssignments:  "Directory roles",
	snapshot.ExchangeRoleAssignments:   "Exchange role groups",
	snapshot.ApplicationAccessPolicies: "Application access policies",
	snapshot.GroupMembers:              "Group members",
	snapshot.Users:                     "User accounts",
	snapshot.TransportConfigs:          "Mail transport settings",
	snapshot.CASMailboxes:              "Mailbox protocols",
	snapshot.SharingPolicies:           "Sharing policies",
	snapshot.AuthorizationPolicies:     "User consent and default user rights",
	snapshot.AdminConsentPolicies:      "Admin consent workflow",
	snapshot.RoleAssignmentSchedules:   "Directory roles with their end",
	snapshot.ManagementRoleAssignments: "Exchange roles given directly",
	snapshot.EffectiveAccess:           "Effective access",
}

// DatasetTitle is the name of a dataset for people; the key where it has none.
func DatasetTitle(d snapshot.Dataset) string { return cmp.Or(datasetTitles[d], string(d)) }

// causeWords are the causes of gaps, to stand within a sentence.
var causeWords = map[snapshot.Cause]string{
	snapshot.MissingPrivilege: "permission missing",
	snapshot.MissingLicence:   "not licensed",
	snapshot.CauseThrottled:   "throttled by the service",
	snapshot.ServiceError:     "service error",
	snapshot.NotFound:         "gone during the run",
	snapshot.Filtered:         "out of scope",
	snapshot.Interrupted:      "interrupted",
}

// CauseWord is the cause of a gap in words, to stand within a sentence.
func CauseWord(c snapshot.Cause) string { return cmp.Or(causeWords[c], string(c)) }

// stateWords say how much of a dataset was read. implied is the cause that the
// word tells already.
var stateWords = map[snapshot.CoverageState]struct {
	word    string
	implied snapshot.Cause
}{
	snapshot.CoveragePartial:     {"read in part", ""},
	snapshot.CoverageDenied:      {"access denied", snapshot.MissingPrivilege},
	snapshot.CoverageUnavailable: {"not available", ""},
	snapshot.CoverageFailed:      {"reading failed", snapshot.ServiceError},
	snapshot.CoverageSkipped:     {"left out of this run", snapshot.Filtered},
}

// reasonsShown is how many reasons a cause names; reports list all of them.
const reasonsShown = 2

// coverageCause says in one line why a dataset is not complete, with the key and
// the state of the dataset at its end: "Inbox rules: 2 of 3 read (throttled by the
// service: the waiting budget was spent) [inboxRules: partial]".
func coverageCause(c snapshot.Coverage) string {
	state := stateWords[c.State]
	how := cmp.Or(state.word, string(c.State))
	if c.State == snapshot.CoveragePartial && c.Expected > 1 && c.Collected < c.Expected {
		how = fmt.Sprintf("%d of %d read", c.Collected, c.Expected)
	}
	s := DatasetTitle(c.Dataset) + ": " + how
	if why := reasonWords(c.Reasons, state.implied); why != "" {
		s += " (" + why + ")"
	}
	return fmt.Sprintf("%s [%s: %s]", s, c.Dataset, c.State)
}

// reasonWords joins the first reasons. What is out of scope by choice comes last:
// it is seldom what keeps a check from its result. What never belongs to the dataset
// is left out.
func reasonWords(reasons []snapshot.Reason, implied snapshot.Cause) string {
	sorted := slices.DeleteFunc(slices.Clone(reasons), snapshot.Reason.ByDefinition)
	slices.SortStableFunc(sorted, func(a, b snapshot.Reason) int {
		return cmp.Compare(filteredLast(a), filteredLast(b))
	})
	var words []string
	for _, r := range sorted[:min(reasonsShown, len(sorted))] {
		words = append(words, reasonWord(r, implied))
	}
	words = slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" })
	if n := len(sorted) - reasonsShown; n > 0 {
		words = append(words, plural(n, "more reason"))
	}
	return strings.Join(words, ", ")
}

func filteredLast(r snapshot.Reason) int {
	if r.Cause == snapshot.Filtered {
		return 1
	}
	return 0
}

// reasonWord is one reason: "3 × throttled by the service: the waiting budget was spent".
func reasonWord(r snapshot.Reason, implied snapshot.Cause) string {
	if r.Cause == implied {
		return oneLine(r.Detail)
	}
	word := CauseWord(r.Cause)
	if r.Count > 1 {
		word = fmt.Sprintf("%d × %s", r.Count, word)
	}
	if r.Detail != "" {
		word += ": "
	}
	return oneLine(word + r.Detail)
}
