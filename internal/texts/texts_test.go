package texts

import (
	"fmt"
	"strings"
	"testing"
)

func TestTextsAreKeptOnceAndComeBackAsTheyWere(t *testing.T) {
	tab := New()
	long := strings.Repeat("x", 3*blockSize+7)
	list := []string{"", "a", "A", "Zoë", "\x00", strings.Repeat("y", blockSize), long, "after", strings.Repeat("z", blockSize-3), "tail", long + "!", "end"}
	for i := range 50_000 {
		list = append(list, fmt.Sprintf("person-%d@contoso.example", i))
	}
	refs := map[string]Ref{}
	for _, s := range list {
		refs[s] = tab.Ref(s)
	}
	n := tab.Len()
	for _, s := range list {
		if got := tab.Get(refs[s]); got != s {
			t.Fatalf("text %d of %d bytes came back as %d bytes", refs[s], len(s), len(got))
		}
		if tab.Ref(s) != refs[s] {
			t.Fatalf("%.20q has two numbers", s)
		}
		if got, ok := tab.Find(s); !ok || got != refs[s] {
			t.Fatalf("%.20q is not found", s)
		}
	}
	if tab.Len() != n || n != len(list) {
		t.Errorf("%d texts, then %d; want %d", n, tab.Len(), len(list))
	}
	if _, ok := tab.Find("nobody"); ok {
		t.Error("found a text that was never stored")
	}
}

func TestAddDoesNotLook(t *testing.T) {
	tab := New()
	a, b := tab.Add("twice"), tab.Add("twice")
	if a == b || tab.Get(a) != tab.Get(b) {
		t.Errorf("two texts have numbers %d and %d", a, b)
	}
	if _, ok := tab.Find("twice"); ok {
		t.Error("Find knows what only Add stored")
	}
}

func TestKeptTextsOutliveTheirPage(t *testing.T) {
	tab := New()
	page := []byte("kim@contoso.example and more")
	kept := tab.Keep(string(page[:19]))
	copy(page, "overwritten ........")
	if kept != "kim@contoso.example" || tab.Keep("kim@contoso.example") != kept {
		t.Errorf("kept %q", kept)
	}
}
