package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A review bears the name, the author and the picture that it was given, in every format.
func TestTheCoverIsOnesOwn(t *testing.T) {
	dir := t.TempDir()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 120, 40))); err != nil {
		t.Fatal(err)
	}
	logo := filepath.Join(dir, "logo.png")
	if err := os.WriteFile(logo, picture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	review := filepath.Join(dir, "review")
	const title, author = "Yearly review <b>2026</b>", "=Ada \u202e& Kim"
	code, _, errs := tenantaudit(t, t.Context(), "demo", "--mailboxes", "5", "--out", review, "--no-progress", "--title", title, "--prepared-by", author, "--logo", logo, "--redact")
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	for _, at := range []string{review} {
		raw, err := os.ReadFile(filepath.Join(at, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			Review struct{ Title, PreparedBy string }
		}
		if err := json.Unmarshal(raw, &r); err != nil || r.Review.Title != title || r.Review.PreparedBy != author {
			t.Errorf("report.json: %+v, %v", r, err)
		}
		page, err := os.ReadFile(filepath.Join(at, "review.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Yearly review &lt;b&gt;2026&lt;/b&gt;</span>", "=Ada &lt;U&#43;202E&gt;&amp; Kim", `<img class="logo" src="data:image/png;base64,`} {
			if !bytes.Contains(page, []byte(want)) {
				t.Errorf("review.html lacks %q", want)
			}
		}
		parts := contents(t, at)
		if cover := parts["review.xlsx/xl/worksheets/sheet1.xml"]; !bytes.Contains(cover, []byte("yearly review &lt;b&gt;2026")) && !bytes.Contains(parts["review.xlsx/xl/sharedStrings.xml"], []byte("yearly review &lt;b&gt;2026")) {
			t.Error("the cover of the workbook has another title")
		}
		found := false
		for name := range parts {
			found = found || strings.HasPrefix(name, "review.xlsx/xl/media/")
		}
		if !found {
			t.Error("the workbook has no picture")
		}
	}
}

// The copy for others has none of it: a title names the customer, and so may a picture.
func TestTheRedactedCopyHasAPlainCover(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "review")
	run := func() string {
		t.Helper()
		if code, _, errs := tenantaudit(t, t.Context(), "demo", "--mailboxes", "5", "--out", dir, "--no-progress", "--format", "html,json", "--title", "Review of zq9title", "--prepared-by", "zq9author", "--redact"); code != exitOK {
			t.Fatalf("exit %d\n%s", code, errs)
		}
		return readFile(t, dir, redactionKey)
	}
	key := run()
	for name, body := range contents(t, filepath.Join(dir, shareableFolder)) {
		if bytes.Contains(body, []byte("zq9title")) || bytes.Contains(body, []byte("zq9author")) {
			t.Errorf("%s holds the title or the author", name)
		}
	}
	if again := run(); again != key {
		t.Error("a second copy replaced the key of the first")
	}
}

func TestBadCoversAreRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var wide bytes.Buffer
	if err := png.Encode(&wide, image.NewGray(image.Rect(0, 0, 5000, 1))); err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 50, 50))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ args, want string }{
		"svg":     {"--logo=" + file("x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`)), "no PNG or JPEG"},
		"cut":     {"--logo=" + file("cut.png", small.Bytes()[:40]), "damaged"},
		"wide":    {"--logo=" + file("wide.png", wide.Bytes()), "5000 by 1 pixels"},
		"large":   {"--logo=" + file("large.png", make([]byte, 1<<20+1)), "at most 1048576"},
		"missing": {"--logo=" + filepath.Join(dir, "none.png"), "no such file"},
		"title":   {"--title=" + strings.Repeat("x", 201), "at most 200"},
	} {
		code, _, errs := tenantaudit(t, t.Context(), "demo", "--mailboxes", "5", "--out", filepath.Join(dir, "review"), c.args)
		if code != exitUsage || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d, %q; want 2 and one line with %q", name, code, errs, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "review")); err == nil {
		t.Error("a folder was made although nothing could be written")
	}
}
