package exo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
	"tenantaudit/internal/transport"
)

// ModuleFile is one file of the module that the service makes for the caller.
//
// Source: EXOModuleFile.
type ModuleFile struct {
	Row
	FileName string
	// ExportedCmdlets are the cmdlets that this identity may run; empty on rows that do
	// not say. The list is the union over all rows, and may lag behind a change of
	// roles by minutes.
	ExportedCmdlets []string
}

// DecodeModuleFile reads one stored row.
func DecodeModuleFile(raw json.RawMessage) (ModuleFile, error) {
	r, err := parseRow(raw)
	if err != nil {
		return ModuleFile{}, err
	}
	v := ModuleFile{FileName: r.text("fileName"), ExportedCmdlets: r.flags("exportedCmdlets")}
	v.Row = r
	return v, nil
}

// moduleVersion is the version of the module that is asked for; older ones are refused.
const moduleVersion = "3.9.2"

// moduleFile collects which cmdlets the identity may run.
//
// Source: GET /adminapi/v1.0/{tenant}/EXOModuleFile, open to every identity that
// Exchange lets in at all.
type moduleFile struct{ c *Client }

func (moduleFile) Source() snapshot.Source     { return SourceModuleFile }
func (moduleFile) Requires() []snapshot.Source { return nil }

// Collect stores file names and cmdlet lists. The files' content, the code of a
// PowerShell module of some megabytes, is the one thing that is not kept as received.
func (m moduleFile) Collect(ctx context.Context, s Store) error {
	id := snapshot.UnitID{Source: SourceModuleFile}
	if done, err := finished(ctx, s, id); done || err != nil {
		return err
	}
	t := newTask(m.c, id, call{cmdlet: "EXOModuleFile"})
	t.needs = "an Exchange role or role group, besides the application permission"
	st, err := m.read(ctx, t)
	if err != nil {
		return err
	}
	m.c.note(t, st)
	if err := s.Commit(ctx, t.write(st)); err != nil {
		return fmt.Errorf("store %s: %w", SourceModuleFile, err)
	}
	return nil
}

func (m moduleFile) read(ctx context.Context, t *task) (step, error) {
	var got answer
	link, err := m.c.resource("v1.0", "EXOModuleFile", url.Values{"Version": {moduleVersion}})
	if err != nil {
		return t.failed(m.c, asFailure(err)), nil
	}
	h := http.Header{"CommandName": {"*"}}
	r, err := m.c.get(ctx, t.session, link, h, func(r *transport.Response) transport.Outcome { return classifyAnswer(r, false, &got) })
	if ctx.Err() != nil {
		return step{}, context.Cause(ctx)
	}
	if err != nil {
		return t.failed(m.c, asFailure(err)), nil
	}
	rows, cmdlets, err := slim(got.rows)
	if err != nil || cmdlets == 0 || got.next != "" {
		t.attempts += r.Attempts
		why := "the list of cmdlets is empty"
		switch {
		case err != nil:
			why = err.Error()
		case got.next != "":
			why = "the list of cmdlets is cut"
		}
		return t.give(snapshot.Result{State: snapshot.Failed, Cause: snapshot.ServiceError, Expected: -1, Detail: line(why, "cmdlets are tried one by one")}), nil
	}
	got.rows = rows
	st := t.took(r, got)
	for i := range st.pages {
		st.pages[i].Request = "GET EXOModuleFile"
	}
	return st, nil
}

// slim keeps file name and cmdlets of each row, and counts the cmdlets.
func slim(rows json.RawMessage) (json.RawMessage, int, error) {
	in, err := rawjson.Array(rows, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("read rows: %w", err) // unreachable: the envelope was read as an array
	}
	type kept struct {
		FileName        string `json:"fileName"`
		ExportedCmdlets string `json:"exportedCmdlets"`
	}
	out, n := []kept{}, 0
	for _, raw := range in {
		m, err := DecodeModuleFile(raw)
		if err != nil {
			return nil, 0, err
		}
		n += len(m.ExportedCmdlets)
		out = append(out, kept{m.FileName, strings.Join(m.ExportedCmdlets, ",")})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, 0, errors.Join(ErrRow, err) // unreachable: strings marshal
	}
	return b, n, nil
}
