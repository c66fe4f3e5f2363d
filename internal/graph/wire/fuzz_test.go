package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A date that is read must be one that the snapshot and the reports can write and read again.
func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"2026-08-20T10:00:01Z", "2026-08-20T10:00:01.1234567Z", "2026-08-20T10:00:01", "2026-08-20T10:00:01+05:30", "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.9999999-08:00", "0000-01-01T00:00:00+14:00", "2026-08-20", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := Time(s)
		if !ok {
			if !at.IsZero() {
				t.Errorf("Time(%q) = %s without ok", s, at)
			}
			return
		}
		text := at.Format(time.RFC3339Nano)
		if again, err := time.Parse(time.RFC3339Nano, text); err != nil || !again.Equal(at) {
			t.Errorf("Time(%q) writes as %q, which reads as %s (%v)", s, text, again, err)
		}
		if day, err := time.Parse(time.DateOnly, s[:10]); err != nil || at.Sub(day).Abs() > 48*time.Hour {
			t.Errorf("Time(%q) = %s", s, at)
		}
	})
}

// What a token says of its holder must survive being stored, and must be storable: the
// expiry is a time that JSON can hold.
func FuzzClaimsRoundTrip(f *testing.F) {
	for _, s := range []string{
		`{"aud":"https://graph.microsoft.com","tid":"06532B20-24c3-5a0e-a1f1-c50a25e376bd","idtyp":"app","roles":["Directory.Read.All","Reports.Read.All"],"wids":["F2EF992C-3AFB-46B9-B7CF-A126EE74C451"],"oid":"x","appid":"y","exp":1787299200}`,
		`{"aud":["a","b"],"scp":" Directory.Read.All  openid","unique_name":"nora@contoso.example","exp":253402300800}`,
		`{"scp":["a b","c"],"exp":9223372036854775807}`, `{"exp":-1,"roles":[]}`, `{"upn":"","unique_name":"x"}`, `{"aud":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, _ := DecodeClaims(raw)
		if _, err := c.Expires.MarshalJSON(); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		row, err := c.Row()
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeClaims(row)
		if err != nil {
			t.Fatalf("%q is stored as %q: %v", raw, row, err)
		}
		for _, list := range []*[]string{&c.Scopes, &c.Roles, &c.RoleTemplateIDs, &again.Scopes, &again.Roles, &again.RoleTemplateIDs} {
			if len(*list) == 0 {
				*list = nil // an empty list is stored as none
			}
		}
		if !reflect.DeepEqual(c, again) {
			t.Errorf("%q is %+v; stored and read back it is %+v", raw, c, again)
		}
		if kind := c.IdentityType(); kind != "" && kind != IdentityUser && kind != IdentityApplication {
			t.Errorf("%q: identity type %q", raw, kind)
		}
	})
}

// The members that a decoder read must be those that a plain decoder reads, and a fault
// must name a place without quoting a value.
func FuzzDecodeUser(f *testing.F) {
	for _, s := range []string{
		`{"id":"4F490DE5-A041-5238-9269-FAF26FE27F6E","userPrincipalName":"ada.byte@contoso.example","accountEnabled":false,"proxyAddresses":["SMTP:ada.byte@contoso.example"],"assignedLicenses":[{"skuId":"06EBC4EE-1BB5-47DD-8120-11324BC54E06","disabledPlans":[]}]}`,
		`{"id":"x","accountEnabled":"secretvalue","displayName":["secretvalue"],"assignedPlans":[{"servicePlanId":{"secretvalue":1}},7]}`,
		`{"ID":"x"}`, `{"id":null}`, `[]`, `null`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := DecodeUser(raw)
		var plain map[string]any
		if json.Unmarshal(raw, &plain) != nil || plain == nil {
			if err == nil || !reflect.ValueOf(u).IsZero() {
				t.Fatalf("%q is no row, and gave %+v, %v", raw, u, err)
			}
			return
		}
		for name, got := range map[string]string{"userPrincipalName": u.UserPrincipalName, "displayName": u.DisplayName} {
			want, _ := plain[name].(string)
			if got != want {
				t.Errorf("%q: %s %q, want %q", raw, name, got, want)
			}
		}
		id, _ := plain["id"].(string)
		if !strings.EqualFold(u.ID, id) || u.ID != id && !IsGUID(id) {
			t.Errorf("%q: id %q, want %q", raw, u.ID, id)
		}
		want, isBool := plain["accountEnabled"].(bool)
		if (u.AccountEnabled != nil) != isBool || isBool && *u.AccountEnabled != want {
			t.Errorf("%q: accountEnabled %v", raw, u.AccountEnabled)
		}
		if err != nil && strings.Contains(err.Error(), "secretvalue") {
			t.Errorf("the fault quotes the row: %v", err)
		}
	})
}

func TestTimesOutsideTheCalendarAreNone(t *testing.T) {
	if at, ok := Time("9999-12-31T23:59:59.9999999-08:00"); ok {
		t.Errorf("a date in the year 10000 is read as %s", at)
	}
	if _, ok := Time("9999-12-31T23:59:59.9999999Z"); !ok {
		t.Error("the last date of the calendar is not read")
	}
	for exp, want := range map[string]bool{"253402300799": true, "253402300800": false, "9223372036854775807": false} {
		c, err := DecodeClaims(json.RawMessage(`{"oid":"o","exp":` + exp + `}`))
		if (err == nil) != want || c.Expires.IsZero() == want || c.ObjectID != "o" {
			t.Errorf("exp %s: %+v, %v", exp, c, err)
		}
	}
}
