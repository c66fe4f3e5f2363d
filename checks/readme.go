package checks

import (
	"fmt"
	"strings"
)

// Explain describes one check in Markdown: what it asks, why, how it decides,
// what it reads, and how to close a finding.
func Explain(c Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s.\n\n", c.ID, c.Title)
	kind := "severity " + string(c.Severity)
	if c.Inventory {
		kind = "inventory, judges nothing"
	}
	fmt.Fprintf(&b, "- Kind: %s; counts %s\n", kind, c.Subject)
	fmt.Fprintf(&b, "- Why: %s\n- Rule: %s\n- Fix: %s\n", c.Why, c.Rule, c.Fix)
	fmt.Fprintf(&b, "- Needs: %s\n", join(c.Needs))
	if len(c.Uses) > 0 {
		fmt.Fprintf(&b, "- Uses: %s\n", join(c.Uses))
	}
	m, ok := c.Controls()
	controls := append(append(append(append([]string{}, m.CIS...), m.SCuBA...), m.NIST...), m.MITRE...)
	if ok && len(m.CIS)+len(m.SCuBA) == 0 {
		controls = append([]string{"no benchmark covers this; it is our own check"}, controls...)
	}
	if !ok {
		controls = []string{"none; it is our own check"}
	}
	fmt.Fprintf(&b, "- Public controls: %s\n", strings.Join(controls, ", "))
	b.WriteString("- Sources:\n")
	for _, s := range c.Sources {
		fmt.Fprintf(&b, "  - <%s>\n", s)
	}
	return b.String()
}

// Catalogue is the text of README.md: every check, by area.
func Catalogue() string {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./checks -update from the Check values. Edit those. -->\n\n# Checks\n\n")
	b.WriteString("A title states the good state. A check passes only when every dataset that it needs was read in full; a violation found on partial data is still a failure; everything else is not evaluated, with the cause. Inventories list and do not judge.\n\n")
	b.WriteString("| ID | Title | Severity | Needs |\n|---|---|---|---|\n")
	for _, c := range All() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.ID, c.Title, c.Severity, join(c.Needs))
	}
	for _, area := range Areas() {
		fmt.Fprintf(&b, "\n## %s\n", area)
		for _, c := range All() {
			if c.Area() == area {
				b.WriteString("\n" + Explain(c))
			}
		}
	}
	return b.String()
}

func join[T ~string](list []T) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = string(v)
	}
	return strings.Join(s, ", ")
}
