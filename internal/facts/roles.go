package facts

import "sync"

// Role template ids that rules name.
const (
	GlobalReader   = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	SecurityReader = "5d6b6bb7-de71-4623-b4af-96380a352509"
)

// RoleInfo is a built-in directory role.
type RoleInfo struct {
	Name string
	// Privileged is Microsoft's PRIVILEGED label; nil where it is not known.
	Privileged *bool
}

var roles = sync.OnceValue(func() map[string]RoleInfo {
	src := table[struct {
		Roles []struct {
			ID, Name   string
			Privileged *bool
		}
	}]("roles.json")
	m := make(map[string]RoleInfo, len(src.Roles))
	for _, r := range src.Roles {
		m[r.ID] = RoleInfo{r.Name, r.Privileged}
	}
	return m
})

// Role returns the built-in directory role with a template id. ok is false for
// custom roles and for roles newer than the table: unknown, not unprivileged.
func Role(templateID string) (info RoleInfo, ok bool) {
	info, ok = roles()[fold(templateID)]
	if info.Privileged != nil {
		p := *info.Privileged
		info.Privileged = &p
	}
	return info, ok
}
