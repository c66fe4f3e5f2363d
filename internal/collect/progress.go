package collect

import (
	"context"
	"sort"

	"tenantaudit/internal/snapshot"
)

// Progress is how far one source is. Done counts units in a final state, and failed
// ones, which this run will not try again.
type Progress struct {
	Source      snapshot.Source
	Done, Total int64
	Troubled    int64 // denied, unavailable, failed, throttled
	Running     bool
}

// Counter reads the ledger's counts; *snapshot.Store has it.
type Counter interface {
	Counts(ctx context.Context) (map[snapshot.Source]snapshot.Count, error)
}

// ReadProgress lists the sources that have units, in name order.
func ReadProgress(ctx context.Context, c Counter, running map[snapshot.Source]bool) ([]Progress, error) {
	counts, err := c.Counts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Progress, 0, len(counts))
	for src, n := range counts {
		troubled := n[snapshot.Denied] + n[snapshot.Unavailable] + n[snapshot.Failed] + n[snapshot.Throttled]
		out = append(out, Progress{
			Source: src, Total: n.Total(), Troubled: troubled, Running: running[src],
			Done: troubled + n[snapshot.Complete] + n[snapshot.Gone] + n[snapshot.Skipped],
		})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Source < out[j].Source })
	return out, nil
}
