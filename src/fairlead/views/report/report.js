// The report at work: filters, searches and draws the findings from the data in the page, a slice at a time.
// Foreign text only ever becomes a text or an attribute of a name that stands here; the page's policy allows no other way.
(function () {
  'use strict';

  const SLICE = 100; // cards that are drawn at once
  const FOLDERS_MAX = 200;
  const PAUSE_MS = 120; // after a key in the search, so that a fast typist is answered once
  const SHAPES = {critical: '◆', high: '▲', medium: '■', low: '●', info: '○'};

  const $ = (id) => document.getElementById(id);
  const number = (count) => count.toLocaleString('en');
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

  function el(name, attributes, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) if (value !== '') made.setAttribute(key, value);
    made.append(...inside.flat().filter((piece) => piece !== ''));
    return made;
  }

  function remembered(key, value) {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch { /* a browser may forbid it; the choice then holds for this visit */ }
    return null;
  }

  // ---------------------------------------------------------------------------------------- one finding: see _card

  const severityWord = (severity) =>
    el('span', {class: 'severity ' + severity}, el('span', {class: 'shape', 'aria-hidden': 'true'}, SHAPES[severity]), ' ', severity);

  function placeOf(row) {
    const place = row.line ? row.path + ':' + row.line : row.path;
    return row.line && row.column ? place + ':' + row.column : place;
  }

  function marks(row) {
    const found = [];
    if (row.is_new !== undefined) found.push(el('span', {class: 'badge'}, row.is_new ? 'new' : 'older'), ' ');
    if (row.accepted) found.push(el('span', {class: 'badge'}, 'accepted'));
    return found;
  }

  function code(row) {
    if (!row.before && !row.marked) return '';
    return el('pre', {}, row.line ? el('span', {class: 'number'}, String(row.line)) : '',
      el('code', {}, row.before || '', row.marked ? el('mark', {}, row.marked) : '', row.after || ''));
  }

  function acceptance(accepted) {
    if (!accepted) return '';
    const who = 'Accepted by ' + accepted.by + (accepted.until ? ' until ' + accepted.until : '');
    return el('p', {class: 'acceptance'}, el('b', {}, who), ' ', accepted.reason);
  }

  function weakness(cwe) {
    const found = /^CWE-(\d{1,6})$/.exec(cwe || '');
    if (!found) return cwe || '';
    const address = 'https://cwe.mitre.org/data/definitions/' + found[1] + '.html';
    return el('a', {href: address, rel: 'noopener noreferrer'}, cwe);
  }

  function details(row, note) {
    const told = [
      ['Rule', note.title],
      ['Why it matters', note.why],
      ['Why ' + row.severity, row.reason],
      ['In general', row.remedy && note.remedy !== row.remedy ? note.remedy : ''],
      ['Weakness', weakness(note.cwe)],
      ['Only in commit', row.commit],
      ['Found by', row.origin ? row.agent + ' (' + row.origin + ')' : row.agent],
    ];
    const pairs = told.filter(([, value]) => value).map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]);
    return el('details', {}, el('summary', {}, 'Why, and what to do'), el('dl', {}, pairs.flat()));
  }

  function card(row) {
    const note = data.rules[row.rule];
    const title = 'title-' + row.anchor;
    const remedy = row.remedy || note.remedy;
    return el('article', {
      id: row.anchor,
      class: 'finding ' + row.severity + (row.accepted ? ' accepted' : ''),
      tabindex: '-1',
      'aria-labelledby': title,
    },
    el('h4', {id: title}, severityWord(row.severity), ' ', el('span', {}, row.message)),
    el('p', {class: 'where'}, el('code', {class: 'place'}, placeOf(row)), ' ', marks(row)),
    code(row),
    acceptance(row.accepted),
    remedy ? el('p', {class: 'fix'}, el('b', {}, 'Fix'), ' ', remedy) : '',
    details(row, note),
    el('p', {class: 'marks'}, el('a', {href: '#' + row.anchor, class: 'id'}, row.id), ' ',
      el('a', {href: '#' + note.anchor, class: 'rule'}, row.rule)));
  }

  // ---------------------------------------------------------------------------------------- is the data what it was?

  function damaged(why) {
    $('damage').textContent = 'This file is damaged: ' + why + ' Do not rely on it; export it again.';
    $('integrity-verdict').textContent = 'data damaged: not what was written';
  }

  async function compare() {
    const verdict = $('integrity-verdict');
    const source = $('data');
    if (!window.crypto || !crypto.subtle) {
      verdict.textContent = 'not compared: this browser compares only on pages from a disk or over https';
      return;
    }
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source.textContent));
    const found = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (found === source.dataset.sha256) verdict.textContent = 'data whole: compared just now';
    else damaged('its data is not what was written into it.');
  }

  // ---------------------------------------------------------------------------------------- which findings, in what order

  let data, rows, texts;
  let groups = []; // [heading, rows] of what is chosen
  let drawn = 0; // how many of them have a card
  let chosen = 0;

  const stateOf = (row) => (row.accepted ? 'accepted' : row.is_new === undefined ? 'open' : row.is_new ? 'new' : 'older');
  const below = (name, top) => name === top || name.startsWith(top + '/');
  const STATES = {
    '': () => true,
    open: (row) => !row.accepted,
    accepted: (row) => Boolean(row.accepted),
    new: (row) => row.is_new === true,
    older: (row) => row.is_new === false,
  };
  const STATE_NAMES = {'': 'all', open: 'not accepted', accepted: 'accepted', new: 'new', older: 'older'};
  const HEADINGS = {
    severity: (row) => capital(row.accepted ? 'accepted' : row.is_new === false ? 'older than the baseline' : row.severity),
    rule: (row) => row.rule,
    path: (row) => row.path,
    state: (row) => ({open: 'Not accepted', new: 'New', older: 'Older', accepted: 'Accepted'})[stateOf(row)],
  };

  function textOf(row) {
    const note = data.rules[row.rule];
    const accepted = row.accepted || {};
    return [row.message, placeOf(row), row.rule, row.id, (row.before || '') + (row.marked || '') + (row.after || ''), row.remedy, row.agent, row.origin,
      row.commit, accepted.reason, accepted.by, note.title, note.cwe].filter(Boolean).join('\n').toLowerCase();
  }

  function choose() {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(Array.from($('severities').querySelectorAll('input:checked'), (box) => box.value));
    const rule = $('rule').value;
    const folder = $('folder').value;
    const state = STATES[$('state').value];
    return rows.filter((row, index) =>
      severities.has(row.severity) && state(row) && (!rule || below(row.rule, rule)) && (!folder || below(row.path, folder)) &&
      words.every((word) => texts[index].includes(word)));
  }

  function arrange(found) {
    const by = $('group').value;
    const made = new Map();
    for (const row of found) {
      const heading = HEADINGS[by](row);
      if (!made.has(heading)) made.set(heading, []);
      made.get(heading).push(row);
    }
    const arranged = Array.from(made);
    if (by === 'path') arranged.sort(([one], [other]) => (one < other ? -1 : 1));
    if (by === 'state') {
      const order = ['New', 'Not accepted', 'Older', 'Accepted'];
      arranged.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
    }
    return arranged;
  }

  // ---------------------------------------------------------------------------------------- drawing

  function refresh() {
    const found = choose();
    groups = arrange(found);
    chosen = found.length;
    drawn = 0;
    $('list').replaceChildren();
    if (!chosen) $('list').append(el('p', {class: 'nothing'}, rows.length ? 'Nothing here is like that.' : 'Nothing was found.'));
    draw(SLICE);
    const all = number(rows.length) + ' finding' + (rows.length === 1 ? '' : 's');
    $('count').textContent = chosen === rows.length ? all + ', worst first' : number(chosen) + ' of ' + all;
  }

  function draw(count) {
    let skip = drawn;
    let left = count;
    const list = $('list');
    for (const [heading, found] of groups) {
      if (left <= 0) break;
      if (skip >= found.length) {
        skip -= found.length;
        continue;
      }
      const part = found.slice(skip, skip + left);
      if (skip) {
        list.lastElementChild.append(...part.map(card));
      } else {
        list.append(el('section', {class: 'group'},
          el('h3', {}, heading, ' ', el('span', {class: 'quiet'}, number(found.length))), part.map(card)));
      }
      left -= part.length;
      drawn += part.length;
      skip = 0;
    }
    const rest = chosen - drawn;
    $('more').hidden = rest === 0;
    $('more-button').textContent = 'Show ' + number(Math.min(SLICE, rest)) + ' more of ' + number(rest);
  }

  function show(anchor) {
    const isThere = (row) => row.anchor === anchor;
    if (!rows.some(isThere)) return;
    let before = groups.flatMap(([, found]) => found).findIndex(isThere);
    if (before < 0) {
      reset();
      before = groups.flatMap(([, found]) => found).findIndex(isThere);
    }
    if (before >= drawn) draw(before + 1 - drawn);
    open($(anchor), true);
  }

  function open(found, isOpen) {
    found.querySelector('details').open = isOpen;
    found.focus({preventScroll: true});
    found.scrollIntoView({block: 'nearest'});
  }

  function reset() {
    $('tools').reset();
    refresh();
  }

  // ---------------------------------------------------------------------------------------- the tools above the list

  function counted(name) {
    const counts = new Map();
    for (const row of rows) for (const key of name(row)) counts.set(key, (counts.get(key) || 0) + 1);
    return counts;
  }

  const option = (value, name, count) => el('option', {value}, count === undefined ? name : name + ' (' + number(count) + ')');

  function fillTools() {
    const severities = counted((row) => [row.severity]);
    for (const severity of Object.keys(SHAPES)) {
      if (!severities.has(severity)) continue;
      const box = el('input', {type: 'checkbox', value: severity, checked: 'checked'});
      $('severities').append(el('label', {}, box, ' ', severityWord(severity), ' ', el('span', {class: 'quiet'}, number(severities.get(severity)))));
    }
    const rules = counted((row) => [row.rule]);
    const families = counted((row) => [row.rule.split('/')[0]]);
    $('rule').append(el('option', {}, 'all'));
    $('rule').firstChild.value = '';
    for (const family of [...families.keys()].sort()) {
      const own = [...rules.keys()].filter((rule) => below(rule, family)).sort();
      const isFamily = own.length !== 1 || own[0] !== family;
      $('rule').append(el('optgroup', {label: family}, isFamily ? option(family, 'all of ' + family, families.get(family)) : '',
        own.map((rule) => option(rule, rule, rules.get(rule)))));
    }
    const folders = counted(({path}) => {
      const parts = path.split('/').slice(0, -1);
      return parts.slice(0, 2).map((_, index) => parts.slice(0, index + 1).join('/')).filter(Boolean);
    });
    const largest = [...folders].sort((one, other) => other[1] - one[1]).slice(0, FOLDERS_MAX).map(([name]) => name).sort();
    fill('folder', largest.map((name) => option(name, name + '/', folders.get(name))));
    fill('state', Object.keys(STATES).filter((state) => state && rows.some(STATES[state]) && !rows.every(STATES[state]))
      .map((state) => option(state, STATE_NAMES[state], rows.filter(STATES[state]).length)));
  }

  function fill(id, options) {
    const all = el('option', {}, 'all');
    all.value = '';
    $(id).append(all, ...options);
    $(id).closest('.field').hidden = options.length === 0;
  }

  function listen() {
    let waiting = 0;
    $('search').addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(refresh, PAUSE_MS);
    });
    $('tools').addEventListener('change', (event) => {
      if (event.target !== $('search')) refresh();
    });
    $('tools').addEventListener('submit', (event) => {
      event.preventDefault();
      refresh();
    });
    $('show-all').addEventListener('click', reset);
    $('more-button').addEventListener('click', () => {
      const first = drawn;
      draw(SLICE);
      $('list').querySelectorAll('.finding')[first].focus();
    });
    window.addEventListener('hashchange', () => show(location.hash.slice(1)));
    window.addEventListener('beforeprint', () => draw(chosen));
  }

  // ---------------------------------------------------------------------------------------- keys and theme

  let last = ''; // the finding that had the focus: who looks something up elsewhere comes back to it

  function step(by) {
    const cards = Array.from($('list').querySelectorAll('.finding'));
    const here = cards.indexOf(document.activeElement.closest('.finding') || $(last));
    if (here + by >= cards.length && drawn < chosen) {
      draw(SLICE);
      step(by);
      return;
    }
    const next = cards[here < 0 ? 0 : Math.min(Math.max(here + by, 0), cards.length - 1)];
    if (!next) return;
    next.focus({preventScroll: true});
    next.scrollIntoView({block: 'nearest'});
  }

  const KEYS = {
    '/': () => {
      $('search').focus();
      $('search').select();
    },
    j: () => step(1),
    k: () => step(-1),
    '?': () => $('help').showModal(),
  };

  function press(event) {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $('help').open) return;
    const isTyping = target.matches('input:not([type=checkbox]), select, textarea');
    if (event.key === 'Escape') {
      const found = target.closest('.finding');
      if (found) open(found, false);
      else if (target === $('search')) {
        if (target.value) {
          target.value = '';
          refresh();
        } else target.blur();
      }
    } else if (event.key === 'Enter' && target.matches('.finding')) {
      open(target, !target.querySelector('details').open);
    } else if (!isTyping && $('keys-on').checked && Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  }

  function settings() {
    const choice = $('theme-choice');
    choice.value = document.documentElement.dataset.theme || '';
    choice.addEventListener('change', () => {
      if (choice.value) document.documentElement.dataset.theme = choice.value;
      else delete document.documentElement.dataset.theme;
      remembered('fairlead-theme', choice.value);
    });
    $('keys-on').checked = remembered('fairlead-keys') !== 'off';
    $('keys-on').addEventListener('change', () => remembered('fairlead-keys', $('keys-on').checked ? 'on' : 'off'));
    $('help-button').addEventListener('click', () => $('help').showModal());
    document.addEventListener('keydown', press);
    $('list').addEventListener('focusin', (event) => { last = event.target.closest('.finding').id; });
    $('settings').hidden = false;
  }

  // ---------------------------------------------------------------------------------------- begin

  try {
    data = JSON.parse($('data').textContent);
  } catch {
    damaged('its data cannot be read.');
    return;
  }
  rows = data.findings;
  texts = rows.map(textOf);
  settings();
  fillTools();
  listen();
  $('tools').hidden = rows.length === 0;
  $('partial').hidden = true;
  refresh();
  if (location.hash) show(location.hash.slice(1)); // an anchor has no character that an address would escape
  compare();
})();
