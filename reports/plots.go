package reports

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tenantaudit/internal/snapshot"
)

// A plot is a picture of the overview: drawn here, from the figures, as markup without script
// or style attributes. Its colours are classes of style.css; behind each stands a table with the
// same numbers, for those who cannot see it and for those who want to copy them.
type plotView struct {
	ID, Title string
	SVG       template.HTML // "" when there is nothing to draw
	Says      string        // in words, what the picture says
	Gap       string        // what was not read of the data behind it; ""
	None      string        // in place of the picture, when there is nothing to draw
	Legend    []legendView
	Head      []string
	Rows      [][]string
	Set       string // the table of the page with the rows behind it; ""
	Matrix    bool   // the table itself is the picture
	Wide      bool
}

type legendView struct {
	Class, Word string
	N           int
}

// plots draws every picture of the overview.
func (m *model) plots(f *figures) []plotView {
	list := []plotView{m.plotOutcome(f), m.plotLeaving(f), m.plotReach(f), m.plotExposed(f), m.plotApps(f), m.plotReady(f)}
	for i := range list {
		p := &list[i]
		if len(p.Rows) == 0 {
			p.SVG, p.Legend = "", nil
			if p.Gap != "" {
				p.None = m.t("Nothing was found in what was read.")
			}
		}
	}
	return list
}

// canvas collects the elements of a picture.
type canvas struct {
	b    strings.Builder
	w, h float64
}

func newCanvas(w, h float64) *canvas { return &canvas{w: w, h: h} }

// num writes a coordinate: at most one decimal, the same on every machine.
func num(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func (c *canvas) add(format string, args ...any) {
	for i, a := range args {
		if f, ok := a.(float64); ok {
			args[i] = num(f)
		}
	}
	fmt.Fprintf(&c.b, format, args...)
}

// markup is text of the tenant, or ours, within the picture.
func markup(s string) string { return template.HTMLEscapeString(pageText(s)) }

// text writes at most units of text; what is longer is whole in its tooltip.
func (c *canvas) text(x, y float64, class, s string, units int) {
	short, cutOff := fit(s, units)
	c.add(`<text class="%v" x="%v" y="%v">`, class, x, y)
	if cutOff {
		c.add(`<title>%v</title>`, markup(s))
	}
	c.add(`%v</text>`, markup(short))
}

// rect with a tooltip.
func (c *canvas) rect(class string, x, y, w, h float64, tip string) {
	c.add(`<rect class="%v" x="%v" y="%v" width="%v" height="%v"><title>%v</title></rect>`, class, x, y, w, h, markup(tip))
}

// svg closes the picture. With links in it, it is a group, or nobody could reach them.
func (c *canvas) svg(id, title, says string, links bool) template.HTML {
	role := "img"
	if links {
		role = "group"
	}
	head := fmt.Sprintf(`<svg class="plot" viewBox="0 0 %s %s" width="%s" height="%s" role="%s" aria-labelledby="t-%s d-%s"><title id="t-%s">%s</title><desc id="d-%s">%s</desc>`,
		num(c.w), num(c.h), num(c.w), num(c.h), role, id, id, id, markup(title), id, markup(says))
	return template.HTML(head + c.b.String() + "</svg>") //nolint:gosec // every text in it passed through markup
}

// fit cuts a text to a width; scripts with wide characters count two for one.
func fit(s string, units int) (string, bool) {
	s = shown(s)
	n := 0
	for i, r := range s {
		if n++; r >= 0x1100 {
			n++
		}
		if n > units {
			keep := []rune(s[:i])
			return string(keep[:max(0, len(keep)-1)]) + "…", true
		}
	}
	return s, false
}

// plotOutcome: what was not checked, and why?
func (m *model) plotOutcome(f *figures) plotView {
	p := plotView{ID: "outcome", Title: m.t("What was looked at"), Head: []string{m.t("Result"), m.t("Checks")}}
	total := 0
	for _, c := range f.outcome {
		total += c.N
	}
	if total == 0 {
		p.None = m.t("No check ran.")
		return p
	}
	c := newCanvas(240, 240)
	const cx, cy, outer, inner = 120.0, 120.0, 110.0, 68.0
	from := 0
	for i, part := range f.outcome {
		if part.N == 0 {
			continue
		}
		class := fmt.Sprintf("o%d", i)
		word := m.outcomeWord(part)
		tip := word + ": " + grouped(int64(part.N))
		if part.N == total { // an arc from a point to itself is none
			c.add(`<path class="%v" fill-rule="evenodd" d="M%v %va%v %v 0 1 0 %v 0a%v %v 0 1 0 %v 0zM%v %va%v %v 0 1 0 %v 0a%v %v 0 1 0 %v 0z"><title>%v</title></path>`, class,
				cx-outer, cy, outer, outer, 2*outer, outer, outer, -2*outer, cx-inner, cy, inner, inner, 2*inner, inner, inner, -2*inner, markup(tip))
		} else {
			a, z := angle(from, total), angle(from+part.N, total)
			large := 0
			if 2*part.N > total {
				large = 1
			}
			at := func(r, a float64) string { return num(cx+r*math.Sin(a)) + " " + num(cy-r*math.Cos(a)) }
			c.add(`<path class="%v" d="M%vA%v %v 0 %d 1 %vL%vA%v %v 0 %d 0 %vz"><title>%v</title></path>`, class,
				at(outer, a), outer, outer, large, at(outer, z), at(inner, z), inner, inner, large, at(inner, a), markup(tip))
		}
		from += part.N
		p.Legend = append(p.Legend, legendView{class, word, part.N})
		p.Rows = append(p.Rows, []string{word, m.words.number(int64(part.N))})
	}
	whole := f.outcome[0].N
	c.add(`<text class="big" x="120" y="122">%v</text><text class="mid" x="120" y="144">%v</text>`, markup(m.tf("%d of %d", whole, total)), markup(m.t("in full")))
	p.Says = m.tf("%d of %d checks looked at everything, %d at a part, %d could not be assessed.", whole, total, f.outcome[1].N, total-whole-f.outcome[1].N)
	p.SVG = c.svg(p.ID, p.Title, p.Says, false)
	return p
}

// outcomeWord names an outcome; all but the first two and the last are causes.
func (m *model) outcomeWord(c count) string {
	if c.ID == "full" || c.ID == "part" || c.ID == "other" {
		return m.t(c.Word)
	}
	return m.tf("Not assessed: %s", m.t(c.Word))
}

func angle(n, total int) float64 { return 2 * math.Pi * float64(n) / float64(total) }

// plotLeaving: where does mail leave?
func (m *model) plotLeaving(f *figures) plotView {
	p := plotView{ID: "leaving", Title: m.t("Ways mail leaves the tenant"), Head: []string{m.t("Mechanism"), m.t("Domain"), m.t("Number")},
		Gap: m.unread(snapshot.Mailboxes, snapshot.InboxRules, snapshot.TransportRules), None: m.t("No forwarding, inbox rule or mail flow rule sends mail out.")}
	var left, right []string
	in, out, total := map[string]int{}, map[string]int{}, 0
	for _, e := range f.leaving {
		if !slices.Contains(left, e.Mechanism) {
			left = append(left, e.Mechanism)
		}
		if !slices.Contains(right, e.Domain) {
			right = append(right, e.Domain)
		}
		in[e.Mechanism] += e.N
		out[e.Domain] += e.N
		total += e.N
		p.Rows = append(p.Rows, []string{m.t(e.Mechanism), m.domain(e.Domain), m.words.number(int64(e.N))})
	}
	if total == 0 {
		return p
	}
	// The order of the right side follows how much goes there; what is no domain comes last.
	slices.SortStableFunc(right, func(a, b string) int {
		rank := func(s string) int { return slices.Index([]string{domainOther, domainUnknown}, s) }
		if rank(a) != rank(b) {
			return rank(a) - rank(b)
		}
		return out[b] - out[a]
	})
	const least, gap = 18.0, 8.0
	span := max(200, 24*float64(len(right)))
	size := func(n int) float64 { return max(least, span*float64(n)/float64(total)) }
	height := func(names []string, of map[string]int) (h float64) {
		for _, s := range names {
			h += size(of[s]) + gap
		}
		return h
	}
	c := newCanvas(640, max(height(left, in), height(right, out))+8)
	place := func(names []string, of map[string]int) map[string]float64 {
		y, at := (c.h-height(names, of)+gap)/2, map[string]float64{}
		for _, s := range names {
			at[s] = y
			y += size(of[s]) + gap
		}
		return at
	}
	ly, ry := place(left, in), place(right, out)
	const lx, rx, node = 170.0, 430.0, 12.0
	used := map[string]float64{}
	for _, d := range right {
		for i, mech := range mechanisms {
			for _, e := range f.leaving {
				if e.Mechanism != mech || e.Domain != d {
					continue
				}
				a := size(in[mech]) * float64(e.N) / float64(in[mech])
				b := size(out[d]) * float64(e.N) / float64(out[d])
				y1, y2 := ly[mech]+used["<"+mech], ry[d]+used[">"+d]
				used["<"+mech] += a
				used[">"+d] += b
				mid := (lx + node + rx) / 2
				c.add(`<path class="m%d flow" d="M%v %vC%v %v %v %v %v %vL%v %vC%v %v %v %v %v %vz"><title>%v</title></path>`, i,
					lx+node, y1, mid, y1, mid, y2, rx, y2, rx, y2+b, mid, y2+b, mid, y1+a, lx+node, y1+a,
					markup(m.tf("%s to %s: %d", m.t(mech), m.domain(d), e.N)))
			}
		}
	}
	for _, mech := range left {
		h := size(in[mech])
		c.rect(fmt.Sprintf("m%d", slices.Index(mechanisms, mech)), lx, ly[mech], node, h, m.t(mech)+": "+m.words.number(int64(in[mech])))
		c.text(lx-8, ly[mech]+h/2+4, "end", m.t(mech)+" "+m.words.number(int64(in[mech])), 27)
	}
	for _, d := range right {
		h := size(out[d])
		c.rect("nd", rx, ry[d], node, h, m.domain(d)+": "+m.words.number(int64(out[d])))
		c.text(rx+node+8, ry[d]+h/2+4, "", m.words.number(int64(out[d]))+" "+m.domain(d), 29)
	}
	p.Says = m.tf("%d ways in which mail goes to %d domains outside. An object counts once for each domain; what is switched off is left out.", total, len(right))
	p.SVG = c.svg(p.ID, p.Title, p.Says, false)
	return p
}

// domain translates the names that stand for none.
func (m *model) domain(d string) string {
	if d == domainUnknown || d == domainOther {
		return m.t(d)
	}
	return d
}

var sideClasses = []string{"s-in", "s-out", "s-app"}

// plotReach: who can read whose mail?
func (m *model) plotReach(f *figures) plotView {
	g := f.reach
	p := plotView{ID: "reach", Title: m.t("Who can read whose mail"), Head: []string{m.t("Who"), m.t("Mailbox")}, Set: string(snapshot.EffectiveAccess), Wide: true,
		Gap: m.unread(snapshot.EffectiveAccess), None: m.t("Nobody but the owner reaches a mailbox as a whole.")}
	if len(g.Edges) == 0 {
		return p
	}
	const line = 24.0
	c := newCanvas(860, line*float64(max(len(g.Who), len(g.Mailboxes)))+34)
	y := func(i, n int) float64 {
		return 26 + line*float64(i) + line*float64(max(len(g.Who), len(g.Mailboxes))-n)/2
	}
	c.add(`<text class="mut end" x="300" y="14">%v</text><text class="mut" x="560" y="14">%v</text>`, markup(m.t("Who")), markup(m.t("Mailbox")))
	for _, e := range g.Edges {
		w, b := g.Who[e[0]], g.Mailboxes[e[1]]
		y1, y2 := y(e[0], len(g.Who))+8, y(e[1], len(g.Mailboxes))+8
		c.add(`<path class="edge %v" d="M318 %vC430 %v 430 %v 542 %v"></path>`, sideClasses[sideOf(w.Type)], y1, y1, y2, y2)
		p.Rows = append(p.Rows, []string{w.Name + sideNote(m, w.Type), m.boxName(b.ID, b.Address)})
	}
	for i, w := range g.Who {
		reach := m.tf("%d mailboxes", w.Mailboxes)
		if w.Every {
			reach = m.t("every mailbox")
		}
		c.add(`<a href="#access/principal?of=%v">`, template.HTMLEscapeString(url.QueryEscape(w.ID)))
		c.add(`<rect class="hit" x="0" y="%v" width="318" height="%v"></rect>`, y(i, len(g.Who))-4, line)
		c.rect(sideClasses[sideOf(w.Type)], 306, y(i, len(g.Who)), 12, 16, w.Name+": "+reach)
		c.text(300, y(i, len(g.Who))+13, "end", w.Name+" · "+reach, 44)
		c.add(`</a>`)
	}
	for i, b := range g.Mailboxes {
		c.add(`<a href="#access/mailbox?of=%v">`, template.HTMLEscapeString(url.QueryEscape(b.ID)))
		c.add(`<rect class="hit" x="542" y="%v" width="318" height="%v"></rect>`, y(i, len(g.Mailboxes))-4, line)
		c.rect("nd", 542, y(i, len(g.Mailboxes)), 12, 16, m.boxName(b.ID, b.Address))
		c.text(560, y(i, len(g.Mailboxes))+13, "", m.boxName(b.ID, b.Address), 44)
		c.add(`</a>`)
	}
	p.Legend = []legendView{{"s-in", m.t("Inside"), -1}, {"s-out", m.t("Outside or not known"), -1}, {"s-app", m.t("Application"), -1}}
	p.Says = m.t("Beside the owner, mailboxes as a whole: those who reach most, and the mailboxes that most of them reach. Groups are expanded. Choose one to see all its ways.")
	if g.MoreWho > 0 || g.MoreBoxes > 0 {
		p.Says += " " + m.tf("Not drawn: %d more who reach mailboxes, %d more mailboxes of those who are drawn.", g.MoreWho, g.MoreBoxes)
	}
	p.SVG = c.svg(p.ID, p.Title, p.Says, true)
	return p
}

func sideNote(m *model, trusteeType string) string {
	return " (" + m.t([]string{"Inside", "Outside or not known", "Application"}[sideOf(trusteeType)]) + ")"
}

func (m *model) boxName(id, address string) string {
	if id == snapshot.Everywhere {
		return m.t("Every mailbox")
	}
	if address == "" {
		return id
	}
	return address
}

// plotExposed: which mailboxes are most exposed?
func (m *model) plotExposed(f *figures) plotView {
	names := []string{"Inside", "Outside or not known", "Application", "Single folders only"}
	classes := []string{"s-in", "s-out", "s-app", "s-fol"}
	p := plotView{ID: "exposed", Title: m.t("Mailboxes that most people can open"), Set: string(snapshot.EffectiveAccess), Wide: true,
		Gap: m.unread(snapshot.EffectiveAccess), None: m.t("No mailbox can be opened by anybody but its owner.")}
	p.Head = append(p.Head, m.t("Mailbox"))
	for i, n := range names {
		p.Head = append(p.Head, m.t(n))
		p.Legend = append(p.Legend, legendView{classes[i], m.t(n), -1})
	}
	if len(f.exposed) == 0 {
		return p
	}
	const line, left, width = 24.0, 300.0, 480.0
	most := f.exposed[0].total()
	c := newCanvas(860, line*float64(len(f.exposed))+8)
	for i, e := range f.exposed {
		y, x := 4+line*float64(i), left
		c.text(left-10, y+16, "end", m.boxName(e.ID, e.Address), 42)
		row := []string{m.boxName(e.ID, e.Address)}
		for j, n := range []int{e.Inside, e.Outside, e.Apps, e.InFolder} {
			row = append(row, m.words.number(int64(n)))
			if w := width * float64(n) / float64(most); n > 0 {
				c.rect(classes[j], x, y+4, max(w, 1), 16, m.t(names[j])+": "+m.words.number(int64(n)))
				x += max(w, 1)
			}
		}
		c.text(x+8, y+16, "", m.words.number(int64(e.total())), 12)
		p.Rows = append(p.Rows, row)
	}
	every := 0
	for _, w := range f.people {
		if w.Every {
			every++
		}
	}
	p.Says = m.tf("People and applications beside the owner, by mailbox. %d mailboxes can be opened by somebody else; %d people and applications reach every mailbox and are not counted here.", f.open, every)
	p.SVG = c.svg(p.ID, p.Title, p.Says, false)
	return p
}

// plotApps: which applications matter first?
func (m *model) plotApps(f *figures) plotView {
	p := plotView{ID: "apps", Title: m.t("Applications by privilege and reach"), Head: []string{m.t("Worst permission"), m.t("Accounts reached"), m.t("Applications")}, Set: string(snapshot.ServicePrincipals), Wide: true,
		Gap:  m.unread(snapshot.ServicePrincipals, snapshot.AppRoleAssignments, snapshot.OAuth2PermissionGrants),
		None: m.t("No application that is not Microsoft's holds a permission.")}
	if len(f.apps) == 0 {
		return p
	}
	most := 1
	for _, a := range f.apps {
		most = max(most, a.Reach)
	}
	const left, right, line = 130.0, 800.0, 62.0
	c := newCanvas(860, line*float64(len(tiers))+44)
	x := func(n int) float64 {
		if most == 1 {
			return right
		}
		return left + 20 + (right-left-20)*math.Log10(float64(max(n, 1)))/math.Log10(float64(most))
	}
	for i, t := range tiers {
		y := 8 + line*float64(i)
		c.add(`<rect class="band" x="%v" y="%v" width="%v" height="%v"></rect>`, left, y+2, 860-left, line-4)
		c.text(left-10, y+line/2+4, "end", m.t(tierWord(t)), 18)
	}
	bottom := 8 + line*float64(len(tiers))
	for n := 1; n <= most; n *= 10 {
		c.add(`<line class="axis" x1="%v" y1="8" x2="%v" y2="%v"></line>`, x(n), x(n), bottom)
		if most/n >= 2 || most == n { // the last tick would run into the end of the axis
			c.add(`<text class="mut mid" x="%v" y="%v">%v</text>`, x(n), bottom+16, m.words.number(int64(n)))
		}
	}
	if most > 1 {
		c.add(`<text class="mut mid" x="%v" y="%v">%v</text>`, x(most), bottom+16, m.words.number(int64(most)))
	}
	c.add(`<text class="mut mid" x="%v" y="%v">%v</text>`, (left+right)/2, bottom+32, markup(m.t("accounts whose data the application may touch")))
	labels := 0
	for i, t := range tiers {
		y := 8 + line*float64(i) + line/2
		bare := func(tier string, from, to float64) bool { // of other dots on the line
			return !slices.ContainsFunc(f.apps, func(a appGroup) bool { return a.Tier == tier && x(a.Reach) > from-18 && x(a.Reach) < to })
		}
		free := [3]float64{right + 60, right + 60, right + 60} // left ends of the labels on three lines
		for _, a := range f.apps {                             // those with most reach first: from right to left
			if a.Tier != t {
				continue
			}
			label := m.names(a.Names)
			r := min(16, 4+2.2*math.Sqrt(float64(len(a.Names))))
			c.add(`<circle class="sev-%v-dot" cx="%v" cy="%v" r="%v"><title>%v</title></circle>`, tierClass(t), x(a.Reach), y, r, markup(m.tf("%s: %d accounts", label, a.Reach)))
			p.Rows = append(p.Rows, []string{m.t(tierWord(t)), m.words.number(int64(a.Reach)), strings.Join(a.Names[:min(listedMost, len(a.Names))], listSep) + m.more(len(a.Names)-listedMost)})
			if labels == labelsMost {
				continue
			}
			short, _ := fit(label, 34)
			end, w := x(a.Reach)-r-6, 6.6*float64(len([]rune(short)))
			if end-w < left+4 { // no room at its left
				end = x(a.Reach) + r + 6 + w
			}
			for k, dy := range []float64{4, -16, 24} {
				if end <= free[k] && (k > 0 || bare(t, end-w, end)) {
					c.text(end, y+dy, "end", label, 34)
					free[k] = end - w - 8
					labels++
					break
				}
			}
		}
	}
	p.Says = m.tf("Each dot is the applications of one privilege and one reach; %d applications of Microsoft are left out. Application permissions and consent for everybody reach all accounts.", f.ours)
	p.SVG = c.svg(p.ID, p.Title, p.Says, false)
	return p
}

func tierClass(t string) string {
	if t == "" {
		return "info"
	}
	return t
}

// names is the first of some names, and how many more there are.
func (m *model) names(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return m.tf("%s and %d more", list[0], len(list)-1)
}

func (m *model) more(n int) string {
	if n <= 0 {
		return ""
	}
	return listSep + m.tf("%d more", n)
}

// plotReady: could an incident be reconstructed?
func (m *model) plotReady(f *figures) plotView {
	p := plotView{ID: "ready", Title: m.t("Could an incident be reconstructed?"), Set: string(snapshot.Mailboxes), Wide: true, Matrix: true,
		Gap: m.unread(snapshot.Mailboxes, snapshot.OrganizationConfigs), None: m.t("No mailbox was read.")}
	p.Head = []string{m.t("Mailboxes of"), m.t("Number")}
	for _, e := range readyEvents {
		p.Head = append(p.Head, m.t(e.word))
	}
	for _, r := range f.ready {
		row := []string{m.t(r.Group), m.words.number(int64(r.Mailboxes))}
		for _, cell := range r.Cells {
			row = append(row, m.readyWord(r, cell))
		}
		p.Rows = append(p.Rows, row)
	}
	p.Says = m.t("What mailboxes record of their owner's actions, and for how long. All: every mailbox of the line does.")
	return p
}

func (m *model) readyWord(r readyRow, c readyCell) string {
	var s string
	switch {
	case c.Unknown == r.Mailboxes:
		return m.t("Not known")
	case c.Yes == r.Mailboxes:
		return m.t("All")
	case c.Yes == 0 && c.Unknown == 0:
		return m.t("None")
	default:
		s = m.tf("%d of %d", c.Yes, r.Mailboxes)
	}
	if c.Unknown > 0 {
		s += ", " + m.tf("%d not known", c.Unknown)
	}
	return s
}

// cellClass colours a cell of the matrix by its word; colour is never all that tells.
func (m *model) cellClass(word string) string {
	switch word {
	case m.t("All"):
		return "low"
	case m.t("None"):
		return "high"
	case m.t("Not known"):
		return "nil"
	}
	return "medium"
}
