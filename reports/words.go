package reports

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenantaudit/checks"
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

// causeWord is the cause of a gap at the beginning of a text.
func causeWord(c snapshot.Cause) string { return capital(checks.CauseWord(c)) }

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func datasetTitle(d snapshot.Dataset) string { return checks.DatasetTitle(d) }

// acronyms are words of names that are written otherwise.
var acronyms = map[string]string{
	"id": "ID", "ids": "IDs", "smtp": "SMTP", "imap": "IMAP", "pop": "POP", "sku": "SKU", "skus": "SKUs", "sid": "SID", "tls": "TLS", "scl": "SCL", "url": "URL",
}

// label makes words of a name that the product gave: "trusteeId" is "Trustee ID". A name that
// begins with a capital is one of Microsoft's and stays.
func label(name string) string {
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		return name
	}
	var words []string
	start := 0
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			words = append(words, strings.ToLower(name[start:i]))
			start = i
		}
	}
	words = append(words, strings.ToLower(name[start:]))
	for i, w := range words {
		words[i] = cmp.Or(acronyms[w], w)
	}
	words[0] = capital(words[0])
	return strings.Join(words, " ")
}

// Statements that every review makes.
const (
	reviewTitle       = "Microsoft 365 security review"
	readOnlyStatement = "Read-only. Settings, permissions and mail were not changed; messages were not opened."
	deletedStatement  = "A rule that was deleted after use cannot be seen here; the audit log can show it. The same holds for permissions, consents and forwarding that were taken away again."
	momentStatement   = "A review shows the state at the time of collection. What was changed before or after is not part of it."
	gapStatement      = "“Not assessed” never counts as a pass. Every gap is listed with its cause under Coverage."
	redactedStatement = "Names, addresses, ids and texts of the tenant are pseudonyms. Who prepared this copy holds the list of what they stand for."
	handlingStatement = "Confidential: holds personal data and security weaknesses. Keep it where only those who need it can read it."
)

// folderWords say which folders were looked at.
var folderWords = map[string]string{
	"default": "Root, inbox, calendars, contacts, sent and deleted items, drafts, tasks, notes and archive, and user-created folders directly below the root or the inbox",
	"all":     "Every folder except recoverable items, search folders and sync issues",
	"none":    "None: folder permissions were not read",
}
