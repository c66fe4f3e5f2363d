package normalize

import (
	"context"

	"tenantaudit/internal/snapshot"
)

// PreflightKey is the name under which the document of a run's preflight is kept in the
// snapshot.
const PreflightKey = "preflight"

// What the document says of a source; other words say that nothing was known.
const (
	saidWorks = "works"
	saidBlind = "blind"
)

// foretold reads what the preflight expected of each source; nil without a preflight.
func foretold(ctx context.Context, s *snapshot.Store) (map[snapshot.Source]string, error) {
	var p struct {
		Sources []struct {
			Source snapshot.Source `json:"source"`
			State  string          `json:"state"`
		} `json:"sources"`
	}
	if known, err := s.Meta(ctx, PreflightKey, &p); err != nil || !known {
		return nil, err
	}
	out := map[snapshot.Source]string{}
	for _, one := range p.Sources {
		out[one.Source] = one.State
	}
	return out, nil
}

// foresee notes on a refusal whether the preflight had said so. Other causes are none that
// a preflight could know.
func foresee(r *snapshot.Reason, said string) {
	if r.Cause == snapshot.MissingPrivilege || r.Cause == snapshot.MissingLicence {
		r.Foreseen, r.Unforeseen = said == saidBlind, said == saidWorks
	}
}
