package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"tenantaudit/internal/normalize"
	"tenantaudit/internal/snapshot"
)

// clearDemo removes the snapshot of an earlier demo, and nothing else: a snapshot of
// another tenant stays and makes the run stop.
func clearDemo(ctx context.Context, dir, tenantID string) error {
	path := filepath.Join(dir, snapshotFile)
	s, err := snapshot.Resume(ctx, path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return snapshotError(err, dir)
	}
	var plan normalize.Plan
	var run snapshot.Run
	_, err1 := s.Meta(ctx, normalize.PlanKey, &plan)
	_, err2 := s.Meta(ctx, "run", &run)
	if err := errors.Join(err1, err2, s.Close()); err != nil {
		return err
	}
	if plan.Tenant != tenantID || !run.Complete {
		return nil // openStore decides: another tenant is refused, a cut-off demo goes on
	}
	return os.Remove(path)
}
