package requirements

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
)

// Extra is something that an identity carries and that reading does not need.
type Extra struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // permission, directoryRole, cmdlets
	Why  string `json:"why"`
}

const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// noRoles are ids that stand among the roles of a token and are none: any member, an
// application without a role, and the three levels of guests.
var noRoles = []string{
	"b79fbf4d-3ef9-4689-8143-76b194e85509", "0997a1d0-0d1d-4acb-b408-d5ca73121e90",
	"a0b1b346-4d3e-4e8b-98f8-753987be4970", "10dae51f-b6af-4016-8d66-8c2a99b929b3", "2af84b1e-32c8-42b7-82bc-daa82404023b",
}

// IsRole reports whether an id among the roles of a token is a role at all.
func IsRole(id string) bool { return !slices.Contains(noRoles, id) }

// signIn are scopes of the sign-in itself.
var signIn = []string{"openid", "profile", "email", "offline_access"}

// Excess names what the permissions (scopes or app roles of Graph and Exchange) and the
// directory roles (template ids) of an identity allow beyond reading. A name that is not
// known to read only is named too.
func Excess(permissions, roles []string) []Extra {
	out := []Extra{}
	for _, p := range unique(permissions) {
		if why := beyondReading(p); why != "" {
			out = append(out, Extra{Name: p, Kind: "permission", Why: why})
		}
	}
	for _, id := range unique(roles) {
		if !IsRole(id) {
			continue
		}
		r, known := facts.Role(id)
		switch {
		case !known:
			out = append(out, Extra{Name: id, Kind: "directoryRole", Why: "a role of the tenant's own or a newer one: look at what it allows"})
		case id == globalAdministrator:
			out = append(out, Extra{Name: r.Name, Kind: "directoryRole", Why: "can change everything in the tenant; Global Reader is enough"})
		case strings.HasSuffix(r.Name, "Reader") || strings.HasSuffix(r.Name, "Readers"):
		case r.Privileged != nil && !*r.Privileged:
			out = append(out, Extra{Name: r.Name, Kind: "directoryRole", Why: "is made for changing things; reading needs a reader role"})
		default:
			out = append(out, Extra{Name: r.Name, Kind: "directoryRole", Why: "Microsoft calls this role privileged; reading needs a reader role"})
		}
	}
	return out
}

// ExcessCmdlets names the cmdlets that change things among those that Exchange lets an
// identity run; ok is false when there is none.
func ExcessCmdlets(cmdlets []string) (extra Extra, ok bool) {
	var change []string
	for _, c := range unique(cmdlets) {
		verb, _, _ := strings.Cut(strings.ToLower(c), "-")
		if slices.Contains([]string{"set", "new", "remove", "add", "enable", "disable", "update", "start", "stop", "restore", "import", "undo", "clear"}, verb) {
			change = append(change, c)
		}
	}
	if len(change) == 0 {
		return Extra{}, false
	}
	slices.Sort(change)
	shown := change[:min(3, len(change))]
	return Extra{Name: fmt.Sprintf("%d Exchange cmdlets", len(change)), Kind: "cmdlets",
		Why: "change things (" + strings.Join(shown, ", ") + " …); a view-only role group is enough"}, true
}

// beyondReading says what a permission allows beyond reading the configuration; "" for nothing.
func beyondReading(p string) string {
	if slices.Contains(signIn, strings.ToLower(p)) || p == ExchangeApp || p == ExchangePerson {
		return "" // both Exchange permissions give nothing without a role there
	}
	if strings.EqualFold(p, "full_access_as_app") {
		return "opens every mailbox and can change and send"
	}
	reads := false
	for _, part := range strings.Split(p, ".") {
		switch {
		case part == "Read" || part == "ReadBasic":
			reads = true
		case strings.HasPrefix(part, "ReadWrite") || part == "ReadUpdate" || part == "ReadApprove":
			return "can change what it reads"
		case part == "Send" || part == "SendAsApp" || strings.HasPrefix(part, "Send-"):
			return "can send"
		case part == "AccessAsUser":
			return "can do everything that the person can"
		}
	}
	if !reads {
		return "is not known to read only"
	}
	for _, kind := range []facts.Kind{facts.Application, facts.Delegated} {
		if r, ok := facts.Risk(facts.MicrosoftGraph, p, kind); ok && slices.Contains([]string{"mail", "files", "chat"}, r.Impact) {
			return "reads content (" + r.Impact + "), which a review of the configuration does not need"
		}
	}
	return ""
}

func unique(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}
