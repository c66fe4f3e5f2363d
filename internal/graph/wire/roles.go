package wire

import "encoding/json"

// RoleDefinition is a directory role. Source: GET /roleManagement/directory/roleDefinitions.
type RoleDefinition struct {
	ID          string
	TemplateID  string // constant across tenants for built-in roles
	DisplayName string
	IsBuiltIn   *bool
	IsEnabled   *bool
}

// DecodeRoleDefinition reads a row of roleDefinitions.
func DecodeRoleDefinition(raw json.RawMessage) (RoleDefinition, error) {
	return decodeByID("roleDefinition", raw, func(r reader) RoleDefinition {
		return RoleDefinition{
			ID: r.id("id"), TemplateID: r.id("templateId"), DisplayName: r.text("displayName"),
			IsBuiltIn: r.flag("isBuiltIn"), IsEnabled: r.flag("isEnabled"),
		}
	})
}

// RoleAssignment is an active directory role. Source: GET
// /roleManagement/directory/roleAssignments with $expand=principal.
type RoleAssignment struct {
	ID                      string
	PrincipalID             string
	PrincipalOrganizationID string
	RoleDefinitionID        string // the template id for built-in roles
	DirectoryScopeID        string // "/", "/administrativeUnits/{id}", "/{object id}"
	AppScopeID              string
	// Principal is nil when the principal was deleted or belongs to another tenant.
	Principal *DirectoryObject
}

// DecodeRoleAssignment reads a row of roleAssignments.
func DecodeRoleAssignment(raw json.RawMessage) (RoleAssignment, error) {
	return decodeByID("roleAssignment", raw, func(r reader) RoleAssignment {
		return RoleAssignment{
			ID:                      r.id("id"),
			PrincipalID:             r.id("principalId"),
			PrincipalOrganizationID: r.id("principalOrganizationId"),
			RoleDefinitionID:        r.id("roleDefinitionId"),
			DirectoryScopeID:        r.text("directoryScopeId"),
			AppScopeID:              r.text("appScopeId"),
			Principal:               readPrincipal(r),
		}
	})
}

func readPrincipal(r reader) *DirectoryObject {
	in, ok := r.object("principal")
	if !ok {
		return nil
	}
	p := readDirectoryObject(in)
	return &p
}

// RoleEligibilitySchedule is a directory role that its holder may activate. Source: GET
// /roleManagement/directory/roleEligibilitySchedules with $expand=principal.
type RoleEligibilitySchedule struct {
	ID               string
	PrincipalID      string
	RoleDefinitionID string
	DirectoryScopeID string
	AppScopeID       string
	Status           string // Provisioned, …
	MemberType       string // Direct, Group, Inherited
	StartDateTime    string // scheduleInfo.startDateTime
	ExpirationType   string // noExpiration, afterDateTime, afterDuration
	EndDateTime      string // scheduleInfo.expiration.endDateTime
	Principal        *DirectoryObject
}

// DecodeRoleEligibilitySchedule reads a row of roleEligibilitySchedules.
func DecodeRoleEligibilitySchedule(raw json.RawMessage) (RoleEligibilitySchedule, error) {
	return decodeByID("roleEligibilitySchedule", raw, func(r reader) RoleEligibilitySchedule {
		s := RoleEligibilitySchedule{
			ID:               r.id("id"),
			PrincipalID:      r.id("principalId"),
			RoleDefinitionID: r.id("roleDefinitionId"),
			DirectoryScopeID: r.text("directoryScopeId"),
			AppScopeID:       r.text("appScopeId"),
			Status:           r.text("status"),
			MemberType:       r.text("memberType"),
			Principal:        readPrincipal(r),
		}
		if info, ok := r.object("scheduleInfo"); ok {
			s.StartDateTime = info.text("startDateTime")
			if exp, ok := info.object("expiration"); ok {
				s.ExpirationType, s.EndDateTime = exp.text("type"), exp.text("endDateTime")
			}
		}
		return s
	})
}

// RoleAssignmentScheduleInstance is a directory role in force with how it was given.
// Source: GET /roleManagement/directory/roleAssignmentScheduleInstances.
type RoleAssignmentScheduleInstance struct {
	ID               string
	PrincipalID      string
	RoleDefinitionID string
	DirectoryScopeID string
	AppScopeID       string
	AssignmentType   string // Assigned, Activated
	MemberType       string // Direct, Group, Inherited
	StartDateTime    string
	EndDateTime      string           // "": no end
	Principal        *DirectoryObject // nil unless it was expanded
}

// DecodeRoleAssignmentScheduleInstance reads a row of roleAssignmentScheduleInstances.
func DecodeRoleAssignmentScheduleInstance(raw json.RawMessage) (RoleAssignmentScheduleInstance, error) {
	return decodeByID("roleAssignmentScheduleInstance", raw, func(r reader) RoleAssignmentScheduleInstance {
		return RoleAssignmentScheduleInstance{
			ID:               r.id("id"),
			PrincipalID:      r.id("principalId"),
			RoleDefinitionID: r.id("roleDefinitionId"),
			DirectoryScopeID: r.text("directoryScopeId"),
			AppScopeID:       r.text("appScopeId"),
			AssignmentType:   r.text("assignmentType"),
			MemberType:       r.text("memberType"),
			StartDateTime:    r.text("startDateTime"),
			EndDateTime:      r.text("endDateTime"),
			Principal:        readPrincipal(r),
		}
	})
}
