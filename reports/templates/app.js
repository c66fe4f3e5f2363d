// The page: moves between its parts, filters findings, shows tables of evidence. Text is only ever
// set as text; no markup is made from it.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement, live = $('#live');
  const num = n => n.toLocaleString(root.lang === 'en' ? 'en-GB' : root.lang);
  // Texts of this script in the language of the page, by their English form; %s stands for a value.
  const texts = JSON.parse($('#texts').textContent);
  const T = (s, ...values) => { let i = 0; return (texts[s] || s).replace(/%s/g, () => values[i++]); };
  const make = (tag, props = {}, ...kids) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props)) {
      if (k === 'text') e.textContent = v;
      else if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
      else if (v != null) e.setAttribute(k, v);
    }
    e.append(...kids);
    return e;
  };
  root.dataset.js = '';

  // --- Parts of the page: #overview, #findings?severity=…, #evidence/mailboxes?q=…
  const parts = $$('.view').map(s => s.id), docTitle = document.title;
  function where() {
    const [path, query] = location.hash.slice(1).split('?'), [part, rest] = path.split('/');
    return { part: parts.includes(part) ? part : 'overview', rest: rest ? decodeURIComponent(rest) : '', query: new URLSearchParams(query || '') };
  }
  const address = (part, rest, query) => '#' + part + (rest ? '/' + encodeURIComponent(rest) : '') + (query && query.size ? '?' + query : '');
  const go = hash => { if (location.hash === hash) route(); else location.hash = hash; };
  function route() {
    const at = where();
    for (const s of $$('.view')) s.hidden = s.id !== at.part;
    for (const a of $$('nav a')) a.getAttribute('href') === '#' + at.part ? a.setAttribute('aria-current', 'page') : a.removeAttribute('aria-current');
    document.title = $('h2', $('#' + at.part)).textContent + ' · ' + docTitle;
    if (at.part === 'findings') showFindings(at);
    if (at.part === 'access') showAccess(at);
    if (at.part === 'evidence') showEvidence(at);
    else scrollTo(0, 0);
  }
  addEventListener('hashchange', route);
  document.addEventListener('click', e => {
    const a = e.target.closest('a[href^="#"]');
    if (!a) return;
    if (a.classList.contains('skip')) { e.preventDefault(); $('#main').focus(); return; }
    const d = a.dataset, q = new URLSearchParams();
    if (d.set) {
      if (d.key) q.set('key', d.key);
      if (d.check) q.set('f.check', d.check);
      e.preventDefault(); go(address('evidence', d.set, q));
    } else if (d.severity || d.area) {
      if (d.severity) q.set('severity', d.severity);
      if (d.area) q.set('area', d.area);
      e.preventDefault(); go(address('findings', '', q));
    } else if (d.goto) {
      e.preventDefault(); go(address('findings', d.goto, q));
    }
  });

  // --- Findings
  const form = $('#ffilter'), ftext = $('#ftext'), farea = $('#farea');
  const groups = $$('.group').map(el => ({ el, area: el.dataset.area, head: null, items: $$('.finding', el).map(f => ({ el: f, severity: f.dataset.severity, text: null })) }));
  const total = groups.reduce((n, g) => n + g.items.length, 0);
  function applyFindings() {
    const on = new Set($$('input[name=severity]:checked', form).map(i => i.value));
    const words = ftext.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const g of groups) {
      g.head ??= ($('h3', g.el).textContent + ' ' + g.el.id).toLowerCase();
      let here = 0;
      for (const f of g.items) {
        f.text ??= g.head + ' ' + f.el.textContent.toLowerCase();
        const ok = (!on.size || on.has(f.severity)) && (!farea.value || farea.value === g.area) && words.every(w => f.text.includes(w));
        f.el.hidden = !ok;
        here += ok;
      }
      g.el.hidden = !here;
      n += here;
    }
    $('#fcount').textContent = T('%s of %s findings on this page', num(n), num(total)) + ' · ';
    $('#fnone').hidden = n > 0 || !total;
    return n;
  }
  function showFindings({ rest, query }) {
    const sev = (query.get('severity') || '').split(',');
    for (const i of $$('input[name=severity]', form)) i.checked = sev.includes(i.value);
    farea.value = query.get('area') || '';
    if (farea.selectedIndex < 0) farea.value = '';
    ftext.value = query.get('q') || '';
    applyFindings();
    const target = rest && document.getElementById(rest);
    if (target) { const h = $('h3', target); h.tabIndex = -1; target.scrollIntoView(); h.focus({ preventScroll: true }); }
  }
  function keepFindings() {
    const q = new URLSearchParams(), sev = $$('input[name=severity]:checked', form).map(i => i.value);
    if (sev.length) q.set('severity', sev.join(','));
    if (farea.value) q.set('area', farea.value);
    if (ftext.value) q.set('q', ftext.value);
    history.replaceState(null, '', address('findings', '', q));
    live.textContent = T('%s findings', num(applyFindings()));
  }
  const later = (f, ms = 120) => { let t; return () => { clearTimeout(t); t = setTimeout(f, ms); }; };
  form.addEventListener('submit', e => e.preventDefault());
  form.addEventListener('input', later(keepFindings));
  form.addEventListener('reset', () => setTimeout(keepFindings));

  // --- The engine, in a worker or here
  let seq = 0, send;
  const waiting = new Map();
  const answer = m => { const w = waiting.get(m.id); waiting.delete(m.id); m.error ? w.no(new Error(m.error)) : w.yes(m.ok); };
  const here = () => { const run = engine(answer); send = q => run(q); root.dataset.worker = 'none'; };
  try {
    const url = URL.createObjectURL(new Blob(['const run = (' + engine + ')(m => postMessage(m)); onmessage = e => run(e.data);'], { type: 'text/javascript' }));
    const rules = window.trustedTypes ? trustedTypes.createPolicy('review-worker', { createScriptURL: s => { if (s !== url) throw new TypeError('refused'); return s; } }) : null;
    const worker = new Worker(rules ? rules.createScriptURL(url) : url), unanswered = new Map();
    worker.onmessage = e => { unanswered.delete(e.data.id); answer(e.data); };
    worker.onerror = () => { here(); for (const q of unanswered.values()) send(q); unanswered.clear(); };
    send = q => { unanswered.set(q.id, q); worker.postMessage(q); };
  } catch { here(); }
  const ask = (op, q) => new Promise((yes, no) => { const id = ++seq; waiting.set(id, { yes, no }); send({ ...q, op, id }); });

  // --- Evidence
  const ROW = 28, HEAD = 34, TALLEST = 8e6; // px; browsers clamp or drop elements much taller than that
  const tables = new Map($$('script.table').map(s => { const meta = JSON.parse(s.textContent); return [meta.name, { meta, id: s.id.slice(1), loaded: null }]; }));
  const scroller = $('#scroller'), tall = $('#tall'), grid = $('#grid'), gridHead = $('#gridhead'), gridBody = $('#gridbody');
  const S = { table: '', search: '', filters: {}, key: '', sort: null, total: 0, widths: [] };
  const cursor = { row: 0, col: 0 };
  let current = 0, top = 0, lastTop = 0, quiet = false, drawn = '';

  function load(t) {
    return t.loaded ??= (() => {
      const take = id => { const e = document.getElementById(id); const s = e ? e.textContent : ''; e && e.remove(); return s; };
      const blocks = t.meta.cols.map((c, i) => ({ codes: take('c' + t.id + '-' + i), dict: c.kind === 'text' ? take('s' + t.id + '-' + i) : null }));
      return ask('load', { table: t.meta.name, meta: t.meta, blocks });
    })();
  }
  async function showEvidence({ rest, query }) {
    const name = tables.has(rest) ? rest : tables.has(S.table) ? S.table : [...tables.keys()].find(k => k === 'mailboxes') || [...tables.keys()][0];
    if (!name) return;
    const fresh = name !== S.table;
    S.table = name;
    S.search = query.get('q') || '';
    S.key = query.get('key') || '';
    S.filters = {};
    for (const [k, v] of query) if (k.startsWith('f.')) (S.filters[k.slice(2)] ??= []).push(v);
    const sort = query.get('sort');
    S.sort = sort ? { col: sort.replace(/^-/, ''), desc: sort[0] === '-' } : null;
    $('#set').value = name;
    if ($('#q').value.trim() !== S.search) $('#q').value = S.search;
    for (const p of $$('.gap')) p.hidden = p.dataset.set !== name;
    const t = tables.get(name);
    grid.setAttribute('aria-label', t.meta.title);
    if (fresh) { root.dataset.ready = ''; cursor.row = cursor.col = 0; scroller.scrollLeft = 0; gridBody.dataset.none = ''; for (const e of [$('#facets'), gridHead, gridBody]) e.replaceChildren(); }
    $('#qcount').textContent = T('Reading…');
    $('#qerror').hidden = true;
    try {
      await load(t);
      if (S.table !== name) return;
      if (!gridHead.firstChild) columns(t.meta);
      await refresh();
    } catch (e) {
      $('#qerror').textContent = T('This table cannot be read: the page is damaged or the browser too old (%s). No rows are shown. The workbook has them.', e.message);
      $('#qerror').hidden = false; $('#qcount').textContent = ''; S.total = 0; gridBody.replaceChildren();
      root.dataset.ready = 'error';
    }
  }
  function keep() {
    const q = new URLSearchParams();
    if (S.search) q.set('q', S.search);
    if (S.key) q.set('key', S.key);
    for (const [k, vs] of Object.entries(S.filters)) for (const v of vs) q.append('f.' + k, v);
    if (S.sort) q.set('sort', (S.sort.desc ? '-' : '') + S.sort.col);
    history.replaceState(null, '', address('evidence', S.table, q));
    return refresh();
  }
  async function refresh() {
    const my = ++current, table = S.table;
    grid.setAttribute('aria-busy', 'true');
    const r = await ask('run', { table, search: S.search, filters: S.filters, key: S.key, sort: S.sort });
    if (my !== current) return;
    S.total = r.total;
    grid.setAttribute('aria-rowcount', r.total + 1);
    grid.removeAttribute('aria-busy');
    const said = r.total === r.rows ? T('%s rows', num(r.rows)) : T('%s of %s rows', num(r.total), num(r.rows));
    gridBody.dataset.none = T(r.rows ? 'No row matches.' : 'This table has no rows.');
    $('#qcount').textContent = said;
    live.textContent = said;
    $('#qkey').hidden = !S.key;
    $('#qkey span').textContent = T(r.total ? 'Only the row that a finding rests on.' : 'The row that the finding rests on is not in this table.');
    facets(r.facets);
    for (const h of $$('[role=columnheader]', gridHead)) h.setAttribute('aria-sort', S.sort && S.sort.col === h.dataset.col ? S.sort.desc ? 'descending' : 'ascending' : 'none');
    scroller.scrollTop = 0; top = lastTop = 0;
    cursor.row = Math.min(cursor.row, Math.max(0, r.total - 1));
    await draw(true);
    root.dataset.ready = S.table;
  }
  function columns(meta) {
    S.widths = meta.cols.map((c, i) => Math.max({ bool: 96, int: 96, time: 160 }[c.kind] || Math.min(340, (c.chars || 0) * 8 + 20), c.name.length * 8 + 34));
    const width = S.widths.reduce((a, b) => a + b, 0) + 'px';
    tall.style.width = width; gridHead.style.width = width; gridBody.style.width = width;
    grid.setAttribute('aria-colcount', meta.cols.length);
    const row = make('div', { role: 'row', 'aria-rowindex': 1 });
    meta.cols.forEach((c, i) => {
      const h = make('div', { role: 'columnheader', 'aria-sort': 'none', 'data-col': c.name, 'aria-colindex': i + 1 }, make('button', {
        type: 'button', text: c.name, title: c.name, onclick: () => {
          S.sort = S.sort && S.sort.col === c.name ? S.sort.desc ? null : { col: c.name, desc: true } : { col: c.name, desc: false };
          keep();
        }
      }));
      h.style.width = S.widths[i] + 'px';
      row.append(h);
    });
    gridHead.replaceChildren(row);
    gridBody.replaceChildren();
  }
  function facets(list) {
    const box = $('#facets'), open = document.activeElement && document.activeElement.dataset.facet;
    box.replaceChildren(...list.map(f => {
      const on = new Set(S.filters[f.name] || []);
      return make('fieldset', {}, make('legend', { text: f.name }), ...f.values.filter(v => v.count || on.has(v.label)).map(v => {
        const input = make('input', {
          type: 'checkbox', 'data-facet': f.name + '=' + v.label, onchange: e => {
            e.target.checked ? on.add(v.label) : on.delete(v.label);
            if (on.size) S.filters[f.name] = [...on]; else delete S.filters[f.name];
            keep();
          }
        });
        input.checked = on.has(v.label);
        return make('label', {}, input, make('span', { text: v.label || T('(empty or unknown)'), title: v.label }), make('output', { text: num(v.count) }));
      }));
    }));
    if (open) { const again = $$('input', box).find(i => i.dataset.facet === open); if (again) again.focus(); }
  }

  // Positions are in row pixels (top); above TALLEST the scroll bar shows them in proportion.
  const full = () => S.total * ROW, height = () => Math.min(full(), TALLEST), room = () => Math.max(ROW, scroller.clientHeight - HEAD - 2);
  scroller.addEventListener('scroll', () => {
    const t = scroller.scrollTop;
    if (quiet) { quiet = false; if (Math.abs(t - lastTop) < 2) return; }
    if (full() <= TALLEST) top = t;
    else {
      const most = full() - room(), reach = Math.max(1, height() - room()), d = t - lastTop;
      top = t <= 0 ? 0 : t >= reach - 1 ? most : Math.abs(d) < room() * 2 ? Math.min(most, Math.max(0, top + d)) : t / reach * most;
    }
    lastTop = t;
    requestAnimationFrame(() => draw());
  }, { passive: true });
  function jump(px) {
    top = Math.max(0, Math.min(full() - room(), px));
    const t = full() <= TALLEST ? top : top / Math.max(1, full() - room()) * (height() - room());
    quiet = true; lastTop = Math.round(t); scroller.scrollTop = lastTop; lastTop = scroller.scrollTop;
  }
  async function draw(force) {
    tall.style.height = height() + HEAD + 'px'; // the room grows with it, up to what the window holds
    const from = Math.max(0, Math.floor(top / ROW) - 6), to = Math.min(S.total, Math.ceil((top + room()) / ROW) + 6);
    const shift = () => { gridBody.style.transform = 'translateY(' + (full() <= TALLEST ? from * ROW : lastTop - (top - from * ROW)) + 'px)'; };
    const mark = S.table + from + ':' + to;
    if (!force && mark === drawn) { shift(); return; }
    drawn = mark;
    const my = current, list = await ask('rows', { table: S.table, from, to });
    if (my !== current || mark !== drawn) return;
    shift();
    const cols = tables.get(S.table).meta.cols, held = scroller.contains(document.activeElement) && !gridHead.contains(document.activeElement);
    while (gridBody.children.length > list.length) gridBody.lastChild.remove();
    while (gridBody.children.length < list.length) gridBody.append(make('div', { role: 'row' }, ...cols.map((c, i) => {
      const cell = make('div', { role: 'gridcell', tabindex: -1, 'aria-colindex': i + 1, class: c.kind === 'int' ? 'num' : null });
      cell.style.width = S.widths[i] + 'px';
      return cell;
    })));
    list.forEach((r, i) => {
      const row = gridBody.children[i];
      row.setAttribute('aria-rowindex', from + i + 2);
      r.cells.forEach((v, k) => {
        const cell = row.children[k], s = v ?? T('unknown');
        if (cell.textContent !== s) { cell.textContent = s; cell.title = s; }
        cell.classList.toggle('unknown', v === null);
        cell.tabIndex = from + i === cursor.row && k === cursor.col ? 0 : -1;
      });
    });
    // The elements now show other rows, or are gone: the keyboard stays at its row, or waits on the
    // scroller while that row is out of view.
    const at = cursorCell();
    scroller.tabIndex = at ? -1 : 0;
    if (held) (at || scroller).focus({ preventScroll: true });
  }
  function cursorCell() {
    const row = $('[aria-rowindex="' + (cursor.row + 2) + '"]', gridBody);
    return row && row.children[cursor.col];
  }
  async function openRow(n) {
    const [r] = await ask('rows', { table: S.table, from: n, to: n + 1 });
    if (!r) return;
    const box = $('#rowbox'), meta = tables.get(S.table).meta;
    $('#rowtitle').textContent = T('%s, row %s', meta.title, num(n + 1));
    $('dl', box).replaceChildren(...meta.cols.flatMap((c, i) => [make('dt', { text: c.name }), make('dd', { text: r.cells[i] ?? T('unknown'), class: r.cells[i] == null ? 'unknown' : null })]), make('dt', { text: 'rowKey' }), make('dd', { text: r.key }));
    box.showModal();
    $('#rowtitle').focus();
  }
  const place = cell => ({ row: +cell.parentNode.getAttribute('aria-rowindex') - 2, col: +cell.getAttribute('aria-colindex') - 1 });
  gridBody.addEventListener('focusin', e => { const c = e.target.closest('[role=gridcell]'); if (c) Object.assign(cursor, place(c)); });
  gridBody.addEventListener('dblclick', e => { const c = e.target.closest('[role=gridcell]'); if (c) openRow(place(c).row); });
  scroller.addEventListener('keydown', async e => {
    if (gridHead.contains(e.target) || e.altKey || e.metaKey) return;
    if (e.key === 'Enter') { e.preventDefault(); openRow(cursor.row); return; }
    const last = S.total - 1, wide = S.widths.length - 1, some = Math.max(1, Math.floor(room() / ROW) - 1);
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageDown: [some, 0], PageUp: [-some, 0], Home: e.ctrlKey ? [-last, -wide] : [0, -wide], End: e.ctrlKey ? [last, wide] : [0, wide] }[e.key];
    if (!step) return;
    e.preventDefault();
    cursor.row = Math.max(0, Math.min(last, cursor.row + step[0]));
    cursor.col = Math.max(0, Math.min(wide, cursor.col + step[1]));
    if (cursor.row * ROW < top) jump(cursor.row * ROW); else if ((cursor.row + 1) * ROW > top + room()) jump((cursor.row + 1) * ROW - room());
    await draw(true);
    const cell = cursorCell();
    if (!cell) return;
    cell.focus({ preventScroll: true });
    const left = cell.offsetLeft, right = left + cell.offsetWidth;
    if (left < scroller.scrollLeft) scroller.scrollLeft = left; else if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = right - scroller.clientWidth;
  });
  addEventListener('resize', later(() => { if (where().part === 'evidence' && S.table) draw(true); }));

  $('#set').addEventListener('change', e => go(address('evidence', e.target.value, new URLSearchParams())));
  $('#q').addEventListener('input', later(() => { S.search = $('#q').value.trim(); S.key = ''; keep(); }));
  $('#qclear').addEventListener('click', () => { $('#q').value = S.search = S.key = ''; S.filters = {}; S.sort = null; keep(); });
  $('#qkey button').addEventListener('click', () => { S.key = ''; keep(); });
  $('#qsave').addEventListener('click', async () => {
    const { blob, rows } = await ask('csv', { table: S.table, limit: 250000 });
    const a = make('a', { download: S.table + '.csv', href: URL.createObjectURL(blob) });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1e4);
    live.textContent = $('#qcount').textContent = T('Saved %s of %s rows', num(rows), num(S.total));
  });
  $('#qcopy').addEventListener('click', async () => {
    const { blob, rows } = await ask('csv', { table: S.table, limit: 10000 });
    let said = T('Copied %s of %s rows', num(rows), num(S.total));
    try { await navigator.clipboard.writeText((await blob.text()).replace(/^\uFEFF/, '')); } catch { said = T('The browser does not let this page copy; use Save as CSV'); }
    live.textContent = $('#qcount').textContent = said;
  });

  // --- Access: who can reach a mailbox, what somebody can reach
  const REACH = 'effectiveAccess', EVERY = '*', SHOWN = 2000;
  const sides = {
    mailbox: { texts: ['mailboxAddress'], other: 'principal', head: 'Who', every: [EVERY] },
    principal: { texts: ['principalName', 'principalAddress', 'principalType'], other: 'mailbox', head: 'Mailbox', every: [] }
  };
  const abilities = { read: 'Read', change: 'Change or delete', sendAs: 'Send as', sendOnBehalf: 'Send on behalf', manage: 'Change who has access', receive: 'Receive its mail' };
  const routes = {
    fullAccess: 'Full Access', mailboxPermission: 'permission on the mailbox', folder: 'permission on a folder', sendAs: 'Send As', sendOnBehalf: 'Send on Behalf', application: 'application permission',
    delegatedGrant: 'delegated consent', exchangeRole: 'Exchange role', directoryRole: 'directory role', forwarding: 'forwarding', inboxRule: 'inbox rule', transportRule: 'mail flow rule'
  };
  const aform = $('#aform'), aq = $('#aq'), alist = $('#alist'), aresult = $('#aresult');
  let asked = 0;
  const side = () => $('input[name=ask]:checked', aform).value;
  const count = n => n === 1 ? T('1 way') : T('%s ways', num(n));
  const named = (s, texts, id) => id === EVERY ? T('Every mailbox') : texts.find(t => t) || id;
  async function showAccess({ rest, query }) {
    const s = sides[rest] ? rest : side(), my = ++asked, t = tables.get(REACH);
    for (const i of $$('input[name=ask]', aform)) i.checked = i.value === s;
    if (aq.value.trim() !== (query.get('q') || '')) aq.value = query.get('q') || '';
    const of = query.get('of') || '';
    if (!t) { $('#acount').textContent = T('Not in this page. The workbook has these rows.'); root.dataset.ready = 'access'; return; }
    try {
      await load(t);
      const found = await ask('objects', { table: REACH, by: s, texts: sides[s].texts, search: aq.value, limit: 50 });
      if (my !== asked) return;
      const said = found.total > found.list.length ? T('The first %s of %s', num(found.list.length), num(found.total)) : T('%s found', num(found.total));
      $('#acount').textContent = said;
      alist.replaceChildren(...found.list.map(o => {
        const b = make('button', { type: 'button', 'aria-current': o.id === of ? 'true' : null, onclick: () => go(link(s, o.id)) },
          make('b', { text: named(s, o.texts, o.id) }), make('span', { text: [...o.texts.filter(Boolean).slice(1), count(o.rows)].join(' · ') }));
        return make('li', {}, b);
      }));
      if (of) await showWays(s, of, my); else { aresult.replaceChildren(); live.textContent = said; }
    } catch (e) {
      aresult.replaceChildren(make('p', { class: 'banner bad', role: 'alert', text: T('This table cannot be read: the page is damaged or the browser too old (%s). Nothing is shown. The workbook has these rows.', e.message) }));
    }
    if (my === asked) root.dataset.ready = 'access';
  }
  function link(s, of) {
    const q = new URLSearchParams();
    if (aq.value.trim()) q.set('q', aq.value.trim());
    if (of) q.set('of', of);
    return address('access', s, q);
  }
  async function showWays(s, of, my) {
    const [own, wide] = await Promise.all([ask('having', { table: REACH, column: s, values: [of], limit: SHOWN }), ask('having', { table: REACH, column: s, values: sides[s].every.filter(v => v !== of), limit: SHOWN })]);
    if (my !== asked) return;
    const first = own.list[0], title = first ? named(s, sides[s].texts.map(c => first[c]), of) : of, names = Object.keys(abilities);
    const head = make('h3', { tabindex: '-1', text: title });
    const parts = [head, make('p', { class: 'note', text: s === 'mailbox' ? T('%s into this mailbox, %s more into every mailbox', count(own.total), num(wide.total)) : T('%s into mailboxes', count(own.total)) })];
    for (const [caption, r] of [[T(s === 'mailbox' ? 'Into this mailbox' : 'What it can reach'), own], [T('Into every mailbox, and so into this one'), wide]]) {
      if (!r.total) continue;
      const list = r.list.sort((a, b) => names.indexOf(a.capability) - names.indexOf(b.capability));
      parts.push(make('h4', { text: caption }), make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
        make('table', { class: 'grid-like' }, make('thead', {}, make('tr', {}, ...[sides[s].head, 'Can', 'How', 'Where', 'What closes it'].map(h => make('th', { scope: 'col', text: T(h) })))),
          make('tbody', {}, ...list.map(row => way(s, row))))));
      if (r.total > r.list.length) parts.push(make('p', { class: 'more', text: T('These are the first %s of %s. Evidence has all of them.', num(r.list.length), num(r.total)) }));
    }
    if (!own.total && !wide.total) parts.push(make('p', { class: 'empty', text: T('No row of this page names it.') }));
    aresult.replaceChildren(...parts);
    live.textContent = parts[1].textContent;
    head.focus({ preventScroll: true });
  }
  function way(s, row) {
    const other = sides[s].other, id = row[other], name = named(other, sides[other].texts.map(c => row[c]), id), far = s === 'mailbox' ? row.principalAddress || row.principalType : '';
    const q = new URLSearchParams();
    if (row.evidenceKey) q.set('key', row.evidenceKey);
    return make('tr', {},
      make('th', { scope: 'row' }, make('button', { type: 'button', text: name, onclick: () => { aq.value = ''; go(link(other, id)); } }), ...(far && far !== name ? [make('br'), make('span', { class: 'via', text: far })] : [])),
      make('td', { text: T(abilities[row.capability] || row.capability) }),
      make('td', {}, tables.has(row.evidenceDataset) ? make('a', { href: address('evidence', row.evidenceDataset, q), text: T(routes[row.route] || row.route) }) : T(routes[row.route] || row.route), ...(row.via ? [make('br'), make('span', { class: 'via', text: row.via })] : [])),
      make('td', { text: row.scope + (row.note ? ' (' + row.note + ')' : '') }),
      make('td', {}, make('code', { text: row.close })));
  }
  aform.addEventListener('submit', e => e.preventDefault());
  aform.addEventListener('input', later(() => { history.replaceState(null, '', link(side(), '')); showAccess(where()); }));

  // --- Theme and print
  const theme = $('#theme'), dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const label = () => { theme.textContent = T(dark() ? 'Light' : 'Dark'); theme.setAttribute('aria-pressed', String(dark())); };
  theme.addEventListener('click', () => { root.dataset.theme = dark() ? 'light' : 'dark'; label(); });
  addEventListener('beforeprint', () => { for (const d of $$('.finding')) { d.dataset.was = d.open ? '1' : ''; d.open ||= d.dataset.severity !== 'info'; } });
  addEventListener('afterprint', () => { for (const d of $$('.finding')) d.open = d.dataset.was === '1'; });
  label();
  // The tables stand behind this script; the rest of the page works before they are there.
  if (document.readyState === 'loading') {
    if (!['evidence', 'access'].includes(where().part)) route();
    addEventListener('DOMContentLoaded', () => {
      for (const s of $$('script.table')) { const meta = JSON.parse(s.textContent); tables.set(meta.name, { meta, id: s.id.slice(1), loaded: null }); }
      root.dataset.tables = tables.size;
      if (['evidence', 'access'].includes(where().part)) route();
    });
  } else route();
})();
