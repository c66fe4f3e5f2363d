package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/requirements"
	"tenantaudit/reports"
)

// tally counts the checks by outlook.
func tally(p *reports.Preflight) string {
	parts := make([]string, 0, len(reports.Outlooks()))
	for _, s := range reports.Outlooks() {
		parts = append(parts, fmt.Sprintf("%d %s", p.Count(s), strings.ToLower(reports.OutlookWord(s))))
	}
	return fmt.Sprintf("%d checks: %s", len(p.Checks), strings.Join(parts, ", "))
}

func (a *app) printPreflight(p *reports.Preflight) error {
	var b strings.Builder
	i := p.Identity
	head := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	line := func(label, text string) { fmt.Fprintf(head, "%s\t%s\n", label, cell(text)) }
	line("Tenant", firstNonEmpty(p.Tenant.DisplayName, "unknown name")+" ("+p.Tenant.ID+")")
	line("Identity", i.Who())
	line("Token", i.Token(p.At))
	line("Roles", i.Roles())
	none := "no permission known"
	if i.Type != "" {
		none = "no permission" // the token tells who it belongs to, and so what it carries
	}
	line("Graph", firstNonEmpty(strings.Join(i.GraphPermissions, ", "), none))
	line("Exchange", firstNonEmpty(strings.Join(i.ExchangePermissions, ", "), none)+"; "+i.Cmdlet())
	for _, x := range p.Excess {
		line("Warning", "this identity can do more than reading needs: "+x.Name+" "+x.Why)
	}
	if err := head.Flush(); err != nil {
		return err
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tOUTLOOK\tWHY")
	for _, c := range p.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Check, c.State, cell(strings.Join(c.Why, "; ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%s\n", tally(p))
	printFixes(&b, p)
	printLicences(&b, p)
	b.WriteString("\nENVIRONMENTS\n")
	env := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, e := range p.Environments {
		fmt.Fprintf(env, "  %s\t%s\n", cell(e.Where()), cell(e.State))
		for _, r := range e.Remarks() {
			fmt.Fprintf(env, "  \t%s\n", cell(r))
		}
	}
	if err := env.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(a.out, safe(trimLines(b.String())))
	return err
}

// trimLines takes the blanks away that a table leaves behind empty cells.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// printFixes names each grant once, with the checks that it would help.
func printFixes(b *strings.Builder, p *reports.Preflight) {
	var grants []string
	helps := map[string][]string{}
	var notes []string
	about := map[string][]string{}
	for _, c := range p.Checks {
		if c.Grant != "" {
			grants = add(grants, c.Grant)
			helps[c.Grant] = append(helps[c.Grant], c.Check)
		}
		for _, n := range c.Notes {
			notes = add(notes, n)
			about[n] = append(about[n], c.Check)
		}
	}
	if len(grants) > 0 {
		b.WriteString("\nTO GRANT\n")
	}
	for _, g := range grants {
		fmt.Fprintf(b, "  %s\n    for %s\n", cell(g), strings.Join(helps[g], ", "))
	}
	if len(grants) > 1 && !p.Missing.Empty() {
		fmt.Fprintf(b, "  Altogether: %s\n", cell(p.Missing.String()))
	}
	if len(notes) > 0 {
		b.WriteString("\nNOTES\n")
	}
	for _, n := range notes {
		fmt.Fprintf(b, "  %s\n    for %s\n", cell(n), strings.Join(about[n], ", "))
	}
}

// printLicences says what hangs on which licence, and whether the tenant has it.
func printLicences(b *strings.Builder, p *reports.Preflight) {
	if len(p.Licences) > 0 {
		b.WriteString("\nLICENCES\n")
	}
	for _, l := range p.Licences {
		fmt.Fprintf(b, "  %s: %s\n", cell(l.Name), cell(strings.TrimSuffix(l.State+" ("+strings.Join(l.Products, ", ")+")", " ()")))
		for _, g := range l.Gates {
			fmt.Fprintf(b, "    %s\n", cell(g))
		}
	}
}

// grantDocument is the smallest grant for machines.
type grantDocument struct {
	Schema string             `json:"schema"` // tenantaudit.grant/v1
	Checks []string           `json:"checks"`
	Grant  requirements.Grant `json:"grant"`
	// Manifest is the requiredResourceAccess of an app registration.
	Manifest       []requirements.ResourceAccess `json:"requiredResourceAccess"`
	ExchangeRecipe string                        `json:"exchangeRecipe"`
	// AzureRole is a role definition for the named subscriptions; absent when none is named.
	AzureRole *azureRole `json:"azureRole,omitempty"`
}

// printGrant prints what the chosen checks need. It signs in nowhere.
func (a *app) printGrant(o *preflightOptions) error {
	kind := grantKinds[o.grantFor]
	g := requirements.Least(kind, o.scope.datasets())
	if o.format == "json" {
		m, err := g.Manifest()
		if err != nil {
			return err
		}
		doc := grantDocument{Schema: "tenantaudit.grant/v1", Grant: g, Manifest: m, ExchangeRecipe: g.Recipe(), AzureRole: o.beside.role()}
		for _, c := range o.scope.chosen {
			doc.Checks = append(doc.Checks, c.ID)
		}
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(doc)
	}
	manifest, err := g.ManifestJSON()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The smallest grant for %d checks, %s. It only reads.\n\n", len(o.scope.chosen), grantWord(kind))
	b.WriteString("1. App registration: put this into its manifest, and let an administrator consent to it.\n")
	for _, part := range []struct {
		name  string
		names []string
	}{{"Microsoft Graph", g.GraphPermissions}, {"Exchange Online", g.ExchangePermissions}} {
		if len(part.names) > 0 {
			fmt.Fprintf(&b, "   %s: %s\n", part.name, strings.Join(part.names, ", "))
		}
	}
	fmt.Fprintf(&b, "\n%s\n\n", manifest)
	n := 2
	if g.DirectoryRole != "" {
		fmt.Fprintf(&b, "%d. Directory role of the person: %s.\n\n", n, g.DirectoryRole)
		n++
	}
	if recipe := g.Recipe(); recipe != "" {
		fmt.Fprintf(&b, "%d. Exchange role group. Global Reader may stand in place of its view-only roles, not of a custom role.\n\n%s\n", n, recipe)
		n++
	}
	for _, e := range requirements.Environments()[2:] {
		fmt.Fprintf(&b, "%d. %s: %s; %s.\n", n, e.Name, e.Grant, e.Note)
		n++
	}
	if role := o.beside.role(); role != nil {
		definition, err := role.json()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\nOr, in place of the built-in role, for az role definition create:\n\n%s\n", definition)
	}
	_, err = fmt.Fprint(a.out, b.String())
	return err
}

func grantWord(kind facts.Kind) string {
	if kind == facts.Application {
		return "for an application that runs unattended"
	}
	return "for a person who signs in"
}
