package checks

func oauthChecks() []Check {
	return []Check{
		oauthTier0ApplicationPermissions,
		oauthDelegatedGrantsAllPrincipals,
	}
}
