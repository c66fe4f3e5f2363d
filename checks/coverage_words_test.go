package checks

import (
	"testing"

	"tenantaudit/internal/snapshot"
)

func TestCoverageCause(t *testing.T) {
	why := func(c snapshot.Cause, detail string, count int64) snapshot.Reason {
		return snapshot.Reason{Cause: c, Detail: detail, Count: count}
	}
	outside := why(snapshot.Filtered, "group mailboxes are outside this dataset", 7)
	for _, c := range []struct {
		name string
		in   snapshot.Coverage
		want string
	}{
		{"some of many", snapshot.Coverage{Dataset: snapshot.InboxRules, State: snapshot.CoveragePartial, Expected: 3, Collected: 2, Reasons: []snapshot.Reason{outside, why(snapshot.ServiceError, "the server is busy", 1)}},
			"Inbox rules: 2 of 3 read (service error: the server is busy) [inboxRules: partial]"},
		{"denied names the permission", snapshot.Coverage{Dataset: snapshot.AcceptedDomains, State: snapshot.CoverageDenied, Expected: 1, Reasons: []snapshot.Reason{why(snapshot.MissingPrivilege, "Get-AcceptedDomain: assign View-Only Recipients", 1)}},
			"Accepted domains: access denied (Get-AcceptedDomain: assign View-Only Recipients) [acceptedDomains: denied]"},
		{"denied without a word", snapshot.Coverage{Dataset: snapshot.Users, State: snapshot.CoverageDenied, Reasons: []snapshot.Reason{why(snapshot.MissingPrivilege, "", 1)}}, "User accounts: access denied [users: denied]"},
		{"denied for another reason", snapshot.Coverage{Dataset: snapshot.Users, State: snapshot.CoverageDenied, Reasons: []snapshot.Reason{why(snapshot.Interrupted, "", 2)}}, "User accounts: access denied (2 × interrupted) [users: denied]"},
		{"not licensed", snapshot.Coverage{Dataset: snapshot.RoleAssignmentSchedules, State: snapshot.CoverageUnavailable, Expected: 1, Reasons: []snapshot.Reason{why(snapshot.MissingLicence, "needs Entra ID P2", 1)}},
			"Directory roles with their end: not available (not licensed: needs Entra ID P2) [roleAssignmentSchedules: unavailable]"},
		{"left out", snapshot.Coverage{Dataset: snapshot.EffectiveAccess, State: snapshot.CoverageSkipped, Reasons: []snapshot.Reason{why(snapshot.Filtered, "no chosen check needs it", 0)}},
			"Effective access: left out of this run (no chosen check needs it) [effectiveAccess: skipped]"},
		{"read in full, and something is missing in it", snapshot.Coverage{Dataset: snapshot.GroupMembers, State: snapshot.CoveragePartial, Expected: 4, Collected: 4, Reasons: []snapshot.Reason{why(snapshot.ServiceError, "rows could not be read", 5)}},
			"Group members: read in part (5 × service error: rows could not be read) [groupMembers: partial]"},
		{"many reasons", snapshot.Coverage{Dataset: snapshot.SendAs, State: snapshot.CoverageFailed, Expected: 4, Reasons: []snapshot.Reason{outside, why(snapshot.ServiceError, "a", 1), why(snapshot.CauseThrottled, "b", 3), why(snapshot.NotFound, "c", 1)}},
			"Send As: reading failed (a, 3 × throttled by the service: b, 1 more reason) [sendAs: failed]"},
		{"a text of the service", snapshot.Coverage{Dataset: snapshot.SendAs, State: snapshot.CoverageFailed, Reasons: []snapshot.Reason{why(snapshot.ServiceError, "no\n\u202eaccess", 1)}}, "Send As: reading failed (no  access) [sendAs: failed]"},
		{"unheard-of", snapshot.Coverage{Dataset: "x", State: "odd", Reasons: []snapshot.Reason{why("strange", "", 1)}}, "x: odd (strange) [x: odd]"},
	} {
		if got := coverageCause(c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestEveryDatasetHasATitleOfItsOwn(t *testing.T) {
	seen := map[string]snapshot.Dataset{}
	for _, d := range snapshot.Datasets() {
		title := DatasetTitle(d)
		if title == string(d) || seen[title] != "" {
			t.Errorf("%s has no title of its own: %q", d, title)
		}
		seen[title] = d
	}
}
