package transport

import (
	"context"
	"time"
)

// Pause waits for d or until ctx ends, and returns ctx's error then. Nothing else
// in the program pauses.
func Pause(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
