// Package snapshot is the store between collecting and judging: one SQLite file
// that holds every answer as received, a ledger of the units of work, and the
// normalised datasets with their coverage.
//
// Collectors write through Commit: the pages of one HTTP answer and the ledger rows
// of the units concerned become durable in one transaction, so that a run that is
// cut off at any instant goes on where it was. internal/normalize derives the
// dataset tables from the raw pages (Derive); they can be dropped and built again at
// any time. Checks and reports read the tables through Snapshot.
//
// The package is the only one that opens the file. It knows nothing of the services
// and judges nothing.
package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"modernc.org/sqlite" // pure Go: static on every target, crash-safe, readable for decades
)

const (
	// applicationID marks the file as ours ("tadt").
	applicationID = 0x74616474
	// schemaVersion is the user_version of the file.
	schemaVersion = 1
	chunkRows     = 1000
)

// The errors that callers ask for with errors.Is.
var (
	// ErrNotSnapshot: the file is no snapshot, or one that this version cannot read.
	ErrNotSnapshot = errors.New("not a tenantaudit snapshot")
	// ErrLocked: another process works on the snapshot.
	ErrLocked = errors.New("snapshot is in use by another process")
	// ErrOther: the snapshot belongs to another tenant, cloud or plan.
	ErrOther = errors.New("snapshot does not fit this run")
	// ErrExists: a snapshot is there already.
	ErrExists = errors.New("snapshot exists")
)

const schema = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE unit(id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL,
  expected INTEGER NOT NULL, rows INTEGER NOT NULL, attempts INTEGER NOT NULL, first_at TEXT, last_at TEXT, UNIQUE(source, key)) STRICT;
CREATE INDEX unit_state ON unit(source, state);
CREATE INDEX unit_source ON unit(source);
CREATE TABLE page(unit INTEGER NOT NULL REFERENCES unit(id), key TEXT NOT NULL, at TEXT NOT NULL, request TEXT NOT NULL, request_id TEXT NOT NULL,
  status INTEGER NOT NULL, count INTEGER NOT NULL, warnings TEXT, raw_len INTEGER NOT NULL, raw BLOB NOT NULL, PRIMARY KEY(unit, key)) STRICT, WITHOUT ROWID;
` + coverageTable + mailboxGapTable

// The tables beside the datasets that are derived anew each time.
const (
	coverageTable = `CREATE TABLE coverage(dataset TEXT PRIMARY KEY, state TEXT NOT NULL, rows INTEGER NOT NULL, expected INTEGER NOT NULL, collected INTEGER NOT NULL,
  failed INTEGER NOT NULL, reasons TEXT NOT NULL, units TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
	mailboxGapTable = `CREATE TABLE mailboxGap(address TEXT NOT NULL, mailbox TEXT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL, foreseen INTEGER NOT NULL,
  unforeseen INTEGER NOT NULL, datasets TEXT NOT NULL, PRIMARY KEY(address, mailbox, cause, detail, foreseen, unforeseen)) STRICT, WITHOUT ROWID;
`
)

// Store is an open snapshot. It is safe for concurrent use; one goroutine at a time
// is served.
type Store struct {
	path     string
	db       *sql.DB
	onCommit func([]Write)
	cleanup  func()

	mu    sync.Mutex
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by text, prepared on first use
	enc   *zstd.Encoder
	dec   *zstd.Decoder

	packed []byte // room for a compressed page
}

// Create makes a new snapshot file, mode 0600. It fails with ErrExists when there is one.
func Create(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err != nil {
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	s, err := open(ctx, path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	err = s.tx(ctx, func() error {
		if err := s.exec(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; %s", applicationID, schemaVersion, schema)); err != nil {
			return err
		}
		return s.exec(ctx, "INSERT INTO meta VALUES('change','0'), ('dictionary',?)", pageDictionary)
	})
	if err == nil {
		err = s.codec(pageDictionary)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create snapshot: %w", err), s.Close(), os.Remove(path))
	}
	return s, nil
}

// Resume opens an existing snapshot for writing. A log that a killed run left
// behind is replayed.
func Resume(ctx context.Context, path string) (*Store, error) {
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	s, err := open(ctx, path)
	if err != nil {
		return nil, damaged(path, err)
	}
	if err := s.verify(ctx); err != nil {
		return nil, errors.Join(damaged(path, err), s.Close())
	}
	return s, nil
}

// damaged says of a file that could not be opened that it is no snapshot, where the
// driver found fault with what is in it: an unknown format, a table that is not there.
func damaged(path string, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && (e.Code()&0xff == 1 || e.Code()&0xff == 24) { // SQLITE_ERROR, SQLITE_FORMAT
		return fmt.Errorf("%s: %w: damaged (%w)", path, ErrNotSnapshot, err)
	}
	return err
}

// OpenSnapshot opens a snapshot for reading and leaves the file untouched: it works
// on a private copy when the file needs its log replayed. Close removes the copy.
func OpenSnapshot(ctx context.Context, path string) (*Store, error) {
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tenantaudit-")
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	cleanup := func() { _ = os.RemoveAll(dir) } // nothing of value is in there
	work := filepath.Join(dir, "snapshot.db")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, work+suffix); err != nil && !(suffix != "" && errors.Is(err, os.ErrNotExist)) {
			cleanup()
			return nil, fmt.Errorf("open snapshot: %w", err)
		}
	}
	s, err := open(ctx, work)
	if err != nil {
		cleanup()
		return nil, damaged(path, err)
	}
	s.path, s.cleanup = path, cleanup
	if err := s.verify(ctx); err != nil {
		return nil, errors.Join(damaged(path, err), s.Close())
	}
	return s, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}

// checkHeader refuses what is not an SQLite file with our application id, before a
// driver touches it.
func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	defer f.Close()
	head := make([]byte, 100)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:16]) != "SQLite format 3\x00" {
		return fmt.Errorf("%s: %w", path, ErrNotSnapshot)
	}
	return nil
}

// open opens the file with the settings that make a commit durable.
func open(ctx context.Context, path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	dsn := "file:" + (&escaper{abs}).String() + "?_txlock=immediate&_pragma=busy_timeout(0)&_pragma=locking_mode(EXCLUSIVE)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(FILE)" +
		"&_pragma=cache_size(-65536)&_pragma=trusted_schema(OFF)&_pragma=cell_size_check(ON)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{path: path, db: db, stmts: map[string]*sql.Stmt{}}
	if s.conn, err = db.Conn(ctx); err == nil {
		// Take the lock now: a second process must fail at once, not at its first write.
		err = s.tx(ctx, func() error { return nil })
	}
	if err != nil {
		err = s.explain(err)
		return nil, errors.Join(err, s.closeDB())
	}
	return s, nil
}

// escaper writes a path into a file: URI.
type escaper struct{ path string }

func (e *escaper) String() string {
	p := filepath.ToSlash(e.path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/… on Windows
	}
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(p)
}

// explain turns a driver error into one of ours.
func (s *Store) explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return fmt.Errorf("%s: %w", s.path, ErrLocked)
	case 26, 11: // SQLITE_NOTADB, SQLITE_CORRUPT
		return fmt.Errorf("%s: %w: damaged", s.path, ErrNotSnapshot)
	case 13: // SQLITE_FULL
		return fmt.Errorf("%s: disk full; free space and run again with --resume, everything stored is kept: %w", s.path, err)
	}
	return err
}

// verify checks that the file is ours and sound.
func (s *Store) verify(ctx context.Context) error {
	var app, version int
	if err := s.conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return s.explain(err)
	}
	if err := s.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return s.explain(err)
	}
	if app != applicationID {
		return fmt.Errorf("%s: %w: a database of another program", s.path, ErrNotSnapshot)
	}
	if version != schemaVersion {
		return fmt.Errorf("%s: %w: schema %d, this version reads %d", s.path, ErrNotSnapshot, version, schemaVersion)
	}
	var foreign int
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type IN ('view','trigger') OR sql LIKE 'CREATE VIRTUAL%'").Scan(&foreign); err != nil {
		return s.explain(err)
	}
	if foreign > 0 {
		return fmt.Errorf("%s: %w: it holds views or triggers that this program never makes", s.path, ErrNotSnapshot)
	}
	var ok string
	if err := s.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&ok); err != nil {
		return s.explain(err)
	}
	if ok != "ok" {
		return fmt.Errorf("%s: %w: damaged (%s)", s.path, ErrNotSnapshot, ok)
	}
	dict, _, err := s.meta(ctx, "dictionary")
	if err != nil {
		return err
	}
	return s.codec(dict)
}

// codec prepares compression. The dictionary is kept in the file, so that a later
// version with another one still reads it.
func (s *Store) codec(dict string) (err error) {
	if s.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderDictRaw(1, []byte(dict))); err != nil {
		return fmt.Errorf("prepare compression: %w", err)
	}
	if s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderDictRaw(1, []byte(dict))); err != nil {
		return fmt.Errorf("prepare compression: %w", err)
	}
	return nil
}

// Path is the file of the snapshot.
func (s *Store) Path() string { return s.path }

// OnCommit registers who is told of every durable Commit, in order. Set it before
// collecting; it must not call the store.
func (s *Store) OnCommit(f func([]Write)) { s.onCommit = f }

// Close folds the log into the file and closes it.
func (s *Store) Close() error {
	var err error
	if s.conn != nil && s.cleanup == nil {
		_, e1 := s.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		_, e2 := s.conn.ExecContext(context.Background(), "PRAGMA journal_mode=DELETE")
		err = errors.Join(e1, e2)
	}
	err = errors.Join(err, s.closeDB())
	if s.cleanup != nil {
		s.cleanup()
	}
	return err
}

func (s *Store) closeDB() error {
	if s.dec != nil {
		s.dec.Close()
	}
	var err error
	for _, st := range s.stmts {
		err = errors.Join(err, st.Close())
	}
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close())
	}
	return errors.Join(err, s.db.Close())
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, query, args...)
	return s.explain(err)
}

// stmt is a statement that is used for every unit, prepared once.
func (s *Store) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := s.stmts[query]; st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, s.explain(err)
	}
	s.stmts[query] = st
	return st, nil
}

// do runs a prepared statement and says how many rows it changed.
func (s *Store) do(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, s.explain(err)
	}
	return r.RowsAffected()
}

// tx runs f in one durable transaction. The caller holds mu, or is alone.
func (s *Store) tx(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Begin and end whatever happens to ctx meanwhile: no transaction may stay open.
	whole := context.WithoutCancel(ctx)
	if _, err := s.do(whole, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		if _, err = s.do(whole, "COMMIT"); err == nil {
			return nil
		}
	}
	if rerr := s.exec(whole, "ROLLBACK"); rerr != nil && !strings.Contains(rerr.Error(), "no transaction is active") {
		return errors.Join(err, rerr) // a full disk has SQLite roll back by itself
	}
	return err
}

// meta reads one value; ok is false when there is none.
func (s *Store) meta(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.conn.QueryRowContext(ctx, "SELECT value FROM meta WHERE key=?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, s.explain(err)
}

// SetMeta stores a value of the run under a name: JSON of v.
func (s *Store) SetMeta(ctx context.Context, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tx(ctx, func() error {
		return s.exec(ctx, "INSERT INTO meta VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", key, string(b))
	})
}

// Meta reads a value of the run into v; false when there is none.
func (s *Store) Meta(ctx context.Context, key string, v any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok, err := s.meta(ctx, key)
	if err != nil || !ok {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return false, fmt.Errorf("read %s: %w", key, err)
	}
	return true, nil
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func unstamp(s sql.NullString) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s.String)
	if err != nil {
		return time.Time{} // null: planned
	}
	return t.UTC()
}
