package reports

import (
	"strings"
	"unicode"

	"tenantaudit/internal/snapshot"
)

// The words of severities, worst first, with what a reader may take them for.
var severities = []struct{ id, word, meaning string }{
	{"critical", "Critical", "Mail or control of the tenant is exposed now, or its traces are not kept. Act today."},
	{"high", "High", "A single mistake or stolen account leads directly to harm. Act this week."},
	{"medium", "Medium", "A protection is missing that others partly make up for. Plan it."},
	{"low", "Low", "Good order: small risk, or a known risk that is switched off."},
	{"info", "Info", "An inventory entry. Nothing is judged; people decide whether it is wanted."},
}

// severityRank orders findings: 0 is the worst; a word that is none comes last.
func severityRank(id string) int {
	for i, s := range severities {
		if s.id == id {
			return i
		}
	}
	return len(severities)
}

func severityWord(id string) string {
	if r := severityRank(id); r < len(severities) {
		return severities[r].word
	}
	return id
}

// The words of results, in the order in which they are counted.
var statuses = []struct{ id, word, meaning string }{
	{"fail", "Fail", "At least one object breaks the rule. On partial data what was found stands; there may be more."},
	{"not-evaluated", "Not assessed", "Data that the check needs was not read, or not in full, so no statement is made. This is not a pass; the cause is given."},
	{"pass", "Pass", "Every object in scope was read and none breaks the rule."},
	{"info", "Info", "An inventory: listed for review, nothing is judged."},
}

func statusWord(id string) string {
	for _, s := range statuses {
		if s.id == id {
			return s.word
		}
	}
	return id
}

// The areas of checks in the order of the catalogue.
var areas = []struct{ id, word string }{
	{"licence", "Licensing and logs"},
	{"audit", "Auditing"},
	{"mail", "Mail leaving or hidden"},
	{"delegation", "Delegation"},
	{"oauth", "Applications and consent"},
	{"roles", "Roles"},
}

func areaRank(id string) int {
	for i, a := range areas {
		if a.id == id {
			return i
		}
	}
	return len(areas)
}

func areaWord(id string) string {
	if r := areaRank(id); r < len(areas) {
		return areas[r].word
	}
	return id
}

// The words of coverage states. What is not complete begins with "Not assessed" or
// says that it was read in part.
var stateWords = map[snapshot.CoverageState]string{
	snapshot.CoverageComplete:    "Complete",
	snapshot.CoveragePartial:     "Partly read",
	snapshot.CoverageDenied:      "Not assessed: access denied",
	snapshot.CoverageUnavailable: "Not assessed: not available",
	snapshot.CoverageFailed:      "Not assessed: reading failed",
	snapshot.CoverageSkipped:     "Not assessed: left out of this run",
}

func stateWord(s snapshot.CoverageState) string {
	if w, ok := stateWords[s]; ok {
		return w
	}
	return "Not assessed: " + string(s)
}

// The words of causes.
var causeWords = map[snapshot.Cause]string{
	snapshot.MissingPrivilege: "Permission missing",
	snapshot.MissingLicence:   "Not licensed",
	snapshot.CauseThrottled:   "Throttled by the service",
	snapshot.ServiceError:     "Service error",
	snapshot.NotFound:         "Gone during the run",
	snapshot.Filtered:         "Out of scope",
	snapshot.Interrupted:      "Interrupted",
}

func causeWord(c snapshot.Cause) string {
	if w, ok := causeWords[c]; ok {
		return w
	}
	return string(c)
}

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
}

func datasetTitle(d snapshot.Dataset) string {
	if t, ok := datasetTitles[d]; ok {
		return t
	}
	return string(d)
}

// label makes words of a name that the product gave: "trusteeId" is "Trustee ID". A name that
// begins with a capital is one of Microsoft's and stays.
func label(name string) string {
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		return name
	}
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r):
			b.WriteRune(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	s := b.String()
	if strings.HasSuffix(s, " id") {
		s = strings.TrimSuffix(s, "id") + "ID"
	}
	return s
}

// Statements that every review makes.
const (
	reviewTitle       = "Microsoft 365 security review"
	readOnlyStatement = "Read-only. Settings, permissions and mail were not changed; messages were not opened."
	deletedStatement  = "A rule that was deleted after use cannot be seen here; the audit log can show it. The same holds for permissions, consents and forwarding that were taken away again."
	momentStatement   = "A review shows the state at the time of collection. What was changed before or after is not part of it."
	gapStatement      = "“Not assessed” never counts as a pass. Every gap is listed with its cause under Coverage."
	handlingStatement = "Confidential: holds personal data and security weaknesses. Keep it where only those who need it can read it."
)

// folderWords say which folders were looked at.
var folderWords = map[string]string{
	"default": "Root, inbox, calendars, contacts, sent and deleted items, drafts, tasks, notes and archive, and user-created folders directly below the root or the inbox",
	"all":     "Every folder except recoverable items, search folders and sync issues",
	"none":    "None: folder permissions were not read",
}
