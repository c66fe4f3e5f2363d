package exo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tenantaudit/internal/snapshot"
)

// Matching lists the primary addresses, in lower case, of the mailboxes that an OPATH
// filter selects. The filter is passed as a value and never spliced into another. An
// error says why the list is not whole: a part of it would limit a review silently.
//
// Source: Get-Mailbox, parameter Filter (View-Only Recipients).
func (c *Client) Matching(ctx context.Context, filter string) (map[string]bool, error) {
	t := newTask(c, snapshot.UnitID{Source: SourceMailbox, Key: "filter"}, call{
		cmdlet: "Get-Mailbox", params: map[string]any{"Filter": filter, "ResultSize": "Unlimited"}, sel: []string{"PrimarySmtpAddress", "Guid"}, optional: []string{"ResultSize"},
	})
	out := map[string]bool{}
	var last snapshot.Result
	err := c.run(ctx, t, func(s step) error {
		if s.reset {
			clear(out)
		}
		last = s.result
		for _, p := range s.pages {
			var rows []json.RawMessage
			if err := json.Unmarshal(p.Rows, &rows); err != nil {
				return fmt.Errorf("filter mailboxes: %w", err)
			}
			for _, raw := range rows {
				m, err := DecodeMailbox(raw)
				if err != nil {
					return fmt.Errorf("filter mailboxes: %w", err)
				}
				out[strings.ToLower(m.PrimarySMTPAddress)] = true
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case last.State != snapshot.Complete:
		return nil, fmt.Errorf("filter mailboxes: %s", last.Detail)
	}
	delete(out, "")
	return out, nil
}
