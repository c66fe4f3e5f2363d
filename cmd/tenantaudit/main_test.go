package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram makes the test binary behave as the program itself, for tests that kill it.
const asProgram = "TENANTAUDIT_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	testscript.Main(tidy{m}, map[string]func(){"tenantaudit": main})
}

// left are folders that several tests share; they are removed after the last one.
var left []string

type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	for _, dir := range left {
		_ = os.RemoveAll(dir) // nothing depends on it any more
	}
	return code
}

// The stories of testdata/script, run as processes of their own.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir) // no configuration file of whoever runs the tests
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/config")
			return nil
		},
	})
}
