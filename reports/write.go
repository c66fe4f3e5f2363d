package reports

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// The formats of a review.
const (
	XLSX = "xlsx" // review.xlsx, the workbook
	HTML = "html" // review.html, one self-contained page
	JSON = "json" // report.json, for machines
	CSV  = "csv"  // evidence/<dataset>.csv
	OCSF = "ocsf" // findings.ocsf.jsonl, for log platforms
)

// Formats lists every format in the order in which they are written.
func Formats() []string { return []string{XLSX, HTML, JSON, CSV, OCSF} }

// gcPercent is how much garbage may stand beside what is held, while reports are written.
const gcPercent = 40

// Source is the judged side of a snapshot, as far as reports read it. Rows may be
// walked more than once and must come in the same order each time.
type Source interface {
	Tenant() snapshot.Tenant
	Run() snapshot.Run
	// CoverageAll lists the coverage of every dataset in report order.
	CoverageAll() ([]snapshot.Coverage, error)
	// Rows walks a dataset in key order, as values of its row type.
	Rows(snapshot.Dataset) iter.Seq2[any, error]
	MailboxGapper
}

// Results are what the checks found.
type Results struct {
	Checks   []checks.Result
	Findings []checks.Finding
	// Packed stands in for Findings where there may be too many to hold as they are; nil: Findings.
	Packed *checks.Findings
}

// Options say what to write.
type Options struct {
	Formats []string // any of Formats; none means the manifest alone
	Version string   // of the tool
	// Extra names files that are already in the folder and belong to the review
	// (snapshot.db): they are hashed into the manifest, not changed.
	Extra []string
	// Redacted says that source and results are a copy with pseudonyms; every file says so too.
	Redacted bool
	// Title stands in place of the name of the review; "" for that name.
	Title string
	// PreparedBy is who made the review, for the cover and the sign-off; "" leaves it open.
	PreparedBy string
	// Language is one of Languages; "" is English. report.json and CSV files stay English.
	Language string
	// Logo is shown on the cover and at the top of the page; the zero value for none.
	Logo Logo
}

// File is one file of a review, as the manifest names it.
type File struct {
	Name   string `json:"name"` // relative to the folder, with forward slashes
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Rows   int64  `json:"rows"` // dataset rows that the file holds
}

// Write writes a review into dir, which is made with mode 0700 when it is missing. Every
// file is written under a temporary name with mode 0600, flushed to disk and renamed once
// all of them are complete; the manifest is renamed last. On an error, files of an earlier
// review are as they were, or the manifest is missing, and no temporary file is left.
// The returned files are those of the manifest, in its order.
func Write(ctx context.Context, dir string, src Source, res Results, opts Options) (files []File, err error) {
	for _, f := range opts.Formats {
		if !slices.Contains(Formats(), f) {
			return nil, fmt.Errorf("write review: no format %q; choose from %s", f, strings.Join(Formats(), ", "))
		}
	}
	// Writers make much garbage and keep little: collecting it sooner halves the memory of a large
	// review for a few percent of its time.
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	m, err := newModel(src, res, opts.Version)
	if err != nil {
		return nil, err
	}
	m.redacted, m.preparedBy, m.logo = opts.Redacted, opts.PreparedBy, opts.Logo
	if m.words, err = wordsOf(opts.Language); err != nil {
		return nil, fmt.Errorf("write review: %w", err)
	}
	m.name = cmp.Or(opts.Title, m.t(reviewTitle))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make review folder: %w", err)
	}
	st := &staging{dir: dir}
	defer func() { err = errors.Join(err, st.discard()) }()

	for _, format := range Formats() {
		if !slices.Contains(opts.Formats, format) {
			continue
		}
		switch format {
		case XLSX:
			err = writeWorkbooks(ctx, st, m, planEvidence(m, reviewEvidenceRows, sheetRows))
		case HTML:
			err = st.file("review.html", func(w io.Writer) (int64, error) { return writeHTML(ctx, w, dir, m) })
		case JSON:
			err = st.file("report.json", func(w io.Writer) (int64, error) { return writeJSON(ctx, w, m) })
		case OCSF:
			err = st.file(ocsfName, func(w io.Writer) (int64, error) { return writeOCSF(ctx, w, m) })
		case CSV:
			for _, c := range m.coverage {
				name := "evidence/" + string(c.Dataset) + ".csv"
				if err = st.file(name, func(w io.Writer) (int64, error) { return writeCSV(ctx, w, m, c.Dataset) }); err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range opts.Extra {
		f, err := hashFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("hash %s: %w", name, err)
		}
		f.Rows = m.rows()
		st.done = append(st.done, f)
	}
	if err := writeManifest(st, m); err != nil {
		return nil, err
	}
	if err := st.publish(); err != nil {
		return nil, err
	}
	return st.done, nil
}

// staged is one complete file under its temporary name.
type staged struct{ temp, final string }

// staging collects the files of a review until all of them are complete.
type staging struct {
	dir    string
	staged []staged
	done   []File
	made   []string // folders that were made here, outermost first
}

// file writes one file under a temporary name, with its hash and size.
func (s *staging) file(name string, write func(io.Writer) (int64, error)) error {
	f, err := s.write(name, write)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	s.done = append(s.done, f)
	return nil
}

func (s *staging) write(name string, write func(io.Writer) (int64, error)) (out File, err error) {
	final := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := s.folder(filepath.Dir(final)); err != nil {
		return out, err
	}
	// CreateTemp asks for mode 0600.
	f, err := os.CreateTemp(filepath.Dir(final), ".writing-*")
	if err != nil {
		return out, err
	}
	s.staged = append(s.staged, staged{temp: f.Name(), final: final})
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	h := &hashing{w: f, h: sha256.New()}
	buf := bufio.NewWriterSize(h, 1<<18)
	rows, err := write(buf)
	if err != nil {
		return out, err
	}
	if err := buf.Flush(); err != nil {
		return out, err
	}
	if err := f.Sync(); err != nil {
		return out, err
	}
	return File{Name: name, SHA256: hex.EncodeToString(h.h.Sum(nil)), Size: h.n, Rows: rows}, nil
}

// folder makes a folder inside the review, 0700.
func (s *staging) folder(path string) error {
	if path == s.dir {
		return nil
	}
	switch err := os.Mkdir(path, 0o700); {
	case err == nil:
		s.made = append(s.made, path)
		return nil
	case errors.Is(err, fs.ErrExist):
		return os.Chmod(path, 0o700)
	default:
		return err
	}
}

// publish gives every file its final name. The old manifest goes first, so that no
// manifest ever stands beside files that it does not describe.
func (s *staging) publish() error {
	for _, name := range []string{manifestName, manifestName + ".sha256"} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("replace manifest: %w", err)
		}
	}
	dirs := []string{s.dir}
	for _, f := range s.staged {
		if err := os.Rename(f.temp, f.final); err != nil {
			return fmt.Errorf("publish review: %w", err)
		}
		if d := filepath.Dir(f.final); !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	s.staged, s.made = nil, nil
	for _, d := range dirs {
		if err := syncDir(d); err != nil {
			return fmt.Errorf("publish review: %w", err)
		}
	}
	return nil
}

// discard removes what was not published.
func (s *staging) discard() error {
	var errs []error
	for _, f := range s.staged {
		if err := os.Remove(f.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for _, d := range slices.Backward(s.made) {
		_ = os.Remove(d) // stays when something is in it
	}
	return errors.Join(errs...)
}

// syncDir makes renames in a folder durable. Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// hashing counts and hashes what passes through.
type hashing struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (h *hashing) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.h.Write(p[:n])
	h.n += int64(n)
	return n, err
}
