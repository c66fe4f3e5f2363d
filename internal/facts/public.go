package facts

import "sync"

var public = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			if n != "" {
				m[fold(n)] = true
			}
		}
	}
	for id, name := range apps().first {
		add(id, name)
	}
	for id, app := range apps().bad {
		add(id, app.Name)
	}
	for id := range apps().tenants {
		add(id)
	}
	for id, role := range roles() {
		add(id, role.Name)
	}
	for k, value := range permissionNames() {
		add(k.resource, k.key, value)
	}
	for k, r := range risks().byValue {
		add(k.resource, r.Value)
	}
	for _, reach := range access().exchange {
		add(reach.Name)
	}
	for role := range access().appRoles {
		add(role)
	}
	for _, t := range trustees() {
		if t.Name != "*" {
			add(t.Name)
		}
	}
	return m
})

// Public reports whether a name or an id is one that the tables know as Microsoft's own, or
// as an application known from attacks: a role, a role group, a permission, an application.
// It is the same in every tenant, so that it says nothing about this one. An object of a
// tenant may bear such a name too; the name then still says nothing.
func Public(name string) bool { return public()[fold(name)] }
