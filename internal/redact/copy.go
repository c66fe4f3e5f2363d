package redact

import (
	"context"
	"fmt"
	"iter"

	"tenantaudit/checks"
	"tenantaudit/internal/snapshot"
)

// Source is what is copied: the judged side of a snapshot.
type Source interface {
	Tenant() snapshot.Tenant
	Run() snapshot.Run
	CoverageAll() ([]snapshot.Coverage, error)
	Rows(snapshot.Dataset) iter.Seq2[any, error]
	MailboxGaps() iter.Seq2[snapshot.MailboxGap, error]
}

// version names the rules by which a copy was made, where a snapshot keeps by which rules its
// datasets were derived.
const version = "redacted 1"

// Copy writes the redacted copy of a snapshot into an empty store: every dataset, the coverage,
// the gaps, the tenant and the run. Answers of the services are not copied.
func (r *Redactor) Copy(ctx context.Context, from Source, to *snapshot.Store) error {
	if err := to.SetMeta(ctx, "tenant", r.tenant(from.Tenant())); err != nil {
		return err
	}
	if err := to.SetMeta(ctx, "run", r.run(from.Run())); err != nil {
		return err
	}
	return to.Derive(ctx, version, func(d *snapshot.Deriver) error {
		for _, set := range snapshot.Datasets() {
			for row, err := range from.Rows(set) {
				if err != nil {
					return fmt.Errorf("read %s: %w", set, err)
				}
				out, err := r.row(row)
				if err != nil {
					return err
				}
				if err := d.Put(ctx, out); err != nil {
					return err
				}
				r.remember(set, row, out)
			}
		}
		list, err := from.CoverageAll()
		if err != nil {
			return err
		}
		for _, c := range list {
			c.Reasons = r.reasons(c.Reasons)
			if err := d.PutCoverage(ctx, c); err != nil {
				return err
			}
		}
		return r.gaps(ctx, from, d)
	})
}

// Expect tells, before Copy, which findings will be given words. A row of the computed access
// is named by its key, and what that is in the copy shows only in the row itself.
func (r *Redactor) Expect(list []checks.Finding) {
	for _, f := range list {
		for _, e := range f.Evidence {
			if e.Dataset == snapshot.EffectiveAccess {
				r.named[e.Key] = ""
			}
		}
	}
}

func (r *Redactor) remember(set snapshot.Dataset, row, out any) {
	if set != snapshot.EffectiveAccess || len(r.named) == 0 {
		return
	}
	if key := snapshot.Key(row); r.named[key] == "" {
		if _, wanted := r.named[key]; wanted {
			r.named[key] = snapshot.Key(out)
		}
	}
}

func (r *Redactor) gaps(ctx context.Context, from Source, d *snapshot.Deriver) error {
	seen := map[string]bool{}
	for g, err := range from.MailboxGaps() {
		if err != nil {
			return err
		}
		g.Mailbox, g.Address = r.value(g.Mailbox), r.value(g.Address)
		g.Detail = r.reason(snapshot.Reason{Cause: g.Cause, Detail: g.Detail})
		// Two details that are both left out are one gap; they stay two by their number.
		for n := 2; seen[gapKey(g)]; n++ {
			g.Detail = fmt.Sprintf("%s (%d)", leftOut, n)
		}
		seen[gapKey(g)] = true
		if err := d.PutMailboxGap(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func gapKey(g snapshot.MailboxGap) string {
	return fmt.Sprint(g.Address, "\x00", g.Mailbox, "\x00", g.Cause, "\x00", g.Detail, g.Foreseen, g.Unforeseen)
}

// reasons keeps every reason with its number, and the words of those that are ours.
func (r *Redactor) reasons(list []snapshot.Reason) []snapshot.Reason {
	out := make([]snapshot.Reason, len(list))
	for i, c := range list {
		out[i] = c
		out[i].Detail = r.reason(c)
	}
	return out
}

func (r *Redactor) tenant(t snapshot.Tenant) snapshot.Tenant {
	out := snapshot.Tenant{ID: r.id(t.ID), DisplayName: r.value(t.DisplayName), DefaultDomain: r.domainName(t.DefaultDomain), VerifiedDomains: []string{}}
	for _, d := range t.VerifiedDomains {
		out.VerifiedDomains = append(out.VerifiedDomains, r.domainName(d))
	}
	return out
}

func (r *Redactor) run(v snapshot.Run) snapshot.Run {
	out := snapshot.Run{
		StartedAt: v.StartedAt, FinishedAt: v.FinishedAt, CollectedFrom: v.CollectedFrom, CollectedTo: v.CollectedTo,
		Identity: r.value(v.Identity), IdentityID: r.value(v.IdentityID), IdentityType: v.IdentityType,
		Requests: v.Requests, ToolVersion: v.ToolVersion, Cloud: v.Cloud, Folders: v.Folders, Complete: v.Complete, Preflight: v.Preflight,
		EarlierStartedAt: v.EarlierStartedAt, Reused: v.Reused,
	}
	for _, s := range v.DirectoryRoles {
		out.DirectoryRoles = append(out.DirectoryRoles, r.value(s))
	}
	for _, s := range v.Scopes {
		out.Scopes = append(out.Scopes, r.value(s))
	}
	if v.Filter != "" {
		out.Filter = "the list or filter of mailboxes is left out of this copy"
	}
	return out
}
