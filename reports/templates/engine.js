'use strict';
// The evidence engine: decodes the tables of the page, searches, filters and sorts them. It runs in
// a worker, or on the page where a worker cannot start. It never touches markup.
// The writer of the format is columnar.go.
function engine(post) {
  const tables = new Map();
  const decoder = new TextDecoder();
  const NULL = '\u0000'; // text that the service did not send

  function bytes(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const s = atob(base64), out = new Uint8Array(s.length);
    for (let i = 0; i < s.length; i++) out[i] = s.charCodeAt(i);
    return out;
  }
  async function gunzip(base64) { // a damaged block fails here, by its checksum
    const stream = new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  function reader(b) {
    let at = 0;
    return {
      uint() { let v = 0, unit = 1, x; do { x = b[at++]; v += (x & 127) * unit; unit *= 128; } while (x > 127); return v; },
      take(n) { at += n; return b.subarray(at - n, at); }
    };
  }
  function codes(b, col, rows) {
    const out = col.width === 1 ? new Uint8Array(rows) : col.width === 2 ? new Uint16Array(rows) : new Uint32Array(rows);
    if (col.enc === 'planes') {
      for (let k = 0, p = 0; k < col.width; k++) for (let i = 0; i < rows; i++, p++) out[i] += b[p] * 2 ** (8 * k);
      return out;
    }
    const r = reader(b);
    if (col.enc === 'runs') { for (let i = 0; i < rows;) { const v = r.uint(), n = r.uint(); out.fill(v, i, i + n); i += n; } return out; }
    for (let i = 0, v = 0; i < rows; i++) { const z = r.uint(); v += z % 2 ? -(z + 1) / 2 : z / 2; out[i] = v; } // delta
    return out;
  }
  function dictionary(b, n) {
    const out = new Array(n), r = reader(b);
    let buf = new Uint8Array(1 << 12);
    for (let i = 0; i < n; i++) {
      const shared = r.uint(), rest = r.take(r.uint()), len = shared + rest.length;
      if (len > buf.length) { const old = buf; buf = new Uint8Array(len * 2); buf.set(old); }
      buf.set(rest, shared);
      out[i] = decoder.decode(buf.subarray(0, len));
    }
    return out;
  }

  async function load({ table, meta, blocks }) {
    const cols = await Promise.all(meta.cols.map(async (m, i) => {
      const col = { ...m, codes: codes(await gunzip(blocks[i].codes), m, meta.rows) };
      if (m.kind === 'text') { // texts are made when they are first asked for; most columns of a long table never are
        let packed = await gunzip(blocks[i].dict), texts = null;
        Object.defineProperty(col, 'dict', { get() { if (!texts) { texts = dictionary(packed, m.count || 0); packed = null; } return texts; } });
      }
      return col;
    }));
    tables.set(table, { rows: meta.rows, cols, view: null });
    return { rows: meta.rows };
  }
  // The text of a cell; null for unknown.
  function text(col, row) {
    const v = col.codes[row];
    if (col.kind === 'text') return col.dict[v] === NULL ? null : col.dict[v];
    if (v === 0) return null;
    if (col.kind === 'bool') return v === 2 ? 'true' : 'false';
    const n = (col.base || 0) + v - 1;
    return col.kind === 'time' ? new Date(n * 1000).toISOString().slice(0, 19).replace('T', ' ') : String(n);
  }

  // Flags per code whose text contains the word, in lower case; null when none does.
  function hits(col, word) {
    if (col.kind !== 'text') return null;
    if (!col.low) { // all entries joined, so that one indexOf searches them
      const low = col.dict.map(s => s === NULL ? '' : s.toLowerCase());
      col.start = new Uint32Array(low.length + 1);
      for (let i = 0, p = 0; i < low.length; i++) { p += low[i].length + 1; col.start[i + 1] = p; }
      col.low = low.join('\n');
    }
    const flags = new Uint8Array(col.dict.length);
    let any = false;
    for (let p = col.low.indexOf(word), from = 0; p >= 0;) {
      let lo = from, hi = col.dict.length;
      while (lo + 1 < hi) { const mid = lo + hi >> 1; if (col.start[mid] <= p) lo = mid; else hi = mid; }
      flags[lo] = 1; any = true; from = lo;
      p = col.low.indexOf(word, col.start[lo + 1]);
    }
    return any ? flags : null;
  }

  const escapeKey = s => s.replace(/[%|]/g, c => c === '%' ? '%25' : '%7C');
  const rowKey = (t, row) => t.cols.filter(c => c.key).map(c => escapeKey(text(c, row) ?? '')).join('|');

  // Rows in which every word is in some column, as flags; null for no words. The last answer is kept:
  // counting by each filter asks for it again.
  function searched(t, search) {
    if (t.searchedFor === search) return t.found;
    let all = null;
    for (const word of search.toLowerCase().split(/\s+/).filter(Boolean)) {
      const hit = new Uint8Array(t.rows);
      for (const col of t.cols) {
        const flags = hits(col, word), c = col.codes;
        if (flags) for (let i = 0; i < hit.length; i++) hit[i] |= flags[c[i]];
      }
      if (all) for (let i = 0; i < hit.length; i++) all[i] &= hit[i]; else all = hit;
    }
    t.searchedFor = search;
    return t.found = all;
  }

  // Rows that match, in order. skip is a column whose own filter does not count.
  function matching(t, q, skip) {
    const n = t.rows;
    let mask = null;
    const and = f => { mask ??= new Uint8Array(n).fill(1); f(mask); };
    const found = searched(t, q.search || '');
    if (found) mask = found.slice();
    for (const [name, values] of Object.entries(q.filters || {})) {
      const col = t.cols.find(c => c.name === name);
      if (!col || col.kind === 'int' || col.kind === 'time' || name === skip) continue;
      const want = new Set(values), ok = labels(col).map(l => want.has(l)), c = col.codes;
      and(m => { for (let i = 0; i < n; i++) if (!ok[c[i]]) m[i] = 0; });
    }
    if (q.key) and(m => { for (let i = 0; i < n; i++) if (m[i] && rowKey(t, i) !== q.key) m[i] = 0; });
    let count = 0;
    if (mask) for (let i = 0; i < n; i++) count += mask[i]; else count = n;
    const out = new Uint32Array(count);
    for (let i = 0, p = 0; i < n; i++) if (!mask || mask[i]) out[p++] = i;
    return out;
  }

  // What a column can be filtered by: '' stands for unknown as well as for empty text.
  const labels = col => col.kind === 'bool' ? ['', 'false', 'true'] : col.dict.map(s => s === NULL ? '' : s);
  // Columns of ids, of many or of long values have no list of them.
  const listed = (t, c) => c.kind === 'bool' || c.kind === 'text' && !c.key && !/(^i|I)d$/.test(c.name) && c.count <= 40 && c.count * 2 <= t.rows && c.dict.every(s => s.length <= 60);
  function facets(t, q) {
    return t.cols.filter(c => listed(t, c) || q.filters && q.filters[c.name] && c.kind !== 'int' && c.kind !== 'time').map(col => {
      const rows = q.filters && q.filters[col.name] ? matching(t, q, col.name) : t.base;
      const byLabel = new Map(), names = labels(col);
      for (const l of names) byLabel.set(l, 0);
      for (let i = 0; i < rows.length; i++) { const l = names[col.codes[rows[i]]]; byLabel.set(l, byLabel.get(l) + 1); }
      return { name: col.name, values: [...byLabel].map(([label, count]) => ({ label, count })) };
    }).map(f => f.values.length > 40 ? { name: f.name, values: f.values.filter(v => q.filters[f.name].includes(v.label)) } : f).filter(f => f.values.filter(v => v.count).length > 1 || q.filters && q.filters[f.name]).sort((a, b) => a.values.length - b.values.length);
  }

  // A stable counting sort on codes, 16 bits a pass; unknown values come first.
  function sorted(rows, col, desc) {
    let src = rows;
    for (const shift of col.width > 2 ? [0, 16] : [0]) {
      const size = 65536, at = new Uint32Array(size + 1), out = new Uint32Array(src.length), c = col.codes;
      const bucket = r => { const v = c[r] >>> shift & 65535; return desc ? size - 1 - v : v; };
      for (let i = 0; i < src.length; i++) at[bucket(src[i]) + 1]++;
      for (let i = 1; i <= size; i++) at[i] += at[i - 1];
      for (let i = 0; i < src.length; i++) out[at[bucket(src[i])]++] = src[i];
      src = out;
    }
    return src;
  }

  function run(q) {
    const t = tables.get(q.table), filter = JSON.stringify([q.search, q.filters, q.key]);
    if (t.filter !== filter) { t.base = matching(t, q); t.filter = filter; t.facets = facets(t, q); }
    const col = q.sort && t.cols.find(c => c.name === q.sort.col);
    t.view = col ? sorted(t.base, col, q.sort.desc) : t.base;
    return { total: t.view.length, rows: t.rows, facets: t.facets };
  }
  function rows({ table, from, to }) {
    const t = tables.get(table), out = [];
    for (let i = from; i < Math.min(to, t.view.length); i++) out.push({ key: rowKey(t, t.view[i]), cells: t.cols.map(c => text(c, t.view[i])) });
    return out;
  }
  // CSV by RFC 4180; hidden characters are marks already.
  function csv({ table, limit }) {
    const t = tables.get(table), parts = [], end = Math.min(t.view.length, limit);
    const cell = (s, typed) => {
      if (!typed && /^([=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|<U\+000[9D]>)/.test(s)) s = "'" + s;
      return /[",\r\n]|^ | $/.test(s) ? '"' + s.replace(/"/g, '""') + '"' : s;
    };
    let s = '\uFEFF' + [...t.cols.map(c => c.name), 'rowKey'].map(n => cell(n)).join(',') + '\r\n';
    for (let i = 0; i < end; i++) {
      const r = t.view[i];
      s += [...t.cols.map(c => cell(text(c, r) ?? '', c.kind !== 'text')), cell(rowKey(t, r))].join(',') + '\r\n';
      if (s.length > 1 << 20) { parts.push(s); s = ''; }
    }
    parts.push(s);
    return { blob: new Blob(parts, { type: 'text/csv;charset=utf-8' }), rows: end };
  }

  // Objects that a table names by an id, and whose texts hold every word; those with most rows first.
  function objects({ table, by, texts, search, limit }) {
    const t = tables.get(table), of = name => t.cols.find(c => c.name === name), key = of(by), shown = texts.map(of);
    let mask = new Uint8Array(t.rows).fill(1);
    for (const word of search.toLowerCase().split(/\s+/).filter(Boolean)) {
      const hit = new Uint8Array(t.rows);
      for (const col of [key, ...shown]) {
        const flags = hits(col, word), c = col.codes;
        if (flags) for (let i = 0; i < t.rows; i++) hit[i] |= flags[c[i]];
      }
      for (let i = 0; i < t.rows; i++) mask[i] &= hit[i];
    }
    const count = new Uint32Array(key.dict.length), first = new Uint32Array(key.dict.length);
    for (let i = t.rows - 1; i >= 0; i--) if (mask[i]) { count[key.codes[i]]++; first[key.codes[i]] = i; }
    const found = [];
    for (let v = 0; v < count.length; v++) if (count[v]) found.push(v);
    found.sort((a, b) => count[b] - count[a] || a - b);
    return { total: found.length, list: found.slice(0, limit).map(v => ({ id: key.dict[v], rows: count[v], texts: shown.map(c => text(c, first[v])) })) };
  }
  // The rows in which a column has one of a few values, as objects by column.
  function having({ table, column, values, limit }) {
    const t = tables.get(table), col = t.cols.find(c => c.name === column), want = new Set(values), ok = col.dict.map(s => want.has(s)), list = [];
    let total = 0;
    for (let i = 0; i < t.rows; i++) {
      if (!ok[col.codes[i]] || total++ >= limit) continue;
      list.push(Object.fromEntries(t.cols.map(c => [c.name, text(c, i)])));
    }
    return { total, list };
  }

  const ops = { load, run, rows, csv, objects, having };
  return async q => {
    try { post({ id: q.id, ok: await ops[q.op](q) }); } catch (e) { post({ id: q.id, error: String(e && e.message || e) }); }
  };
}
