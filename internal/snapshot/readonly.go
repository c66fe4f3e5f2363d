package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// OpenReadOnly opens a snapshot for reading only and leaves the file untouched. A finished
// one is read where it lies, and no other process can write to it meanwhile; one that a run
// left in the middle is read from a private copy, because its log has to be replayed.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	whole, err := settled(path)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	if !whole {
		return openCopy(ctx, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	// The exclusive mode keeps the shared lock of the first read until the file is closed.
	db, err := sql.Open("sqlite", "file:"+(&escaper{abs}).String()+"?mode=ro&_pragma=busy_timeout(0)&_pragma=locking_mode(EXCLUSIVE)"+
		"&_pragma=query_only(ON)&_pragma=temp_store(FILE)&_pragma=cache_size(-16384)&_pragma=trusted_schema(OFF)&_pragma=cell_size_check(ON)")
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{path: path, db: db, stmts: map[string]*sql.Stmt{}, cleanup: func() {}}
	if s.conn, err = db.Conn(ctx); err == nil {
		err = s.verify(ctx)
	}
	if err != nil {
		return nil, errors.Join(damaged(path, s.explain(err)), s.closeDB())
	}
	return s, nil
}

// settled reports whether all of a snapshot is in the one file: closed in good order, without
// a log or a journal beside it.
func settled(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var formats [2]byte // 1: the file alone; 2: with a log
	if _, err := f.ReadAt(formats[:], 18); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
	}
	return formats == [2]byte{1, 1}, nil
}

// openCopy is OpenSnapshot for a file that a run may be writing to at this moment: what
// changed while it was copied is refused.
func openCopy(ctx context.Context, path string) (*Store, error) {
	before := marks(path)
	s, err := OpenSnapshot(ctx, path)
	if marks(path) != before {
		err = errors.Join(fmt.Errorf("%s: %w", path, ErrLocked), err)
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return nil, err
	}
	return s, err
}

// mark tells whether a file was written to.
type mark struct {
	size int64
	at   time.Time
}

func marks(path string) (out [2]mark) {
	for i, suffix := range []string{"", "-wal"} {
		if st, err := os.Stat(path + suffix); err == nil {
			out[i] = mark{st.Size(), st.ModTime()}
		}
	}
	return out
}
