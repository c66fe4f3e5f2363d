package normalize

import (
	"cmp"
	"fmt"
	"slices"

	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
)

// isPlanned reports whether a dataset was asked for. Effective access needs every source
// of its inputs: with one left out it would say "nobody" of what was not looked at.
func (n *run) isPlanned(set snapshot.Dataset) bool {
	if len(n.plan.Datasets) > 0 && !slices.Contains(n.plan.Datasets, set) {
		return false
	}
	if set != snapshot.EffectiveAccess {
		return n.planned(origins[set])
	}
	return !slices.ContainsFunc(SourcesOf(permissions.AccessInputs), func(src snapshot.Source) bool { return !n.plan.Has(src) })
}

// beginAccess makes the engine that the sink feeds with rows as they pass.
func (n *run) beginAccess() error {
	if n.isPlanned(snapshot.EffectiveAccess) {
		n.access = permissions.NewAccess(n.dir)
	}
	return nil
}

// effectiveAccess writes who reaches which mailbox.
func (n *run) effectiveAccess() error {
	if n.access == nil {
		return nil
	}
	access := n.access
	n.access = nil // its own rows are none of its inputs
	for id := range n.groups {
		access.KnownGroup(id)
	}
	for row := range access.Rows() {
		if err := n.sink(row); err != nil {
			return err
		}
	}
	return nil
}

// accessCoverage: the rows are complete when every input is. Units are the mailboxes whose
// permissions were read.
func (n *run) accessCoverage() (snapshot.Coverage, error) {
	c := snapshot.Coverage{Dataset: snapshot.EffectiveAccess, State: snapshot.CoverageComplete, Reasons: []snapshot.Reason{}}
	if !n.isPlanned(snapshot.EffectiveAccess) {
		c.State, c.Reasons = snapshot.CoverageSkipped, []snapshot.Reason{{Cause: snapshot.Filtered, Detail: "no chosen check needs it"}}
		return c, nil
	}
	denied := 0
	for _, set := range permissions.AccessInputs {
		in, known := n.covered[set]
		if !known {
			var err error
			if in, err = n.coverage(set); err != nil {
				return c, err
			}
		}
		if set == snapshot.MailboxPermissions {
			c.Expected, c.Collected, c.Failed, c.Units = in.Expected, in.Collected, in.Failed, in.Units
		}
		if in.State == snapshot.CoverageComplete {
			continue
		}
		if in.State == snapshot.CoverageDenied {
			denied++
		}
		c.State = snapshot.CoveragePartial
		c.Reasons = append(c.Reasons, missingInput(in))
	}
	if denied == len(permissions.AccessInputs) {
		c.State = snapshot.CoverageDenied
	}
	return c, nil
}

// missingInput says in one line what an input lacks, with its foremost cause.
func missingInput(in snapshot.Coverage) snapshot.Reason {
	r := snapshot.Reason{Cause: snapshot.Interrupted, Detail: fmt.Sprintf("%s is %s", in.Dataset, in.State), Count: 1}
	own := slices.DeleteFunc(slices.Clone(in.Reasons), snapshot.Reason.ByDefinition)
	// Left out by choice comes behind what went wrong.
	slices.SortStableFunc(own, func(a, b snapshot.Reason) int {
		return cmp.Compare(choice(a), choice(b))
	})
	if len(own) > 0 {
		r.Cause, r.Foreseen, r.Unforeseen = own[0].Cause, own[0].Foreseen, own[0].Unforeseen
		if own[0].Detail != "" {
			r.Detail += ": " + own[0].Detail
		}
	}
	return r
}

func choice(r snapshot.Reason) int {
	if r.Cause == snapshot.Filtered {
		return 1
	}
	return 0
}
