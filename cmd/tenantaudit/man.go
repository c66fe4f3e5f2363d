package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes man pages from the same source as --help; for packagers.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write man pages into a folder", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usageError("%s: %s", args[0], reason(err))
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			epoch := time.Unix(0, 0).UTC() // the same source gives the same pages
			return doc.GenManTree(root, &doc.GenManHeader{Title: "TENANTAUDIT", Section: "1", Source: "tenantaudit", Date: &epoch}, args[0])
		},
	}
}
