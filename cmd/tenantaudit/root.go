package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// app is what all commands share.
type app struct {
	*streams
	quiet, verbose, noProgress bool
	logFormat, config          string
	log                        *slog.Logger
	pauses                     pauses
	profileDir                 string
	profile                    *profile
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "tenantaudit",
		Short: "Review the security posture of a Microsoft 365 tenant, read-only",
		Long: `tenantaudit reads the licensing, audit, mail flow, delegation and consent state of
a Microsoft 365, Exchange Online and Entra ID tenant, keeps it in a local snapshot,
judges the snapshot and writes a workbook and an HTML review. It only reads.

Exit codes: 0 finished, 1 failed, 2 wrong usage or bad input, 3 --fail-on reached,
4 --require-coverage not reached, 130 interrupted (go on with --resume).

Every flag can come from the environment as TENANTAUDIT_<FLAG> and from the file of
--config; a flag beats the environment, the environment beats the file.`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return usageError("no command given: see the list above")
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%s; see %s --help", err, cmd.CommandPath())
	})
	f := root.PersistentFlags()
	f.BoolVar(&a.quiet, "quiet", false, "print errors only on stderr")
	f.BoolVar(&a.verbose, "verbose", false, "log every stored answer")
	f.StringVar(&a.logFormat, "log-format", "text", "format of the log on stderr: text or json")
	f.BoolVar(&a.noProgress, "no-progress", false, "no progress display")
	f.StringVar(&a.config, "config", "", "file with flags as 'name: value' lines (default: tenantaudit/config.yaml in the user's configuration folder, when it exists)")
	f.StringVar(&a.profileDir, "profile", "", "folder for what the stages of the run take: a tool for those who build it")
	if err := f.MarkHidden("profile"); err != nil {
		panic(err) // unreachable: the flag was made above
	}
	root.AddCommand(a.auditCommand(), a.demoCommand(), a.preflightCommand(), a.collectCommand(), a.checkCommand(), a.reportCommand(), a.accessCommand(), a.checksCommand(), a.simulateCommand(), a.manCommand())
	for _, c := range root.Commands() {
		usageArgs(c)
	}
	return root
}

// usageArgs gives wrong arguments the exit code of wrong usage.
func usageArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var exit *exitError
			if err == nil || errors.As(err, &exit) {
				return err
			}
			return usageError("%s; see %s --help", err, cmd.CommandPath())
		}
	}
	for _, sub := range c.Commands() {
		usageArgs(sub)
	}
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %q?", near[0])
	}
	return usageError("unknown command %q%s; see tenantaudit --help", args[0], hint)
}

// prepare fills flags from environment and file and sets up the log.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := fillFlags(cmd.Flags(), os.LookupEnv); err != nil {
		return err
	}
	file, err := readConfig(a.config)
	if err != nil {
		return err
	}
	if err := fillFromFile(cmd, file); err != nil {
		return err
	}
	level := slog.LevelInfo
	switch {
	case a.quiet:
		level = slog.LevelError
	case a.verbose:
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	switch a.logFormat {
	case "text":
		a.log = slog.New(slog.NewTextHandler(a.err, opts))
	case "json":
		a.log = slog.New(slog.NewJSONHandler(a.err, opts))
	default:
		return usageError("unknown --log-format %q: use text or json", a.logFormat)
	}
	if a.profileDir != "" {
		a.profile, err = beginProfile(a.profileDir)
	}
	return err
}

// envNames are the variables that a flag can come from, the first beats the second.
func envNames(flag string) []string {
	own := "TENANTAUDIT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	switch flag {
	case "tenant":
		return []string{own, "AZURE_TENANT_ID"}
	case "client-id":
		return []string{own, "AZURE_CLIENT_ID"}
	}
	return []string{own}
}

func fillFlags(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || first != nil || f.Name == "help" || f.Name == "version" {
			return
		}
		for _, name := range envNames(f.Name) {
			if v, ok := lookup(name); ok && v != "" {
				if err := flags.Set(f.Name, v); err != nil {
					first = usageError("%s: %s", name, err)
				}
				return
			}
		}
	})
	return first
}

// maxConfig bounds the configuration file; a real one has a few lines.
const maxConfig = 1 << 20

func readConfig(path string) (map[string]yaml.Node, error) {
	named := path != ""
	if !named {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, nil // no home: no file
		}
		path = filepath.Join(dir, "tenantaudit", "config.yaml")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, usageError("--config %s: %s", path, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, usageError("--config %s: %s", path, reason(err))
	}
	if len(data) > maxConfig {
		return nil, usageError("--config %s: larger than 1 MiB", path)
	}
	out := map[string]yaml.Node{}
	if err := yaml.Unmarshal(data, &out); err != nil {
		return nil, usageError("--config %s: %s", path, firstLine(err.Error()))
	}
	return out, nil
}

func fillFromFile(cmd *cobra.Command, file map[string]yaml.Node) error {
	names := make([]string, 0, len(file))
	for n := range file {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, name := range names {
		node := file[name]
		f := cmd.Flags().Lookup(name)
		if f == nil {
			if !knownFlag(cmd.Root(), name) {
				return usageError("configuration line %d: unknown name %q; names are those of the flags", node.Line, name)
			}
			continue // a flag of another command
		}
		if f.Changed || node.ShortTag() == "!!null" {
			continue // given on the command line, or nothing is given
		}
		values, err := nodeValues(node)
		if err != nil {
			return usageError("configuration line %d: %s: %s", node.Line, name, err)
		}
		if err := cmd.Flags().Set(name, strings.Join(values, ",")); err != nil {
			return usageError("configuration line %d: %s: %s", node.Line, name, err)
		}
	}
	return nil
}

func nodeValues(node yaml.Node) ([]string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return []string{node.Value}, nil
	case yaml.SequenceNode:
		var out []string
		for _, c := range node.Content {
			if c.Kind != yaml.ScalarNode {
				return nil, errors.New("a list of plain values is expected")
			}
			out = append(out, c.Value)
		}
		return out, nil
	}
	return nil, errors.New("a value or a list of values is expected")
}

func knownFlag(root *cobra.Command, name string) bool {
	if root.PersistentFlags().Lookup(name) != nil || root.Flags().Lookup(name) != nil {
		return true
	}
	return slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return knownFlag(c, name) })
}

// reason is the cause of a file error without the operation and the path, which the
// caller names.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
