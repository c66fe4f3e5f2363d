package facts

import (
	"encoding/json"
	"slices"
	"sync"
)

// Kind tells the two kinds of permissions apart.
type Kind string

// The kinds.
const (
	Application Kind = "application" // an app role, held without a user
	Delegated   Kind = "delegated"   // a scope, held on behalf of a user
)

// The resources whose permissions the tables hold, by appId.
const (
	MicrosoftGraph   = "00000003-0000-0000-c000-000000000000"
	ExchangeOnline   = "00000002-0000-0ff1-ce00-000000000000"
	SharePointOnline = "00000003-0000-0ff1-ce00-000000000000"
	ManagementAPIs   = "c5393580-f805-4401-95e8-94b7a6ef2fc2"
)

// RiskRating is how much harm a permission allows.
type RiskRating struct {
	// Tier is critical, high, medium or low.
	Tier string
	// Impact is what the harm is: escalation, consent, identity, evasion,
	// persistence, mail, files, chat, data, device, reconnaissance, none.
	Impact string
	// Value is the permission's name.
	Value string
}

// permissionKey holds the resource because ids repeat: Mail.Read as an
// application permission has the same id on Microsoft Graph and Exchange Online.
type permissionKey struct {
	resource, key string
	kind          Kind
}

var permissionNames = sync.OnceValue(func() map[permissionKey]string {
	src := table[struct {
		Resources   []struct{ AppID string }
		Permissions [][]json.RawMessage
	}]("permissions.json")
	names := make(map[permissionKey]string, len(src.Permissions))
	for _, raw := range src.Permissions {
		var (
			resource        int
			id, value, kind string
		)
		must(row(raw, &resource, &id, &value, &kind))
		names[permissionKey{src.Resources[resource].AppID, id, kindOf(kind)}] = value
	}
	return names
})

type riskTables struct{ byValue, byID map[permissionKey]RiskRating }

var risks = sync.OnceValue(func() riskTables {
	src := table[struct{ Risks [][]json.RawMessage }]("risks.json")
	t := riskTables{
		byValue: make(map[permissionKey]RiskRating, len(src.Risks)),
		byID:    make(map[permissionKey]RiskRating, len(src.Risks)),
	}
	for _, raw := range src.Risks {
		var (
			resource, value, kind string
			r                     RiskRating
			ids                   []string
		)
		must(row(raw, &resource, &value, &kind, &r.Tier, &r.Impact, &ids))
		r.Value = value
		t.byValue[permissionKey{resource, fold(value), kindOf(kind)}] = r
		for _, id := range ids {
			t.byID[permissionKey{resource, fold(id), kindOf(kind)}] = r
		}
	}
	return t
})

func kindOf(letter string) Kind {
	if letter == "a" {
		return Application
	}
	return Delegated
}

// must stops at a table row that gen cannot have written.
func must(err error) {
	if err != nil {
		panic("facts: " + err.Error()) // unreachable: the test parses every table
	}
}

// Permission returns the name of the permission that a resource (by appId)
// offers under an id: an appRoleId for Application, the id of an
// oauth2PermissionScope for Delegated. The tenant's own service principal of
// the resource is the better source; ok is false for what the table does not
// name, and that is never a proof that the id is invalid.
func Permission(resourceAppID, id string, kind Kind) (value string, ok bool) {
	value, ok = permissionNames()[permissionKey{fold(resourceAppID), fold(id), kind}]
	return value, ok
}

// PermissionID returns the id under which a resource (by appId) offers a permission: what
// an app registration asks for. ok is false for a name that the table does not have, or
// has under two ids.
func PermissionID(resourceAppID, value string, kind Kind) (id string, ok bool) {
	id = permissionIDs()[permissionKey{fold(resourceAppID), fold(value), kind}]
	return id, id != "" && id != twoIDs
}

const twoIDs = "two"

var permissionIDs = sync.OnceValue(func() map[permissionKey]string {
	names := permissionNames()
	ids := make(map[permissionKey]string, len(names))
	for k, value := range names {
		by := permissionKey{k.resource, fold(value), k.kind}
		if _, taken := ids[by]; taken {
			ids[by] = twoIDs
			continue
		}
		ids[by] = k.key
	}
	return ids
})

// Risk returns the rating of a permission by its name. ok is false for a
// permission that is not rated, which is unknown and not harmless.
func Risk(resourceAppID, value string, kind Kind) (rating RiskRating, ok bool) {
	rating, ok = risks().byValue[permissionKey{fold(resourceAppID), fold(value), kind}]
	return rating, ok
}

// RiskByID is Risk for the id of a permission. Some permissions have two ids.
func RiskByID(resourceAppID, id string, kind Kind) (rating RiskRating, ok bool) {
	rating, ok = risks().byID[permissionKey{fold(resourceAppID), fold(id), kind}]
	return rating, ok
}

// Resources returns the appIds of the resources that have rated permissions, sorted.
func Resources() []string {
	list := []string{MicrosoftGraph, ExchangeOnline, SharePointOnline, ManagementAPIs}
	slices.Sort(list)
	return list
}
