package faketenant

import (
	"encoding/json"
	"testing"
	"time"
)

// An edited tenant is the same one but for the object that was edited.
func TestEdits(t *testing.T) {
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	plain, err := New(Options{Mailboxes: 60, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	box, other := plain.plan.mailboxes[0], plain.plan.mailboxes[1]
	for _, m := range plain.plan.mailboxes {
		if m.covered() && len(m.perms) == 0 && m.owner.kind == kindUser {
			box, other = m, box
		}
	}
	edited, err := New(Options{Mailboxes: 60, Seed: 5, Edits: []Edit{
		{Object: box.primary(), Changed: at, Grant: other.primary()}, {Object: "Organization Management", Recreated: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range plain.plan.mailboxes {
		e := edited.plan.mailboxes[i]
		if e.primary() != m.primary() || e.owner.xid != m.owner.xid {
			t.Fatalf("mailbox %d is %s, was %s", i, e.primary(), m.primary())
		}
		want, changed := len(m.perms), mailboxChanged
		if m == box {
			want, changed = want+1, at
		}
		if len(e.perms) != want || m.kind == "" && !e.changed.Equal(changed) {
			t.Errorf("%s: %d entries, want %d; changed %s, want %s", e.primary(), len(e.perms), want, e.changed, changed)
		}
	}
	for i, g := range plain.plan.roleGroups {
		e := edited.plan.roleGroups[i]
		if again := e.name == "Organization Management"; again != (e.guid != g.guid) || again != e.changed.IsZero() {
			t.Errorf("%s: id %s, was %s; changed %s", e.name, e.guid, g.guid, e.changed)
		}
	}
	a, err1 := json.Marshal(plain.AnswerKey().Datasets["mailboxPermissions"])
	b, err2 := json.Marshal(edited.AnswerKey().Datasets["mailboxPermissions"])
	if err1 != nil || err2 != nil || string(a) == string(b) {
		t.Errorf("the answer key does not know of the edit: %v, %v", err1, err2)
	}
}
