// Command release makes what is handed to users: an archive for each platform, its
// software bill of materials (SBOM), the checksums, and the NOTICE with the licences of
// everything that is compiled in. It is not part of the product.
//
// The same commit and the same Go give the same bytes, on any machine and in any folder:
// no clock, no path, no user and no random number goes into a file.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

const usage = `usage: release notice
       release build -out DIR -version V -epoch SECONDS [-platforms linux/amd64,…]`

func run(ctx context.Context, args []string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return fmt.Errorf("no command\n%s", usage)
	}
	switch args[0] {
	case "notice":
		return writeNotice(ctx, root)
	case "build":
		return buildCommand(ctx, root, args[1:])
	}
	return fmt.Errorf("%q is no command\n%s", args[0], usage)
}

func writeNotice(ctx context.Context, root string) error {
	text, err := notice(ctx, root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "NOTICE"), text, 0o644)
}

func buildCommand(ctx context.Context, root string, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	out := flags.String("out", "dist", "an empty or new folder")
	version := flags.String("version", "", "the version the program calls itself")
	epoch := flags.Int64("epoch", 0, "the time of the commit, in seconds since 1970: the time of every file")
	names := flags.String("platforms", "", "some of the platforms, as linux/amd64, with commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is one word too many\n%s", flags.Arg(0), usage)
	}
	if *epoch <= 0 {
		return fmt.Errorf("-epoch %d: the time of the commit is needed (set SOURCE_DATE_EPOCH where there is no git)", *epoch)
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	b := build{root: root, out: *out, version: *version, when: time.Unix(*epoch, 0).UTC()}
	return b.run(ctx, chosen)
}

// platform is one target of the Go toolchain.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// choose returns the platforms of a list of names; all of them for none.
func choose(names string) ([]platform, error) {
	if strings.TrimSpace(names) == "" {
		return platforms, nil
	}
	known := map[string]platform{}
	for _, p := range platforms {
		known[p.String()] = p
	}
	var out []platform
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("%q is no platform of the release: %v", name, platforms)
		}
		out = append(out, p)
	}
	return out, nil
}
