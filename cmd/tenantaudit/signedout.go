package main

import (
	"context"
	"errors"
	"sync"

	"tenantaudit/internal/auth"
	"tenantaudit/internal/transport"
)

// watchedTokens notes a sign-in that ends in the middle of a run: an expired secret, a revoked
// session, a policy. What comes after it cannot be read, and must not look as if it was missing.
type watchedTokens struct {
	source transport.TokenSource
	mu     sync.Mutex
	ended  error
}

// Token and Renew pass on what the source says.
func (w *watchedTokens) Token(ctx context.Context, scope, claims string) (transport.Token, error) {
	return w.note(w.source.Token(ctx, scope, claims))
}

// Renew is Token for a source that does not tell the two apart.
func (w *watchedTokens) Renew(ctx context.Context, scope string) (transport.Token, error) {
	if r, ok := w.source.(transport.Renewer); ok {
		return w.note(r.Renew(ctx, scope))
	}
	return w.Token(ctx, scope, "")
}

func (w *watchedTokens) note(t transport.Token, err error) (transport.Token, error) {
	if errors.Is(err, transport.ErrSignIn) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.ended == nil {
			w.ended = err
		}
	}
	return t, err
}

// lost is the sign-in that ended; nil while there is one.
func (w *watchedTokens) lost() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		return nil
	}
	return &signedOutError{w.ended}
}

// watch makes a step fail when the sign-in has ended, which ends the run. The ledger keeps what
// the step itself wrote.
func (w *watchedTokens) watch(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := run(ctx); err != nil {
			return err
		}
		return w.lost()
	}
}

// signedOutError ends a run whose sign-in ended.
type signedOutError struct{ err error }

func (e *signedOutError) Error() string { return plainly(e.err).Error() }
func (e *signedOutError) Unwrap() error { return e.err }

// plainly is the sign-in's own error, without the request that met it.
func plainly(err error) error {
	var e *auth.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// signedOut says how to go on after the sign-in ended.
func signedOut(err error, resume string) error {
	var e *signedOutError
	if !errors.As(err, &e) {
		return err
	}
	return &exitError{code: exitFailed, text: e.Error() + "\nEverything read so far is kept. Go on with:\n  " + resume}
}
