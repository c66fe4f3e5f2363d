package snapshot

import (
	"encoding/json"
	"time"
)

// Source names one thing that is read over the wire, as "<service>/<what>":
// "graph/users", "exo/Get-InboxRule". Several sources make one Dataset.
type Source string

// State is where a unit of work stands.
type State string

// The states of a unit. Planned, partial, failed and throttled units are read
// again by a resumed run; the others are final.
const (
	Planned     State = "planned"     // known to be needed, nothing read
	Partial     State = "partial"     // some pages stored, more to come
	Complete    State = "complete"    // everything the service has
	Denied      State = "denied"      // the identity may not read it
	Unavailable State = "unavailable" // not licensed, or not offered in this cloud
	Failed      State = "failed"      // the service or its answer was broken
	Throttled   State = "throttled"   // the waiting budget was spent
	Gone        State = "gone"        // deleted between list and read, and confirmed so
	Skipped     State = "skipped"     // left out on purpose; Cause says why
)

// Cause is why a unit or a dataset is not complete, in the words of the output contract.
type Cause string

// The causes.
const (
	MissingPrivilege Cause = "missing-privilege"
	MissingLicence   Cause = "missing-licence"
	CauseThrottled   Cause = "throttled"
	ServiceError     Cause = "service-error"
	NotFound         Cause = "not-found"
	Filtered         Cause = "filtered"
	Interrupted      Cause = "interrupted"
)

// UnitID names one unit of work: a listing (Key "") or one source read for one
// object (Key is that object's id as the dataset rows carry it).
type UnitID struct {
	Source Source
	Key    string
}

// Page is the rows of one answer, as received.
type Page struct {
	// Key is unique within the unit and orders its pages: "000001", "000002" … for a
	// listing, the folder's id for the folders of a mailbox.
	Key string
	At  time.Time
	// Request is the endpoint or the cmdlet with its parameter names; no query values, no secrets.
	Request   string
	RequestID string // the service's request id; "" when it sent none
	Status    int    // HTTP status of the answer, or of the batch item
	// Rows is a JSON array: the elements of "value" as received, secrets struck out.
	Rows json.RawMessage
	// Count is the number of elements of Rows.
	Count    int
	Warnings []string
}

// Result says where a unit stands after a write.
type Result struct {
	State    State
	Cause    Cause  // "" for complete
	Detail   string // one line for people: status, code, message, next step; no secrets
	Expected int64  // rows that the service announced; -1 when it did not
	Attempts int    // requests sent for the unit in this write, retries included
}

// Write is one change to one unit. All writes of one Commit become durable
// together or not at all.
type Write struct {
	Unit UnitID
	// Reset drops the pages stored for the unit before the new ones are added.
	Reset  bool
	Pages  []Page
	Result Result
}

// Ledger is what the store knows of a unit.
type Ledger struct {
	Unit     UnitID
	State    State
	Cause    Cause
	Detail   string
	Expected int64 // -1 when the service announced nothing
	Rows     int64
	Attempts int
	FirstAt  time.Time // zero while planned
	LastAt   time.Time
}

// RawRow is one stored row, as received.
type RawRow struct {
	Unit UnitID
	Page string
	At   time.Time
	Row  json.RawMessage
}
