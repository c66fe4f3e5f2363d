package requirements

import (
	"fmt"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// Asker is somebody who reads datasets: a check.
type Asker struct {
	ID string
	// Needs are the datasets without which it cannot pass, Uses say more about a finding.
	Needs, Uses []snapshot.Dataset
}

func (a Asker) sets() []snapshot.Dataset { return append(slices.Clone(a.Needs), a.Uses...) }

// Document is docs/permissions.md: the table for people, per source, dataset and check.
func Document(askers []Asker) (string, error) {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./internal/requirements -update from the table of internal/requirements. Edit that. -->\n\n# Permissions\n\n")
	b.WriteString("What tenantaudit reads, and the smallest grant for it. All of it reads; nothing here can change the tenant. " +
		"`tenantaudit preflight` says what an identity can do in a tenant, `tenantaudit preflight --print-grant --checks …` prints the grant for the chosen checks.\n\n")
	b.WriteString("Four environments make up a full review:\n\n| Environment | Grant | Here |\n|---|---|---|\n")
	for _, e := range Environments() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", e.Name, e.Grant, e.Note)
	}
	documentEverything(&b)
	if err := documentRegistration(&b); err != nil {
		return "", err
	}
	documentSources(&b)
	documentDatasets(&b)
	documentChecks(&b, askers)
	return b.String(), nil
}

// Environment is a part of a full review with rights of its own.
type Environment struct{ Name, Grant, Note string }

// Environments are the parts of a full review. The last two hold the logs' own settings
// and are described only.
func Environments() []Environment {
	return []Environment{
		{"Entra ID", "Global Reader for a person, beside the Graph permissions of the chosen checks", "read"},
		{"Exchange Online", "Global Reader, or a role group with " + viewConfiguration + ", " + viewRecipients + " and " + viewAuditLogs +
			"; beside either a custom role for Get-InboxRule and Get-MailboxFolderPermission, which no view-only role holds for certain", "read"},
		{"Azure subscription with the logs", "Log Analytics Reader on the subscription", "looked at only with preflight --subscription"},
		{"Azure DevOps organization", "the permission View audit log", "looked at only with preflight --devops-org"},
	}
}

func documentEverything(b *strings.Builder) {
	b.WriteString("\n## Everything\n\n| Identity | Graph permissions | Directory role | Exchange permission | Exchange roles |\n|---|---|---|---|---|\n")
	for _, kind := range []facts.Kind{facts.Application, facts.Delegated} {
		g := Least(kind, snapshot.Datasets())
		exchange := slices.Clone(g.ExchangeRoles)
		for _, c := range g.CustomRoles {
			exchange = append(exchange, "custom role of "+c.Parent+" with "+strings.Join(c.Cmdlets, ", "))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", kindWord(kind), strings.Join(g.GraphPermissions, ", "), dash(g.DirectoryRole),
			strings.Join(g.ExchangePermissions, ", "), strings.Join(exchange, "; "))
	}
	b.WriteString("\nA person may hold Global Reader in place of the directory role and the view-only Exchange roles.\n")
}

func kindWord(kind facts.Kind) string {
	if kind == facts.Application {
		return "application"
	}
	return "person"
}

func documentRegistration(b *strings.Builder) error {
	b.WriteString("\n## App registration\n\nThe manifest entry of a registration that runs unattended. Run `preflight --print-grant` for a person's, or for fewer checks.\n")
	g := Least(facts.Application, snapshot.Datasets())
	m, err := g.ManifestJSON()
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n```json\n%s\n```\n\n## Exchange role group\n\n```powershell\n%s```\n", m, g.Recipe())
	return nil
}

func documentSources(b *strings.Builder) {
	b.WriteString("\n## Sources\n\nPermission: the smallest, then others that are accepted. Role: what a signed-in person needs beside it; \"any member\" where the tenant does not restrict its members.\n")
	b.WriteString("\n### Microsoft Graph\n\n| Source | Endpoint | Permission | Also accepted | Role of a person | Licence |\n|---|---|---|---|---|---|\n")
	for _, r := range All() {
		if r.Service != Graph {
			continue
		}
		role := "any member"
		if r.NeedsRole {
			role = strings.Join(names(r.Roles), " or ")
		}
		permission := r.Least
		if r.PersonOnly {
			permission += " (person only)"
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s | %s |\n", r.Source, r.Reads, permission, dash(strings.Join(r.Also, ", ")), role, r.licenceWord())
	}
	b.WriteString("\n### Exchange Online\n\n| Source | Cmdlet | View-only role | Custom role of | Directory role that Exchange admits |\n|---|---|---|---|---|\n")
	for _, r := range All() {
		if r.Service != Exchange {
			continue
		}
		viewOnly := strings.Join(r.ViewOnly, ", ")
		if r.Cmdlet == "" {
			viewOnly = "any role"
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s |\n", r.Source, r.Reads, dash(viewOnly), dash(strings.Join(r.Holders, " or ")), dash(strings.Join(names(r.Roles), " or ")))
	}
}

func (r Requirement) licenceWord() string {
	switch {
	case r.Licence == "":
		return "–"
	case r.Optional:
		return r.Licence + " (without it there is nothing to read, and nothing is missing)"
	}
	return r.Licence
}

func documentDatasets(b *strings.Builder) {
	b.WriteString("\n## Datasets\n\nMade of: without these the dataset is not read. The grants of a check also hold what resolves the names in its rows.\n\n| Dataset | Made of | Graph permissions | Exchange roles |\n|---|---|---|---|\n")
	for _, set := range snapshot.Datasets() {
		sources := normalize.SourcesOf([]snapshot.Dataset{set})
		if len(sources) == 0 {
			continue
		}
		g := missing(Held{Kind: facts.Application, Cmdlets: map[string]bool{}}, rows(sources), true)
		parts := make([]string, len(sources))
		for i, s := range sources {
			parts[i] = "`" + string(s) + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", set, strings.Join(parts, ", "), dash(strings.Join(g.GraphPermissions, ", ")), dash(exchangeWords(g)))
	}
}

func documentChecks(b *strings.Builder, askers []Asker) {
	b.WriteString("\n## Checks\n\nThe grant for one check alone, by an application. A person needs the same names as scopes, and the role in the last column.\n\n| Check | Reads | Graph permissions | Exchange roles | Role of a person | Licence |\n|---|---|---|---|---|---|\n")
	for _, a := range askers {
		g := Least(facts.Application, a.sets())
		person := Least(facts.Delegated, a.sets())
		var sets, licences []string
		for _, s := range a.sets() {
			sets = append(sets, string(s))
		}
		for _, r := range rows(normalize.SourcesOf(a.sets())) {
			if w := r.licenceWord(); r.Licence != "" && !slices.Contains(licences, w) {
				licences = append(licences, w)
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n", a.ID, strings.Join(sets, ", "), dash(strings.Join(g.GraphPermissions, ", ")),
			dash(exchangeWords(g)), dash(person.DirectoryRole), dash(strings.Join(licences, "; ")))
	}
}

func exchangeWords(g Grant) string {
	out := slices.Clone(g.ExchangeRoles)
	for _, c := range g.CustomRoles {
		out = append(out, "custom: "+strings.Join(c.Cmdlets, ", "))
	}
	return strings.Join(out, ", ")
}

func names(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = roleName(id)
	}
	return out
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
