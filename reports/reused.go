package reports

import (
	"cmp"
	"time"

	"tenantaudit/internal/snapshot"
)

// reusable are the sources whose answers can be taken over from an earlier snapshot.
var reusable = map[snapshot.Source]struct {
	dataset snapshot.Dataset
	what    string
}{
	"exo/Get-MailboxPermission": {snapshot.MailboxPermissions, "Mailbox permission lists"},
	"exo/Get-RoleGroupMember":   {snapshot.ExchangeRoleAssignments, "Member lists of Exchange role groups"},
}

const (
	reusedLabel     = "Reused from an earlier snapshot"
	reusedFormat    = "%s: %s of %s were not read again but taken over from the snapshot of %s. They were read from %s to %s UTC. Age of the oldest in days, when this run began: %s."
	reusedStatement = "Exchange shows the object unchanged since: it is the same one with the same WhenChangedUTC in both listings, and those whom its entries name are the same."
	// reusedProof stands for that in report.json.
	reusedProof = "WhenChangedUTC"
)

// ReusedText says in English what was taken over from an earlier snapshot, and how old it is.
func ReusedText(r snapshot.Reused, run snapshot.Run) string {
	return (*words)(nil).reused(r, run)
}

func (w *words) reused(r snapshot.Reused, run snapshot.Run) string {
	minute := func(t time.Time) string { return t.UTC().Format(timeText) }
	return w.f(reusedFormat, w.in(cmp.Or(reusable[r.Source].what, string(r.Source))), w.number(r.Units), w.number(r.Of), minute(r.SnapshotStartedAt),
		minute(r.Oldest), minute(r.Newest), w.number(int64(max(0, run.StartedAt.Sub(r.Oldest)/(24*time.Hour)))))
}

// reused says what was taken over, one line for each source.
func (m *model) reused() []string {
	var out []string
	for _, r := range m.run.Reused {
		out = append(out, m.words.reused(r, m.run))
	}
	return out
}

func reusedList(all []snapshot.Reused) []reusedJSON {
	var out []reusedJSON
	for _, r := range all {
		out = append(out, reusedJSON{Source: r.Source, Dataset: reusable[r.Source].dataset, Units: r.Units, Of: r.Of,
			Oldest: timeJSON(r.Oldest), Newest: timeJSON(r.Newest), SnapshotStartedAt: timeJSON(r.SnapshotStartedAt), Proof: reusedProof})
	}
	return out
}
