package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// PutMailboxGap stores what was not read of one mailbox.
func (d *Deriver) PutMailboxGap(ctx context.Context, g MailboxGap) error {
	sets, err := json.Marshal(g.Datasets)
	if err != nil {
		return fmt.Errorf("encode gaps of %s: %w", g.Mailbox, err) // unreachable: texts marshal
	}
	if err := d.s.exec(ctx, "INSERT INTO mailboxGap VALUES(?,?,?,?,?,?,?)", g.Address, g.Mailbox, string(g.Cause), g.Detail, g.Foreseen, g.Unforeseen, string(sets)); err != nil {
		return fmt.Errorf("store gaps of %s: %w", g.Mailbox, err)
	}
	return nil
}

const mailboxGapsAfter = `SELECT address,mailbox,cause,detail,foreseen,unforeseen,datasets FROM mailboxGap
	WHERE (address,mailbox,cause,detail,foreseen,unforeseen) > (?,?,?,?,?,?) ORDER BY 1,2,3,4,5,6 LIMIT 1000` // chunkRows

// MailboxGaps walks what was not read of single mailboxes, by address, mailbox, cause and
// detail. Where a dataset was not read of any mailbox, its own coverage says so and the
// mailboxes are not listed for it.
func (v *Snapshot) MailboxGaps() iter.Seq2[MailboxGap, error] {
	return func(yield func(MailboxGap, error) bool) {
		after := []any{"", "", "", "", -1, -1}
		for {
			chunk, err := v.store.mailboxGaps(v.ctx, after)
			if err != nil {
				yield(MailboxGap{}, err)
				return
			}
			for _, g := range chunk {
				if !yield(g, nil) {
					return
				}
			}
			if len(chunk) < chunkRows {
				return
			}
			g := chunk[len(chunk)-1]
			after = []any{g.Address, g.Mailbox, string(g.Cause), g.Detail, g.Foreseen, g.Unforeseen}
		}
	}
}

func (s *Store) mailboxGaps(ctx context.Context, after []any) ([]MailboxGap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, mailboxGapsAfter, after...)
	if err != nil {
		if strings.Contains(err.Error(), "no such table") { // made by an earlier version, and not derived since
			return nil, nil
		}
		return nil, fmt.Errorf("read gaps of mailboxes: %w", s.explain(err))
	}
	defer rows.Close()
	var out []MailboxGap
	for rows.Next() {
		var g MailboxGap
		var cause, sets string
		if err := rows.Scan(&g.Address, &g.Mailbox, &cause, &g.Detail, &g.Foreseen, &g.Unforeseen, &sets); err != nil {
			return nil, fmt.Errorf("read gaps of mailboxes: %w", s.explain(err))
		}
		if g.Cause = Cause(cause); json.Unmarshal([]byte(sets), &g.Datasets) != nil {
			return nil, fmt.Errorf("read gaps of %s: %w: damaged", g.Mailbox, ErrNotSnapshot)
		}
		out = append(out, g)
	}
	return out, s.explain(rows.Err())
}
