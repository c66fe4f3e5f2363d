package requirements

import (
	"encoding/json"
	"fmt"
	"strings"

	"tenantaudit/internal/facts"
)

// ResourceAccess is one resource of an app registration's requiredResourceAccess.
type ResourceAccess struct {
	ResourceAppID  string   `json:"resourceAppId"`
	ResourceAccess []Access `json:"resourceAccess"`
}

// Access is one permission: Role for an application, Scope for a person.
type Access struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Manifest is what an app registration asks for to carry the grant: the value of
// requiredResourceAccess. An administrator consents to it in the tenant.
func (g Grant) Manifest() ([]ResourceAccess, error) {
	kind := "Role"
	if g.Kind == facts.Delegated {
		kind = "Scope"
	}
	var out []ResourceAccess
	for _, r := range []struct {
		app   string
		names []string
	}{{facts.MicrosoftGraph, g.GraphPermissions}, {facts.ExchangeOnline, g.ExchangePermissions}} {
		if len(r.names) == 0 {
			continue
		}
		access := ResourceAccess{ResourceAppID: r.app}
		for _, name := range r.names {
			id, ok := facts.PermissionID(r.app, name, g.Kind)
			if !ok {
				return nil, fmt.Errorf("requirements: no single id of %s (%s)", name, g.Kind)
			}
			access.ResourceAccess = append(access.ResourceAccess, Access{ID: id, Type: kind})
		}
		out = append(out, access)
	}
	return out, nil
}

// ManifestJSON is the manifest as an app registration's manifest page takes it.
func (g Grant) ManifestJSON() (string, error) {
	m, err := g.Manifest()
	if err != nil {
		return "", err
	}
	b, err := json.MarshalIndent(struct {
		RequiredResourceAccess []ResourceAccess `json:"requiredResourceAccess"`
	}{m}, "", "  ")
	return string(b), err
}

// Names of what the recipe makes.
const (
	groupName  = "tenantaudit Readers"
	customName = "tenantaudit "
)

// Recipe is the Exchange Online PowerShell that makes the role group of the grant, and
// says how to remove it again; "" where Exchange has nothing to grant. It is run by an
// administrator of the tenant, never by this program.
// Sources: https://learn.microsoft.com/powershell/module/exchangepowershell/new-managementrole,
// remove-managementroleentry, new-rolegroup, new-serviceprincipal on the same site.
func (g Grant) Recipe() string {
	if len(g.ExchangeRoles)+len(g.CustomRoles) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("# Exchange Online PowerShell, as a member of Organization Management.\n")
	b.WriteString("# A tenant that was never customized answers that Enable-OrganizationCustomization must be run first.\n")
	roles := make([]string, 0, len(g.ExchangeRoles)+len(g.CustomRoles))
	for _, r := range g.ExchangeRoles {
		roles = append(roles, quote(r))
	}
	for _, c := range g.CustomRoles {
		roles = append(roles, quote(customName+c.Parent))
		b.WriteString("\n")
		c.write(&b)
	}
	fmt.Fprintf(&b, "\nNew-RoleGroup -Name %s -Description 'Reads the configuration for a security review' -Roles %s\n", quote(groupName), strings.Join(roles, ", "))
	if g.Kind == facts.Application {
		b.WriteString("\n# The application: both ids are those of its enterprise application (service principal) in Entra ID.\n")
		b.WriteString("New-ServicePrincipal -AppId '<application id>' -ObjectId '<object id of the enterprise application>' -DisplayName 'tenantaudit'\n")
		fmt.Fprintf(&b, "Add-RoleGroupMember -Identity %s -Member '<object id of the enterprise application>'\n", quote(groupName))
	} else {
		fmt.Fprintf(&b, "Add-RoleGroupMember -Identity %s -Member '<user principal name>'\n", quote(groupName))
	}
	b.WriteString("\n# To take it back after the review:\n")
	fmt.Fprintf(&b, "# Remove-RoleGroup %s\n", quote(groupName))
	for _, c := range g.CustomRoles {
		fmt.Fprintf(&b, "# Remove-ManagementRole %s\n", quote(customName+c.Parent))
	}
	return b.String()
}

// write makes the custom role: all entries of the parent but those that are kept go.
func (c CustomRole) write(b *strings.Builder) {
	keep := make([]string, len(c.Cmdlets))
	for i, n := range c.Cmdlets {
		keep[i] = quote(n)
	}
	name := customName + c.Parent
	fmt.Fprintf(b, "# No view-only role holds %s: a role that keeps nothing else.\n", strings.Join(c.Cmdlets, ", "))
	fmt.Fprintf(b, "$keep = %s\n", strings.Join(keep, ", "))
	fmt.Fprintf(b, "foreach ($cmdlet in $keep) {\n"+
		"  if (-not (Get-ManagementRoleEntry \"%s\\$cmdlet\" -ErrorAction SilentlyContinue)) {\n"+
		"    throw \"%s does not hold $cmdlet here. Use as parent one of: $((Get-ManagementRole -Cmdlet $cmdlet).Name -join ', ')\"\n"+
		"  }\n}\n", c.Parent, c.Parent)
	fmt.Fprintf(b, "New-ManagementRole -Name %s -Parent %s\n", quote(name), quote(c.Parent))
	fmt.Fprintf(b, "Get-ManagementRoleEntry %s | Where-Object { $_.Name -notin $keep } |\n"+
		"  ForEach-Object { Remove-ManagementRoleEntry -Identity \"$($_.Id)\\$($_.Name)\" -Confirm:$false }\n", quote(name+`\*`))
	fmt.Fprintf(b, "Get-ManagementRoleEntry %s  # must list %s and nothing else\n", quote(name+`\*`), strings.Join(c.Cmdlets, ", "))
}

// quote is a PowerShell string that nothing is put into.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
