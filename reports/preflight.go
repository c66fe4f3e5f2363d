package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tenantaudit/internal/requirements"
)

// PreflightSchema names the form of the JSON document; a change that a reader would trip
// over gets a new number.
const PreflightSchema = "tenantaudit.preflight/v1"

// Preflight is what an identity can be expected to see, before anything is read.
type Preflight struct {
	Schema   string            `json:"schema"`
	Tool     PreflightTool     `json:"tool"`
	At       time.Time         `json:"at"`
	Requests int64             `json:"requests"` // that it took
	Tenant   PreflightTenant   `json:"tenant"`
	Identity PreflightIdentity `json:"identity"`
	// Excess is what the identity carries beyond reading.
	Excess       []requirements.Extra   `json:"excess"`
	Licences     []PreflightLicence     `json:"licences"`
	Environments []PreflightEnvironment `json:"environments"`
	Sources      []PreflightSource      `json:"sources"`
	Checks       []PreflightCheck       `json:"checks"`
	// Least is the smallest grant for the chosen checks, Missing what of it would still
	// have to be given.
	Least   requirements.Grant `json:"least"`
	Missing requirements.Grant `json:"missing"`
}

// PreflightTool is the program that looked.
type PreflightTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// PreflightTenant is the tenant, as far as it tells.
type PreflightTenant struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	DefaultDomain string `json:"defaultDomain"`
}

// PreflightIdentity is who is signed in. Lists are what is known of; empty is not none.
type PreflightIdentity struct {
	Name                string          `json:"name"`
	ID                  string          `json:"id"`
	Type                string          `json:"type"` // user, application; "" when the token does not tell
	AppID               string          `json:"appId"`
	TokenExpires        *time.Time      `json:"tokenExpires"`
	GraphPermissions    []string        `json:"graphPermissions"`
	ExchangePermissions []string        `json:"exchangePermissions"`
	DirectoryRoles      []PreflightRole `json:"directoryRoles"`
	// Cmdlets is how many cmdlets Exchange lets the identity run; -1: not known.
	Cmdlets int `json:"cmdlets"`
}

// PreflightRole is an active directory role.
type PreflightRole struct {
	Name       string     `json:"name"`
	TemplateID string     `json:"templateId"`
	Via        string     `json:"via"`   // token, directory, group
	Until      *time.Time `json:"until"` // when an activation ends; null: no end is known
}

// PreflightLicence is a licence that gates something.
type PreflightLicence struct {
	Name     string   `json:"name"`
	State    string   `json:"state"`    // present, absent, unknown
	Products []string `json:"products"` // that include it
	Gates    []string `json:"gates"`
}

// PreflightEnvironment is a part of a full review.
type PreflightEnvironment struct {
	Name  string `json:"name"`
	Grant string `json:"grant"`
	State string `json:"state"` // for people

	// What was found where a target was named.
	Target  string             `json:"target,omitempty"` // subscription id, organization
	Outlook requirements.State `json:"outlook,omitempty"`
	Why     []string           `json:"why,omitempty"`
	Fix     string             `json:"fix,omitempty"` // the smallest grant that would help
	Notes   []string           `json:"notes,omitempty"`
	Excess  []string           `json:"excess,omitempty"` // what goes beyond reading there
}

// PreflightSource is whether one source can be read.
type PreflightSource struct {
	Source  string             `json:"source"`
	Service string             `json:"service"`
	Reads   string             `json:"reads"`
	State   requirements.State `json:"state"`
	Cause   string             `json:"cause"`
	Grant   string             `json:"grant"` // what would fix it; "" where nothing is missing or nothing helps
	Note    string             `json:"note"`
}

// PreflightCheck is whether one check would work.
type PreflightCheck struct {
	Check    string             `json:"check"`
	Title    string             `json:"title"`
	Severity string             `json:"severity"`
	State    requirements.State `json:"state"`
	Why      []string           `json:"why"`
	Grant    string             `json:"grant"`
	// Notes take nothing away from the verdict: names that stay unresolved, licences that
	// the tenant does not have.
	Notes []string `json:"notes"`
}

// Count is the number of checks in a state.
func (p *Preflight) Count(s requirements.State) int {
	n := 0
	for _, c := range p.Checks {
		if c.State == s {
			n++
		}
	}
	return n
}

// Words of the states.
var outlookWords = map[requirements.State]string{
	requirements.Works: "Will work", requirements.Unknown: "Not known", requirements.Partly: "Partly", requirements.Blind: "Blind",
}

// OutlookWord is the word of a state.
func OutlookWord(s requirements.State) string { return cmp.Or(outlookWords[s], string(s)) }

// Outlooks are the states in the order of reports.
func Outlooks() []requirements.State {
	return []requirements.State{requirements.Works, requirements.Partly, requirements.Blind, requirements.Unknown}
}

// Where is the environment with its target.
func (e PreflightEnvironment) Where() string {
	if e.Target == "" {
		return e.Name
	}
	return e.Name + " " + e.Target
}

// Remarks are what there is to say of an environment besides its state.
func (e PreflightEnvironment) Remarks() []string {
	var out []string
	if e.Fix != "" {
		out = append(out, "Grant: "+e.Fix)
	}
	if len(e.Excess) > 0 {
		out = append(out, "Warning: the identity can do more there than reading needs: "+strings.Join(e.Excess, ", "))
	}
	return append(out, e.Notes...)
}

// Who is the identity in one line.
func (i PreflightIdentity) Who() string {
	return cmp.Or(i.Name, i.ID, "unknown") + " (" + cmp.Or(i.Type, "unknown kind") + ")"
}

// Token says how long the sign-in is good, seen from a time.
func (i PreflightIdentity) Token(at time.Time) string {
	if i.TokenExpires == nil {
		return "does not tell when it expires"
	}
	left := i.TokenExpires.Sub(at).Round(time.Minute)
	if left <= 0 {
		return "has expired"
	}
	return fmt.Sprintf("good until %s UTC (%d minutes)", i.TokenExpires.UTC().Format("2006-01-02 15:04"), int(left.Minutes()))
}

// Roles are the directory roles in one line.
func (i PreflightIdentity) Roles() string {
	parts := make([]string, len(i.DirectoryRoles))
	for n, r := range i.DirectoryRoles {
		parts[n] = r.Name
		if r.Via == "group" {
			parts[n] += " (through a group)"
		}
		if r.Until != nil {
			parts[n] += " until " + r.Until.UTC().Format("2006-01-02 15:04") + " UTC"
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none known")
}

// Cmdlet says what Exchange lets the identity run.
func (i PreflightIdentity) Cmdlet() string {
	if i.Cmdlets < 0 {
		return "Exchange did not tell"
	}
	return fmt.Sprintf("%d cmdlets", i.Cmdlets)
}

// WritePreflightJSON writes the document for machines.
func WritePreflightJSON(w io.Writer, p *Preflight) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(p)
}

// grantLines are a grant for people, one part a line.
func grantLines(g requirements.Grant) []string {
	if g.Empty() {
		return []string{"nothing"}
	}
	return g.Parts()
}

// trouble are the sources that cannot be read, or of which nothing is known.
func (p *Preflight) trouble() []PreflightSource {
	return slices.DeleteFunc(slices.Clone(p.Sources), func(s PreflightSource) bool { return s.State == requirements.Works && s.Note == "" })
}
