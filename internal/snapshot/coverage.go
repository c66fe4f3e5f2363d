package snapshot

import (
	"strings"
	"time"
)

// CoverageState is how much of a dataset was read.
type CoverageState string

// The states of a dataset, in the words of the output contract.
const (
	CoverageComplete    CoverageState = "complete"
	CoveragePartial     CoverageState = "partial"
	CoverageDenied      CoverageState = "denied"
	CoverageUnavailable CoverageState = "unavailable"
	CoverageFailed      CoverageState = "failed"
	CoverageSkipped     CoverageState = "skipped"
)

// Reason is one cause of a dataset being less, or other, than everything.
type Reason struct {
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail"`
	Count  int64  `json:"count"` // units concerned
	// Foreseen: the preflight said that this could not be read. Unforeseen: it said that it
	// could. Neither: there was no preflight, it could not tell, or nothing was refused.
	Foreseen   bool `json:"foreseen,omitempty"`
	Unforeseen bool `json:"unforeseen,omitempty"`
}

// Foresight says what the preflight had said of a refusal; "" where it said nothing.
func (r Reason) Foresight() string { return foresight(r.Foreseen, r.Unforeseen) }

func foresight(foreseen, unforeseen bool) string {
	switch {
	case unforeseen:
		return "not foreseen by the preflight"
	case foreseen:
		return "foreseen by the preflight"
	}
	return ""
}

// outsideDataset ends the details of reasons that only say what a dataset leaves out by its
// definition.
const outsideDataset = " mailboxes are outside this dataset"

// Outside is the reason for mailboxes of a kind that a dataset leaves out by its definition.
func Outside(kind string, count int64) Reason {
	return Reason{Cause: Filtered, Detail: kind + outsideDataset, Count: count}
}

// ByDefinition reports whether a reason takes nothing away from a dataset: what it names
// never belongs to it.
func (r Reason) ByDefinition() bool {
	return r.Cause == Filtered && strings.HasSuffix(r.Detail, outsideDataset)
}

// Coverage says how much of a dataset was read. Expected, Collected and Failed
// count units: 1 for a listing, mailboxes for per-mailbox datasets.
type Coverage struct {
	Dataset   Dataset       `json:"dataset"`
	State     CoverageState `json:"state"`
	Rows      int64         `json:"rows"`
	Expected  int64         `json:"expected"`
	Collected int64         `json:"collected"`
	Failed    int64         `json:"failed"`
	Reasons   []Reason      `json:"reasons"`
	Units     Units         `json:"units"`
}

// Units counts the units of a dataset that were not read, by what became of them. Collected
// and the first five make up Expected; the others are beside it. Failed of Coverage is the
// sum of the first four.
type Units struct {
	Denied      int64 `json:"denied"`
	Unavailable int64 `json:"unavailable"` // not licensed, or not offered
	Throttled   int64 `json:"throttled"`
	Failed      int64 `json:"failed"`
	Open        int64 `json:"open"`     // not read yet, or not to the end
	Filtered    int64 `json:"filtered"` // left out by the choices of the run
	Outside     int64 `json:"outside"`  // never belong to the dataset
	Gone        int64 `json:"gone"`     // deleted between listing and reading
}

// MailboxGap is what was not read of one mailbox, for one cause, although others were read.
type MailboxGap struct {
	Mailbox    string    `json:"mailbox"`
	Address    string    `json:"mailboxAddress"`
	Datasets   []Dataset `json:"datasets"` // in report order
	Cause      Cause     `json:"cause"`
	Detail     string    `json:"detail"`
	Foreseen   bool      `json:"foreseen,omitempty"`
	Unforeseen bool      `json:"unforeseen,omitempty"`
}

// Foresight says what the preflight had said of a refusal; "" where it said nothing.
func (g MailboxGap) Foresight() string { return foresight(g.Foreseen, g.Unforeseen) }

// Tenant identifies the reviewed tenant. Source: GET /organization.
type Tenant struct {
	ID              string   `json:"id"`
	DisplayName     string   `json:"displayName"`
	DefaultDomain   string   `json:"defaultDomain"`
	VerifiedDomains []string `json:"verifiedDomains"`
}

// Requests are the numbers of HTTP requests of a run, over all its parts.
type Requests struct {
	Graph     int64 `json:"graph"`
	Exchange  int64 `json:"exchange"`
	Retries   int64 `json:"retries"`
	Throttled int64 `json:"throttled"`
}

// Outlook is what the preflight expected, in numbers of checks.
type Outlook struct {
	Checks  int `json:"checks"`
	Works   int `json:"works"`
	Partly  int `json:"partly"`
	Blind   int `json:"blind"`
	Unknown int `json:"unknown"`
}

// Run is when, by whom and how the snapshot was collected.
type Run struct {
	StartedAt, FinishedAt time.Time // UTC; FinishedAt is zero while the collection is not finished
	// CollectedFrom and CollectedTo are the times of the oldest and the newest stored answer.
	CollectedFrom, CollectedTo time.Time
	Identity                   string   // user principal name or application name; "" unknown
	IdentityID                 string   // Entra object id of the account or service principal; "" unknown
	IdentityType               string   // user, application; "" unknown
	DirectoryRoles             []string // display names; empty when none are known
	Scopes                     []string // delegated scopes or app roles of the Graph token
	Requests                   Requests
	ToolVersion                string
	Cloud                      string
	Filter                     string   // "" for the whole tenant; else what the review was limited to
	Folders                    string   // default, all, none
	Complete                   bool     // every planned unit reached a final state
	Preflight                  *Outlook // nil: none was made
	// EarlierStartedAt is when the run of the snapshot began from which unchanged answers were
	// taken over; zero: none was given. Reused is what was taken over.
	EarlierStartedAt time.Time `json:",omitzero"`
	Reused           []Reused  `json:",omitempty"`
}
