//go:build ignore

// Command gen writes the embedded tables of package facts from a directory of
// reference data in JSON. It keeps identifiers, names and figures and leaves
// every explanation out; it is run by hand when the reference data changes:
//
//	go run internal/facts/gen/main.go -in DIR -out internal/facts/data
//
// trustees.json and access.json are written by hand and not touched.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	in := flag.String("in", "", "directory of the reference data")
	out := flag.String("out", "internal/facts/data", "directory of the embedded tables")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	for _, step := range []struct {
		name string
		make func(dir string) (any, error)
	}{
		{"licences.json", licences},
		{"permissions.json", permissions},
		{"risks.json", risks},
		{"roles.json", roles},
		{"apps.json", apps},
		{"audit.json", audit},
		{"controls.json", controls},
	} {
		v, err := step.make(in)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if err := write(filepath.Join(out, step.name), v); err != nil {
			return err
		}
	}
	return nil
}

func read(dir, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// write puts every top-level list element on a line of its own, so that a
// change of the reference data shows as a small diff.
func write(path string, v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("{\n")
	keys := slices.Sorted(maps.Keys(top))
	// The source comes first: it is what a reader of the file asks for.
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "source" })
	keys = append([]string{"source"}, keys...)
	for i, k := range keys {
		fmt.Fprintf(&b, "%q: ", k)
		var list []json.RawMessage
		if json.Unmarshal(top[k], &list) == nil && len(list) > 0 {
			b.WriteString("[\n")
			for j, e := range list {
				b.Write(e)
				if j < len(list)-1 {
					b.WriteByte(',')
				}
				b.WriteByte('\n')
			}
			b.WriteByte(']')
		} else {
			b.Write(top[k])
		}
		if i < len(keys)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("}\n")
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func licences(dir string) (any, error) {
	var src struct {
		SKUs []struct {
			SKUID          string
			SKUPartNumber  string
			DisplayName    string
			ServicePlanIDs []string
		}
		ServicePlans map[string]struct{ Name, DisplayName string }
	}
	if err := read(dir, "skus.json", &src); err != nil {
		return nil, err
	}
	var meaning struct {
		Plans []struct{ ServicePlanID, Name, Group, Level string }
	}
	if err := read(dir, "service-plans.json", &meaning); err != nil {
		return nil, err
	}
	type plan struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	type sku struct {
		ID    string `json:"id"`
		Part  string `json:"part"`
		Name  string `json:"name"`
		Plans []int  `json:"plans"`
	}
	dst := struct {
		Source        string            `json:"source"`
		AdvancedAudit []string          `json:"advancedAudit"`
		EntraPremium  map[string]string `json:"entraPremium"`
		Plans         []plan            `json:"plans"`
		SKUs          []sku             `json:"skus"`
	}{
		Source:       "https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference",
		EntraPremium: map[string]string{},
	}
	index := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(src.ServicePlans)) {
		p := src.ServicePlans[id]
		index[id] = len(dst.Plans)
		dst.Plans = append(dst.Plans, plan{strings.ToLower(id), p.Name, p.DisplayName})
	}
	for _, s := range src.SKUs {
		row := sku{ID: strings.ToLower(s.SKUID), Part: s.SKUPartNumber, Name: s.DisplayName, Plans: []int{}}
		for _, id := range s.ServicePlanIDs {
			i, ok := index[id]
			if !ok {
				return nil, fmt.Errorf("sku %s names unknown plan %s", s.SKUPartNumber, id)
			}
			row.Plans = append(row.Plans, i)
		}
		slices.Sort(row.Plans)
		dst.SKUs = append(dst.SKUs, row)
	}
	slices.SortFunc(dst.SKUs, func(a, b sku) int { return strings.Compare(a.ID, b.ID) })
	for _, p := range meaning.Plans {
		switch {
		case p.Name == "M365_ADVANCED_AUDITING":
			dst.AdvancedAudit = append(dst.AdvancedAudit, p.ServicePlanID)
		case p.Group == "entra-id" && (p.Level == "P1" || p.Level == "P2"):
			dst.EntraPremium[p.ServicePlanID] = p.Level
		}
	}
	return dst, nil
}

// kindLetter shortens a kind: "a" application, "d" delegated.
func kindLetter(kind string) (string, error) {
	switch kind {
	case "application":
		return "a", nil
	case "delegated":
		return "d", nil
	}
	return "", fmt.Errorf("unknown kind %q", kind)
}

func permissions(dir string) (any, error) {
	type perm struct{ ID, Value, Kind string }
	var graph struct {
		ResourceAppID string
		Permissions   []perm
	}
	var others struct {
		Resources []struct {
			AppID, DisplayName string
			Permissions        []perm
		}
	}
	if err := read(dir, "graph-permissions.json", &graph); err != nil {
		return nil, err
	}
	if err := read(dir, "exchange-app-permissions.json", &others); err != nil {
		return nil, err
	}
	type resource struct {
		AppID string `json:"appId"`
		Name  string `json:"name"`
	}
	dst := struct {
		Source      string     `json:"source"`
		Resources   []resource `json:"resources"`
		Permissions [][]any    `json:"permissions"` // resource index, id, value, kind
	}{Source: "https://learn.microsoft.com/graph/permissions-reference; permissions exposed by the service principals of Exchange Online, SharePoint Online and the Management APIs"}
	add := func(appID, name string, list []perm) error {
		n := len(dst.Resources)
		dst.Resources = append(dst.Resources, resource{appID, name})
		slices.SortFunc(list, func(a, b perm) int {
			return strings.Compare(a.Kind+a.Value+a.ID, b.Kind+b.Value+b.ID)
		})
		for _, p := range list {
			k, err := kindLetter(p.Kind)
			if err != nil {
				return err
			}
			dst.Permissions = append(dst.Permissions, []any{n, strings.ToLower(p.ID), p.Value, k})
		}
		return nil
	}
	if err := add(graph.ResourceAppID, "Microsoft Graph", graph.Permissions); err != nil {
		return nil, err
	}
	for _, r := range others.Resources {
		if err := add(r.AppID, r.DisplayName, r.Permissions); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func risks(dir string) (any, error) {
	var src struct {
		Permissions []struct {
			ResourceAppID, Value, Kind, Tier, Impact string
			IDs                                      []string
		}
	}
	if err := read(dir, "risky-permissions.json", &src); err != nil {
		return nil, err
	}
	dst := struct {
		Source string  `json:"source"`
		Risks  [][]any `json:"risks"` // resource appId, value, kind, tier, impact, ids
	}{Source: "own classification; consulted: Microsoft Graph permissions reference, CISA ScubaGear risky permissions (CC0), BloodHound app role edges"}
	for _, p := range src.Permissions {
		k, err := kindLetter(p.Kind)
		if err != nil {
			return nil, err
		}
		dst.Risks = append(dst.Risks, []any{p.ResourceAppID, p.Value, k, p.Tier, p.Impact, p.IDs})
	}
	return dst, nil
}

func roles(dir string) (any, error) {
	var src struct {
		Roles []struct {
			TemplateID, DisplayName string
			IsPrivileged            *bool
		}
	}
	if err := read(dir, "directory-role-templates.json", &src); err != nil {
		return nil, err
	}
	type role struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		Privileged *bool  `json:"privileged"`
	}
	dst := struct {
		Source string `json:"source"`
		Roles  []role `json:"roles"`
	}{Source: "https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference"}
	for _, r := range src.Roles {
		dst.Roles = append(dst.Roles, role{r.TemplateID, r.DisplayName, r.IsPrivileged})
	}
	slices.SortFunc(dst.Roles, func(a, b role) int { return strings.Compare(a.ID, b.ID) })
	return dst, nil
}

func apps(dir string) (any, error) {
	// consumer is the tenant that issues tokens of personal accounts; it owns no first-party application.
	const consumer = "9188040d-6c67-4c5b-b112-36a304b66dad"
	var first struct {
		MicrosoftTenants []struct{ TenantID string }
		Apps             []struct{ AppID, DisplayName, Confidence string }
	}
	if err := read(dir, "first-party-apps.json", &first); err != nil {
		return nil, err
	}
	var bad struct {
		Apps []struct{ AppID, DisplayName, Class string }
	}
	if err := read(dir, "suspicious-apps.json", &bad); err != nil {
		return nil, err
	}
	dst := struct {
		Source   string     `json:"source"`
		Tenants  []string   `json:"microsoftTenants"`
		First    [][]string `json:"firstParty"` // appId, name
		KnownBad [][]string `json:"knownBad"`   // appId, class, name
	}{Source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in; github.com/merill/microsoft-info; github.com/dirkjanm/ROADtools; github.com/huntresslabs/rogueapps; github.com/randomaccess3/detections; github.com/KelvinTegelaar/CIPP-API"}
	for _, t := range first.MicrosoftTenants {
		if t.TenantID != consumer {
			dst.Tenants = append(dst.Tenants, t.TenantID)
		}
	}
	for _, a := range first.Apps {
		if a.Confidence != "low" {
			dst.First = append(dst.First, []string{strings.ToLower(a.AppID), a.DisplayName})
		}
	}
	for _, a := range bad.Apps {
		dst.KnownBad = append(dst.KnownBad, []string{strings.ToLower(a.AppID), a.Class, a.DisplayName})
	}
	for _, l := range [][][]string{dst.First, dst.KnownBad} {
		slices.SortFunc(l, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	}
	return dst, nil
}

func audit(dir string) (any, error) {
	var src struct {
		Default map[string][]string `json:"default_sets_user_and_shared"`
		CIS     struct {
			Extra map[string][]string `json:"extra"`
		} `json:"cis_m365_7_0_control_6_1_2"`
		Actions []struct {
			Action string `json:"action"`
			Folded string `json:"folded_into"`
		} `json:"actions"`
	}
	if err := read(dir, "mailbox-audit-actions.json", &src); err != nil {
		return nil, err
	}
	dst := struct {
		Source  string              `json:"source"`
		Default map[string][]string `json:"default"`
		Premium []string            `json:"premium"`
		Extra   map[string][]string `json:"benchmarkExtra"`
		Folded  map[string]string   `json:"folded"`
	}{
		Source:  "https://learn.microsoft.com/purview/audit-mailboxes; CIS Microsoft 365 Foundations Benchmark 4.0 (6.1.2, 6.1.3) and 7.0 (6.1.2) by way of github.com/prowler-cloud/prowler",
		Default: src.Default,
		Premium: []string{"MailItemsAccessed", "Send"},
		Extra:   src.CIS.Extra,
		Folded:  map[string]string{},
	}
	for _, a := range src.Actions {
		if a.Folded != "" {
			dst.Folded[a.Action] = a.Folded
		}
	}
	return dst, nil
}

func controls(dir string) (any, error) {
	var src struct {
		Controls []struct {
			Key   string
			CIS   map[string]any `json:"cis_m365"`
			SCuBA []struct {
				ID   string
				NIST []string `json:"nist_800_53_r5"`
			}
			Attack []struct {
				ID    string
				V19   string `json:"id_v19"`
				Basis []string
			}
		}
	}
	if err := read(dir, "control-mappings.json", &src); err != nil {
		return nil, err
	}
	type technique struct {
		ID    string `json:"id"`            // the id of ATT&CK v19
		Was   string `json:"was,omitempty"` // the id before v19
		SCuBA bool   `json:"scuba,omitempty"`
	}
	type control struct {
		Check  string              `json:"check"`
		CIS    map[string][]string `json:"cis"` // benchmark version to numbers
		SCuBA  []string            `json:"scuba"`
		NIST   []string            `json:"nist"`
		Attack []technique         `json:"attack"`
	}
	dst := struct {
		Source   string    `json:"source"`
		Controls []control `json:"controls"`
	}{Source: "github.com/cisagov/ScubaGear baselines and mappings (August 2026); CIS Microsoft 365 Foundations Benchmark numbers by way of github.com/prowler-cloud/prowler and github.com/silverhack/monkey365; https://attack.mitre.org/resources/updates/updates-april-2026/"}
	for _, c := range src.Controls {
		row := control{Check: c.Key, CIS: map[string][]string{}, SCuBA: []string{}, NIST: []string{}, Attack: []technique{}}
		for version, v := range c.CIS {
			switch v := v.(type) {
			case string:
				row.CIS[version] = []string{v}
			case []any:
				for _, n := range v {
					row.CIS[version] = append(row.CIS[version], n.(string))
				}
			default:
				return nil, fmt.Errorf("%s: CIS %s has %T", c.Key, version, v)
			}
		}
		for _, s := range c.SCuBA {
			row.SCuBA = append(row.SCuBA, s.ID)
			row.NIST = append(row.NIST, s.NIST...)
		}
		slices.Sort(row.NIST)
		row.NIST = slices.Compact(row.NIST)
		for _, a := range c.Attack {
			t := technique{ID: a.ID, SCuBA: slices.Contains(a.Basis, "scuba")}
			if a.V19 != "" {
				t.ID, t.Was = a.V19, a.ID
			}
			row.Attack = append(row.Attack, t)
		}
		dst.Controls = append(dst.Controls, row)
	}
	return dst, nil
}
