package permissions

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"tenantaudit/internal/snapshot"
)

const (
	benchBoxes  = 100_000
	benchGrants = 1_000_000
	benchGroups = 2_000
)

func benchID(kind, n int) string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", n*2654435761&0xffffffff, kind, n)
}

func benchUser(n int) snapshot.TrusteeRef {
	return snapshot.TrusteeRef{Trustee: fmt.Sprintf("user%06d@contoso.example", n), TrusteeID: benchID(1, n), TrusteeAddress: fmt.Sprintf("user%06d@contoso.example", n), TrusteeType: "user"}
}

// largeTenant feeds 100,000 mailboxes with 1,000,000 grants: a third each on mailboxes,
// on folders and for sending, one in ten of those on mailboxes to a group of 20.
func largeTenant(a *Access) {
	for g := range benchGroups {
		a.KnownGroup(benchID(2, g))
		for m := range 20 {
			a.Add(snapshot.GroupMember{Group: benchID(2, g), GroupName: fmt.Sprint("Team ", g), Member: benchID(1, (g*37+m*101)%benchBoxes), MemberType: "user"})
		}
	}
	for n := range benchBoxes {
		id, address := benchID(1, n), fmt.Sprintf("user%06d@contoso.example", n)
		a.Add(snapshot.Mailbox{Mailbox: id, MailboxAddress: address, DisplayName: fmt.Sprint("User ", n), RecipientTypeDetails: "UserMailbox"})
		for f := range 8 { // what every folder has beside grants
			path := fmt.Sprintf("/Folder %d", f)
			a.Add(snapshot.FolderPermission{Mailbox: id, FolderPath: path, FolderID: path, TrusteeRef: snapshot.TrusteeRef{Trustee: "Default", TrusteeType: "default"}})
			a.Add(snapshot.FolderPermission{Mailbox: id, FolderPath: path, FolderID: path, TrusteeRef: snapshot.TrusteeRef{Trustee: "Anonymous", TrusteeType: "anonymous"}})
		}
		for g := range benchGrants / benchBoxes {
			who := benchUser((n*7919 + g*104729) % benchBoxes)
			switch g % 3 {
			case 0:
				if n%10 == 0 {
					team := (n + g) % benchGroups
					who = snapshot.TrusteeRef{Trustee: fmt.Sprint("Team ", team), TrusteeID: benchID(2, team), TrusteeType: "group"}
				}
				a.Add(snapshot.MailboxPermission{Mailbox: id, TrusteeRef: who, TrusteeSID: fmt.Sprint("S-1-5-21-1-2-3-", n), Rights: []string{FullAccess}})
			case 1:
				path := fmt.Sprintf("/Folder %d/Sub %d", g, n%1000)
				a.Add(snapshot.FolderPermission{Mailbox: id, FolderPath: path, FolderID: fmt.Sprintf("LgAAAAB%073x", n*10+g), TrusteeRef: who, Rights: []string{FolderVisible, ReadItems}})
			default:
				a.Add(snapshot.SendAsPermission{Recipient: id, Mailbox: &id, TrusteeRef: who, Rights: []string{SendAs}, AccessControlType: "Allow"})
			}
		}
	}
}

// BenchmarkEffectiveAccess computes a large tenant: go test -run Xxx -bench EffectiveAccess.
// "live" is what the engine holds after feeding, "peak" the largest resident size of the
// process (Linux).
func BenchmarkEffectiveAccess(b *testing.B) {
	for b.Loop() {
		a := NewAccess(nil)
		largeTenant(a)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		rows := 0
		for range a.Rows() {
			rows++
		}
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "live-MiB")
		b.ReportMetric(float64(rows), "rows")
		b.ReportMetric(peakMiB(), "peak-MiB")
	}
}

func peakMiB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kb float64
	if _, err := fmt.Sscan(after, &kb); err != nil {
		return 0
	}
	return kb / 1024
}
