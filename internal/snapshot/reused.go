package snapshot

import (
	"context"
	"database/sql"
	"time"
)

// ReusedPrefix begins the detail of a complete unit whose pages were taken over from an
// earlier snapshot.
const ReusedPrefix = "reused: "

// Reused is how much of a source was taken over from an earlier snapshot instead of read.
type Reused struct {
	Source            Source
	Units             int64     // that were taken over
	Of                int64     // units of the source, without those that were left out or are gone
	Oldest, Newest    time.Time // of the answers that were taken over
	SnapshotStartedAt time.Time // when the run of the earlier snapshot began
}

// reused counts what the ledger says was taken over, by source.
func (s *Store) reused(ctx context.Context, started time.Time) ([]Reused, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.conn.QueryContext(ctx, `SELECT u.source, count(DISTINCT u.id), min(p.at), max(p.at),
		(SELECT count(*) FROM unit o WHERE o.source=u.source AND o.state NOT IN ('skipped','gone'))
		FROM unit u JOIN page p ON p.unit=u.id WHERE u.state='complete' AND substr(u.detail,1,?1)=?2 GROUP BY u.source ORDER BY u.source`, len(ReusedPrefix), ReusedPrefix)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var out []Reused
	for rows.Next() {
		var src string
		var oldest, newest sql.NullString
		r := Reused{SnapshotStartedAt: started}
		if err := rows.Scan(&src, &r.Units, &oldest, &newest, &r.Of); err != nil {
			return nil, s.explain(err)
		}
		r.Source, r.Oldest, r.Newest = Source(src), unstamp(oldest), unstamp(newest)
		out = append(out, r)
	}
	return out, s.explain(rows.Err())
}
