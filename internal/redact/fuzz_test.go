package redact

import (
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

// Whatever stands around a text of the tenant: no rule of the table lets it through.
func FuzzNoTextOfTheTenantPasses(f *testing.F) {
	for _, s := range shapes {
		before, after, _ := strings.Cut(s, mark)
		f.Add(before, after)
	}
	f.Add("Remove-X -Identity 'a:\\", "' -User 'b'")
	f.Add("NT AUTHORITY\\SYSTEM\\", "")
	f.Add(`"a" [SMTP:`, "@x.example]")
	rules := map[string]func(*Redactor, string) string{
		"value": value, "id": id, "opaque": opaque, "number": number, "sid": sid, "text": text, "domain": domain, "host": host, "target": target, "targets": targets,
		"condition": condition, "appliesTo": appliesTo, "sharing": sharing, "path": path, "scope": scope, "policy": policy, "role": role,
		"accessScope": (*Redactor).accessScope, "remark": (*Redactor).remark, "command": (*Redactor).command,
		"via":    func(r *Redactor, s string) string { return r.joined(" > ", r.value)(s) },
		"detail": func(r *Redactor, s string) string { return r.reason(snapshot.Reason{Detail: s}) },
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		r := fixed()
		for name, one := range rules {
			in := before + mark + after
			out := one(r, in)
			if strings.Contains(strings.ToLower(out), mark) {
				t.Errorf("%s: %q became %q", name, in, out)
			}
			if again := one(fixed(), in); again != out {
				t.Errorf("%s: %q became %q, and then %q", name, in, out, again)
			}
		}
	})
}

// A key that cannot be read is refused, and one that can be is not passed on as it is.
func FuzzKeys(f *testing.F) {
	f.Add("folderPermissions", mark+"|a|b")
	f.Add("mailboxPermissions", "m|"+mark+"|S-1-5-21-1|true|false")
	f.Add("effectiveAccess", mark)
	f.Fuzz(func(t *testing.T, set, key string) {
		out, err := fixed().Key(snapshot.Dataset(set), key)
		if err == nil && set != "skus" && set != "userLicences" && set != "connectors" && set != "applicationAccessPolicies" && set != "directoryRoleAssignments" && set != "sendAs" && strings.Contains(strings.ToLower(out), mark) {
			t.Errorf("%s %q became %q", set, key, out)
		}
	})
}
