package faketenant

// ClientID is the application id under which the tokens of Token sign in.
func (t *Tenant) ClientID() string { return t.plan.auditor.appID }
