package transport

import (
	"context"
	"fmt"
	"time"
)

// Renewer is a TokenSource that can also replace a token which the service refuses
// although it looks valid here: revoked, or a clock that is wrong. Without it such a
// token is asked for again and the source decides.
type Renewer interface {
	Renew(ctx context.Context, scope string) (Token, error)
}

// tokens hands out the token of one scope and renews it once for all who wait.
type tokens struct {
	source TokenSource
	scope  string
	turn   chan struct{} // holds the one permission to renew or to look at the fields below

	refused Secret // token that the last renewal replaced
	renewed Token  // its replacement
	failed  error  // why there is none
}

func newTokens(source TokenSource, scope string) *tokens {
	return &tokens{source: source, scope: scope, turn: make(chan struct{}, 1)}
}

func (t *tokens) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tokens) unlock() { <-t.turn }

// get returns a token for one attempt. Caching is the source's business.
func (t *tokens) get(ctx context.Context) (Secret, error) {
	token, err := t.source.Token(ctx, t.scope, "")
	if err != nil {
		return "", signIn(ctx, err)
	}
	if err := t.lock(ctx); err != nil {
		return "", err
	}
	defer t.unlock()
	// A source may still have the old token in its cache after a challenge was met.
	if token.Value == t.refused && t.renewed.Value != "" && time.Now().Before(t.renewed.ExpiresOn) {
		token = t.renewed
	}
	if token.Value == "" {
		return "", fmt.Errorf("%w: the source returned an empty one", ErrSignIn)
	}
	return token.Value, nil
}

// renew replaces old, which the service has refused; claims is its challenge or "".
// Of several calls that saw old refused, the first renews and the others share the
// outcome.
func (t *tokens) renew(ctx context.Context, old Secret, claims string) error {
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	if t.refused == old && (t.failed != nil || t.renewed.Value != "") {
		return t.failed
	}
	token, err := t.ask(ctx, claims)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // our own end, not the source's word: the next one asks again
	}
	t.refused, t.renewed, t.failed = old, token, nil
	if err != nil {
		t.renewed, t.failed = Token{}, signIn(ctx, err)
	}
	return t.failed
}

func (t *tokens) ask(ctx context.Context, claims string) (Token, error) {
	if r, ok := t.source.(Renewer); ok && claims == "" {
		return r.Renew(ctx, t.scope)
	}
	return t.source.Token(ctx, t.scope, claims)
}

// signIn marks a source's error. The context's own end stays what it is.
func signIn(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrSignIn, err)
}
