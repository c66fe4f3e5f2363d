package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tenantaudit/checks"
	"tenantaudit/internal/redact"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// The names of what --redact writes. The copy is for others; the key and the mapping stay.
const (
	shareableFolder = "shareable"
	redactionKey    = "redaction.key"
	redactionMap    = "redaction-map.csv"
)

// readRedactKey reads --redact-key before anything is asked of a tenant.
func (o *outputOptions) readRedactKey() error {
	if o.redactKeyFile == "" {
		return nil
	}
	if !o.redact {
		return usageError("--redact-key without --redact: add --redact, or leave it out")
	}
	text, err := os.ReadFile(o.redactKeyFile)
	if err != nil {
		return usageError("--redact-key %s: %s", o.redactKeyFile, reason(err))
	}
	if o.redactKey, err = redact.ParseKey(string(text)); err != nil {
		return usageError("--redact-key %s: %s; name the %s of an earlier review", o.redactKeyFile, err, redactionKey)
	}
	return nil
}

// shareable writes the redacted copy of a review beside it: first the key and the mapping, so
// that there is never a copy that its owner cannot read, then every chosen format.
func (a *app) shareable(ctx context.Context, dir string, v *snapshot.Snapshot, j judged, o *outputOptions) (err error) {
	if !o.redact {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the redacted copy (the review itself is written): %w", err)
		}
	}()
	key := o.redactKey
	if key == nil { // a copy that was handed out before must stay readable
		if text, rerr := os.ReadFile(filepath.Join(dir, redactionKey)); rerr == nil {
			if key, err = redact.ParseKey(string(text)); err != nil {
				return fmt.Errorf("%s: %w; move it away, or name a key with --redact-key", filepath.Join(dir, redactionKey), err)
			}
		}
	}
	if key == nil {
		if key, err = redact.NewKey(); err != nil {
			return err
		}
	}
	temp, err := os.MkdirTemp("", "tenantaudit-redact-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	store, err := snapshot.Create(ctx, filepath.Join(temp, snapshotFile))
	if err != nil {
		return err
	}
	defer closing(store, &err)
	r := redact.New(key)
	r.Expect(slices.Collect(j.findings.All()))
	if err := r.Copy(ctx, v, store); err != nil {
		return err
	}
	view, err := store.View(ctx)
	if err != nil {
		return err
	}
	shown, err := redactJudgement(ctx, r, view, j, o.judgement)
	if err != nil {
		return err
	}
	if err := writeMapping(dir, key, r); err != nil {
		return err
	}
	// What an earlier copy left there may have other pseudonyms, or none of this snapshot.
	to := filepath.Join(dir, shareableFolder)
	if err := removeCopy(to); err != nil {
		return err
	}
	if _, err := reports.Write(ctx, to, view, shown, reports.Options{Formats: o.formats, Version: version, Redacted: true, Language: o.language}); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "Redacted copy: %s. Keep %s and %s: they say who is who.\n", to, redactionMap, redactionKey)
	return nil
}

// redactJudgement judges the copy, and gives the verdicts of the original in its words.
func redactJudgement(ctx context.Context, r *redact.Redactor, view *snapshot.Snapshot, j judged, o checks.Options) (out reports.Results, err error) {
	list, title := make([]checks.Check, len(j.results)), map[string]string{}
	for i, c := range j.results {
		list[i] = c.Check
		title[c.Check.ID] = c.Check.Title
	}
	copied, err := judge(ctx, view, o, list)
	if err != nil {
		return out, err
	}
	out.Checks = r.Results(j.results, copied.results)
	out.Findings, err = r.Findings(slices.Collect(j.findings.All()), slices.Collect(copied.findings.All()), title)
	return out, err
}

func writeMapping(dir string, key []byte, r *redact.Redactor) error {
	var b bytes.Buffer
	rows := [][]string{{"pseudonym", "kind", "original"}}
	for _, e := range r.Mapping() {
		rows = append(rows, []string{e.Pseudonym, e.Kind, e.Original})
	}
	if err := reports.WriteTable(&b, rows); err != nil {
		return err
	}
	return errors.Join(
		private(filepath.Join(dir, redactionKey), []byte(redact.FormatKey(key))),
		private(filepath.Join(dir, redactionMap), b.Bytes()))
}

// private writes a file for its owner only, whole or not at all.
func private(path string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*") // mode 0600
	if err != nil {
		return err
	}
	_, werr := f.Write(body)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// removeCopy takes away the files of an earlier copy, and leaves alone what is no file of ours.
func removeCopy(dir string) error {
	names := []string{"manifest.json", "manifest.json.sha256", "review.xlsx", "review.html", "report.json"}
	for _, pattern := range []string{"evidence-*.xlsx", filepath.Join("evidence", "*.csv")} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return err
		}
		for _, f := range found {
			rel, err := filepath.Rel(dir, f)
			if err != nil {
				return err
			}
			names = append(names, rel)
		}
	}
	for _, n := range names {
		if err := os.Remove(filepath.Join(dir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// escapeGlob takes the special signs of a pattern for themselves.
func escapeGlob(path string) string {
	var b bytes.Buffer
	for _, c := range path {
		switch c {
		case '*', '?', '[':
			b.WriteString("[" + string(c) + "]")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
