package normalize

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"tenantaudit/internal/exo"
	"tenantaudit/internal/permissions"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/snapshot/rawjson"
)

// mailboxPermissions writes one row per mailbox, trustee, deny and inherited.
// Doubled rows of one key are one row with the union of rights; so are rows whose
// trustee differs in case alone, under the spelling that sorts first.
func (n *run) mailboxPermissions() error {
	var rows map[string]*snapshot.MailboxPermission
	mailbox := ""
	flush := func() error {
		keys := make([]string, 0, len(rows))
		for k := range rows {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			rows[k].Rights = sorted(rows[k].Rights)
			if err := n.sink(*rows[k]); err != nil {
				return err
			}
		}
		rows = map[string]*snapshot.MailboxPermission{}
		return nil
	}
	if err := flush(); err != nil {
		return err
	}
	heard := false
	for r, err := range decode(n, "exo/Get-MailboxPermission", exo.DecodeMailboxPermission) {
		if err != nil {
			return err
		}
		if r.Unit.Key != mailbox {
			if err := flush(); err != nil {
				return err
			}
			mailbox = r.Unit.Key
		}
		for _, p := range r.V {
			heard = true
			if permissions.IsSelf(p.User, p.UserSID) {
				continue
			}
			if n.onGroup != nil {
				n.reaches(n.trustee(p.User, p.UserSID))
				continue
			}
			row := snapshot.MailboxPermission{
				Mailbox: mailbox, MailboxAddress: n.address(mailbox), TrusteeRef: n.trustee(p.User, p.UserSID), TrusteeSID: p.UserSID,
				Deny: p.Deny != nil && *p.Deny, Inherited: p.IsInherited != nil && *p.IsInherited,
			}
			key := strings.ToLower(snapshot.Key(row))
			if had := rows[key]; had == nil {
				rows[key] = &row
			} else if snapshot.Key(row) < snapshot.Key(*had) {
				row.Rights = had.Rights
				rows[key] = &row
			}
			rows[key].Rights = append(rows[key].Rights, p.AccessRights...)
		}
	}
	n.silent(heard, snapshot.MailboxPermissions)
	return flush()
}

// silent notes an answer that is empty for the whole tenant: every mailbox has at least
// an entry of its own, so that nothing at all means that nothing was shown.
func (n *run) silent(heard bool, set snapshot.Dataset) {
	active := slices.ContainsFunc(n.mailboxes, func(m mailboxRef) bool { return m.inScope && !m.inactive })
	if !heard && active {
		n.gap(set, "the service showed no entry at all, not even those that every mailbox has")
	}
}

func (n *run) address(mailbox string) string {
	if i, ok := n.byID[mailbox]; ok {
		return n.mailboxes[i].address
	}
	return ""
}

// sendAs writes SendAs rights over recipients of every kind. The answer may be the
// tenant-wide listing or one unit per recipient. Rows of one key are one row with the
// union of rights; only these are held until all were read.
func (n *run) sendAs() error {
	heard := false
	count := map[[16]byte]int32{}
	for row, err := range n.sendAsRows(&heard) {
		if err != nil {
			return err
		}
		count[digest(snapshot.Key(row))]++
	}
	n.silent(heard, snapshot.SendAs)
	odd := n.oddRows[sendAsSource]
	doubled := map[string]*snapshot.SendAsPermission{}
	for row, err := range n.sendAsRows(&heard) {
		if err != nil {
			return err
		}
		key := snapshot.Key(row)
		if count[digest(key)] > 1 {
			if doubled[key] == nil {
				doubled[key] = &row
			} else {
				doubled[key].Rights = append(doubled[key].Rights, row.Rights...)
			}
			continue
		}
		row.Rights = sorted(row.Rights)
		if err := n.sink(row); err != nil {
			return err
		}
	}
	n.oddRows[sendAsSource] = odd // counted once
	for _, key := range slices.Sorted(maps.Keys(doubled)) {
		doubled[key].Rights = sorted(doubled[key].Rights)
		if err := n.sink(*doubled[key]); err != nil {
			return err
		}
	}
	return nil
}

const sendAsSource = "exo/Get-RecipientPermission"

// sendAsRows walks the rights as they came, less those of everybody over himself. heard is
// set when there was a row at all.
func (n *run) sendAsRows(heard *bool) iter.Seq2[snapshot.SendAsPermission, error] {
	return func(yield func(snapshot.SendAsPermission, error) bool) {
		for r, err := range decode(n, sendAsSource, exo.DecodeRecipientPermission) {
			if err != nil {
				yield(snapshot.SendAsPermission{}, err)
				return
			}
			p := r.V
			*heard = true
			if permissions.IsSelf(p.Trustee, p.TrusteeSID) {
				continue
			}
			if n.onGroup != nil {
				n.reaches(n.trustee(p.Trustee, p.TrusteeSID))
				continue
			}
			row := snapshot.SendAsPermission{TrusteeRef: n.trustee(p.Trustee, p.TrusteeSID), TrusteeSID: p.TrusteeSID, AccessControlType: p.AccessControlType, Rights: p.AccessRights}
			n.recipient(&row, firstOf(p.Identity, r.Unit.Key))
			if !yield(row, nil) {
				return
			}
		}
	}
}

// recipient says over whom a SendAs right is: by the identity in the form the
// service likes, which is an id, a name or an address.
func (n *run) recipient(row *snapshot.SendAsPermission, identity string) {
	if m, ok := n.mailboxNamed(identity); ok {
		row.Recipient, row.RecipientAddress, row.RecipientType = m.id, m.address, m.details
		row.Mailbox, row.MailboxAddress = &m.id, &m.address
		return
	}
	e, ok := n.entry(identity)
	if !ok {
		row.Recipient = identity
		return
	}
	row.Recipient, row.RecipientAddress, row.RecipientType = entryID(e), e.Address, e.Details
	if i, isMailbox := n.byID[entryID(e)]; isMailbox {
		m := n.mailboxes[i]
		row.RecipientAddress, row.RecipientType, row.Mailbox, row.MailboxAddress = m.address, m.details, &m.id, &m.address
	}
}

// folderPermissions joins the folders of a mailbox with what stands on each.
func (n *run) folderPermissions() error {
	if n.onGroup != nil {
		return n.folderGroups()
	}
	var folders map[string]folder // of the mailbox at hand
	read := map[string]bool{}
	var rows []*snapshot.FolderPermission
	at := [2]string{}
	flush := func() error {
		slices.SortFunc(rows, func(a, b *snapshot.FolderPermission) int { return cmp.Compare(a.Trustee, b.Trustee) })
		for _, row := range rows {
			granted := row.Roles
			row.Roles, row.Rights, _ = permissions.ExpandFolderRoles(granted)
			row.SharingFlags = sorted(row.SharingFlags)
			if err := n.sink(*row); err != nil {
				return err
			}
		}
		rows = rows[:0]
		return nil
	}
	for r, err := range decode(n, "exo/Get-MailboxFolderPermission", exo.DecodeFolderPermission) {
		if err != nil {
			return err
		}
		if key := [2]string{r.Unit.Key, r.Page}; key != at {
			if err := flush(); err != nil {
				return err
			}
			at = key
		}
		if !read[r.Unit.Key] {
			read[r.Unit.Key] = true
			if folders, err = n.folders(r.Unit.Key); err != nil {
				return err
			}
		}
		f := folders[r.Page]
		ref := n.folderTrustee(r.V)
		i := slices.IndexFunc(rows, func(p *snapshot.FolderPermission) bool { return p.Trustee == ref.Trustee })
		if i < 0 {
			rows = append(rows, &snapshot.FolderPermission{Mailbox: r.Unit.Key, MailboxAddress: n.address(r.Unit.Key), FolderPath: f.path, FolderID: r.Page, FolderType: f.kind,
				TrusteeRef: ref, SharingFlags: []string{}})
			i = len(rows) - 1
		}
		rows[i].Roles = append(rows[i].Roles, r.V.AccessRights...)
		rows[i].SharingFlags = append(rows[i].SharingFlags, r.V.SharingFlags...)
	}
	if err := flush(); err != nil {
		return err
	}
	return n.otherFolders(read)
}

const folderSource = "exo/Get-MailboxFolderStatistics"

type folder struct{ path, kind string }

// folders are the folders of one mailbox by id. They are read when their turn comes:
// those of a whole tenant do not fit into memory.
func (n *run) folders(mailbox string) (map[string]folder, error) {
	out := map[string]folder{}
	for page, err := range n.store.Pages(n.ctx, snapshot.UnitID{Source: folderSource, Key: mailbox}) {
		if err != nil {
			return nil, err
		}
		rows, err := rawjson.Array(page.Rows, nil)
		if err != nil {
			return nil, fmt.Errorf("read folders of %s: %w", mailbox, err)
		}
		for _, raw := range rows {
			f, err := exo.DecodeFolderStatistics(raw)
			if err != nil {
				n.oddRows[folderSource]++
				continue
			}
			out[f.FolderID] = folder{f.FolderPath, f.FolderType}
		}
	}
	return out, nil
}

// otherFolders looks at the folders of the mailboxes without a permission: a row that
// cannot be read counts there too.
func (n *run) otherFolders(read map[string]bool) error {
	for u, err := range n.store.EachUnit(n.ctx, folderSource) {
		if err != nil {
			return err
		}
		if read[u.Unit.Key] {
			continue
		}
		if _, err := n.folders(u.Unit.Key); err != nil {
			return err
		}
	}
	return nil
}

// folderGroups notes the groups that hold a right on a folder.
func (n *run) folderGroups() error {
	for r, err := range decode(n, "exo/Get-MailboxFolderPermission", exo.DecodeFolderPermission) {
		if err != nil {
			return err
		}
		n.reaches(n.folderTrustee(r.V))
	}
	return nil
}

// folderTrustee resolves who a folder permission is for. An answer that names the user
// principal name, the id or the address is no guess; a bare display name may be ambiguous.
func (n *run) folderTrustee(p exo.FolderPermission) snapshot.TrusteeRef {
	var first *snapshot.TrusteeRef
	for _, name := range []string{p.UserPrincipalName, p.UserID, p.UserAddress} {
		if name == "" {
			continue
		}
		ref := n.trustee(name, "")
		ref.Trustee = p.User
		if ref.TrusteeID != "" {
			return ref
		}
		if first == nil {
			first = &ref
		}
	}
	if first != nil {
		return *first
	}
	return n.resolved(trusteeName{name: p.User, folder: true}, func() snapshot.TrusteeRef { return n.dir.ResolveFolderTrustee(p.User) })
}
