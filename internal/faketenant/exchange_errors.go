package faketenant

import (
	"net/http"
	"strings"
)

// failure is a refused cmdlet.
type failure struct {
	status int
	body   []byte
	header map[string]string
	nul    bool
}

// envelope is the error body: code and message, which say little, then the detail and its
// .NET type, which say what happened. "" leaves a part out.
func envelope(code, message, detail, exception string) []byte {
	b := &bag{}
	b.start()
	b.object("error", func() {
		b.str("code", code)
		b.str("message", message)
		if detail != "" {
			b.array("details", 1, func(int) {
				b.start()
				b.str("code", "Client")
				b.str("target", "")
				b.str("message", "|"+exception+"|"+detail)
				b.end()
			})
		}
		b.object("innererror", func() {
			b.str("message", message)
			b.str("type", "Microsoft.Exchange.Admin.OData.Core.ODataServiceException")
			b.str("stacktrace", "")
			if detail != "" {
				b.object("internalexception", func() {
					b.str("message", detail)
					b.str("type", exception)
					b.str("stacktrace", "")
				})
			}
		})
		b.str("adminapi.warnings@odata.type", "#Collection(String)")
		b.list("@adminapi.warnings", nil)
	})
	b.end()
	return b.buf
}

func invalid(detail, exception string) *failure {
	return &failure{status: http.StatusBadRequest, body: envelope("BadRequest", "Invalid Operation", detail, exception)}
}

func unknownParameter(name string) *failure {
	return invalid("Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. "+name,
		"Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException")
}

func badEnum(parameter, value, enum string, names []string) *failure {
	return invalid("Cannot process argument transformation on parameter '"+parameter+"'. Cannot convert value \""+value+"\" to type \""+enum+
		"\". Error: \"Unable to match the identifier name "+value+" to a valid enumerator name. Specify one of the following enumerator names and try again: "+
		strings.Join(names, ", ")+"\"", "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException")
}

// missingParameter is what the service answers: no detail at all.
func missingParameter() *failure {
	return &failure{status: http.StatusBadRequest, body: envelope("BadRequest", "Invalid Operation", "", "")}
}

func badPage() *failure {
	b := &bag{}
	const text = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
	const kind = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
	b.start()
	b.object("error", func() {
		b.str("code", "BadRequest")
		b.str("message", "Invalid Operation")
		b.object("innererror", func() {
			b.str("message", "Invalid Operation")
			b.str("type", kind)
			b.str("stacktrace", "")
			b.object("internalexception", func() {
				b.str("message", text)
				b.str("type", kind)
				b.str("stacktrace", "")
			})
		})
		b.str("adminapi.warnings@odata.type", "#Collection(String)")
		b.list("@adminapi.warnings", nil)
	})
	b.end()
	return &failure{status: http.StatusBadRequest, body: b.buf}
}

const notFoundType = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"

// notFound names the object as the caller did.
func notFound(object string) *failure {
	text := "The operation couldn't be performed because object '" + object + "' couldn't be found on '" + defaultServer + "'."
	body := envelope("NotFound", "Error executing cmdlet", text, notFoundType)
	return &failure{status: http.StatusNotFound, body: []byte(strings.Replace(strings.Replace(string(body), `"code":"Client"`, `"code":"Context"`, 1), `"|Microsoft`, `"Ex6F9304|Microsoft`, 1))}
}

func ambiguousObject(object string) *failure {
	return &failure{status: http.StatusBadRequest, body: envelope("BadRequest", "Error executing cmdlet",
		"The operation couldn't be performed because '"+object+"' matches multiple entries.",
		"Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException")}
}

// denial refuses a cmdlet in the chosen style. A cmdlet that does not exist is refused
// the same way: the service does not tell the two apart.
func (t *Tenant) denial(cmdlet string, inBatch bool) *failure {
	style := t.opt.DenyStyle
	if inBatch && style == denyNUL {
		style = denyJSON // an item's body is JSON
	}
	text := "User is not allowed to call " + cmdlet
	switch style {
	case denyJSON:
		return &failure{status: http.StatusForbidden, body: entityError("Forbidden", text)}
	case denyEntity:
		return &failure{status: http.StatusUnauthorized, body: entityError("Unauthorized", text)}
	case denyNotFound:
		return &failure{status: http.StatusBadRequest, body: envelope("BadRequest", "Error executing cmdlet",
			"The term '"+cmdlet+"' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
			"System.Management.Automation.CommandNotFoundException")}
	}
	return &failure{status: http.StatusForbidden, nul: true}
}

// entityError is the short form without details.
func entityError(code, message string) []byte {
	b := &bag{}
	b.start()
	b.object("error", func() {
		b.str("code", code)
		b.str("message", message)
		b.object("innererror", func() {
			b.str("message", message)
			b.str("type", "Microsoft.Exchange.Admin.OData.Core.ODataServiceException")
			b.str("stacktrace", "")
		})
	})
	b.end()
	return b.buf
}

// contextError has details only, as failures between servers do.
func contextError(code, exception, text string) []byte {
	b := &bag{}
	b.start()
	b.object("error", func() {
		b.str("code", code)
		b.str("message", "Error executing cmdlet")
		b.array("details", 1, func(int) {
			b.start()
			b.str("code", "Context")
			b.str("target", "")
			b.str("message", "|"+exception+"|"+text)
			b.end()
		})
		b.str("adminapi.warnings@odata.type", "#Collection(String)")
		b.list("@adminapi.warnings", nil)
	})
	b.end()
	return b.buf
}
