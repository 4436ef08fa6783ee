'use strict';

// One page over /v1: no framework, no build step, nothing loaded from elsewhere. Files of texts are read by texts.js.

const linesPerCall = 100;
const rowsShown = 200;
const examples = [
  ['a good one', 'A slow start, but the last act is wonderful.'],
  ['a bad one', 'Two hours of my life that I want back: dull, loud and far too long.'],
  ['a hard one', 'Not the masterpiece that everybody promised, and yet I would not have missed it.'],
];
const byId = id => document.getElementById(id);
let key = sessionStorage.getItem('key') ?? '';
let models = [];
let table = null; // what is shown and downloaded: { header, rows }

class CallError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(path, body, isPatient = false) {
  const headers = { 'content-type': 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new CallError(0, 'The server does not answer.');
  }
  if (response.ok) return response.json();
  if (response.status === 429 && isPatient) {
    await new Promise(resume => setTimeout(resume, 1000 * Number(response.headers.get('retry-after') ?? 1)));
    return call(path, body, isPatient);
  }
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) byId('key-form').hidden = false;
  throw new CallError(response.status, problem.detail ?? problem.title ?? `The server answered ${response.status}.`);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function say(id, message, isError = false) {
  byId(id).textContent = message;
  byId(id).classList.toggle('error', isError);
}

const nameOf = model => `${model.name}@${model.version}`;
const percent = score => `${(100 * score).toFixed(1)}\u00A0%`; // never broken at a line's end
const milliseconds = microseconds => `${(microseconds / 1000).toFixed(1)} ms`;
const decided = (model, prediction) => model.multi_label ? prediction.labels.join(' + ') || 'no label' : prediction.label;

function chosen() {
  return [byId('model').value, byId('other').value].filter(value => value !== '').map(value => models[Number(value)]);
}

async function loadModels() {
  try {
    models = (await call('v1/models')).models;
    say('about', '');
  } catch (failure) {
    say('about', failure.message, true);
    return;
  }
  const options = () => models.map((model, index) => element('option', { value: String(index), textContent: nameOf(model) }));
  byId('model').replaceChildren(...options());
  byId('other').replaceChildren(element('option', { value: '', textContent: 'nothing' }), ...options());
  describeModel();
}

function describeModel() {
  const model = chosen()[0];
  if (!model) return;
  const { 'lora_onnx.f1': f1, 'lora_onnx.f1_texts': texts } = model.metadata;
  say('about', [
    model.labels.slice(0, 8).join(', ') + (model.labels.length > 8 ? ` and ${model.labels.length - 8} more` : '')
      + (model.multi_label ? ' (each on its own)' : ''),
    f1 ? `F1 ${percent(Number(f1))}${texts ? ` on ${texts}` : ''}` : '',
    model.precision,
  ].filter(part => part !== '').join('; '));
  const notes = [['labels', model.labels.join(', ')], ['longest text', `${model.max_tokens} tokens`],
    ...(model.multi_label ? [['thresholds', model.labels.map((label, index) => `${label} ${percent(model.thresholds[index])}`).join(', ')]] : []),
    ['SHA-256', model.sha256],
    ...Object.entries(model.metadata).map(([name, note]) => [name.replace(/^lora_onnx\./, '').replaceAll('_', ' '), note])];
  byId('notes').replaceChildren(...notes.filter(([, note]) => note !== '').flatMap(
    ([name, note]) => [element('dt', { textContent: name }), element('dd', { textContent: note })]));
  byId('more').hidden = false;
  showPrograms();
}

// The call that Classify makes, for a shell and for C#; a text stands in both as JSON writes it.
function showPrograms() {
  const model = chosen()[0];
  const text = byId('text').value || examples[0][1];
  const address = new URL('.', location.href).href;
  const json = JSON.stringify({ text, model: model?.name ?? '' });
  byId('curl').textContent = `curl ${address}v1/predict -H 'content-type: application/json'${key ? ' -H "authorization: Bearer $KEY"' : ''} `
    + `-d '${json.replaceAll("'", "'\\''")}'`;
  byId('csharp').textContent = ['using System.Net.Http.Json;', 'using System.Text.Json;', '',
    `using var http = new HttpClient { BaseAddress = new Uri(${JSON.stringify(address)}) };`,
    ...(key ? ['http.DefaultRequestHeaders.Authorization = new("Bearer", Environment.GetEnvironmentVariable("KEY"));'] : []),
    `var response = await http.PostAsJsonAsync("v1/predict", new { text = ${JSON.stringify(text)}, model = ${JSON.stringify(model?.name ?? '')} });`,
    'var answer = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();',
    'Console.WriteLine($"{answer.GetProperty("label")} {answer.GetProperty("score")}");'].join('\n');
}

// Of a multi-label model a bar says, too, from where on its label holds.
function scoreTable(model, prediction) {
  const rows = prediction.scores.map(({ label, score }, index) => {
    const fill = element('div');
    fill.style.width = `${100 * score}%`;
    return element('tr', {},
      element('th', { scope: 'row', textContent: label }),
      element('td', { ariaHidden: 'true' }, element('div', { className: 'bar' }, fill)),
      element('td', { textContent: percent(score) }),
      ...(model.multi_label ? [element('td', { className: 'hint', textContent: `from ${percent(model.thresholds[index])}` })] : []));
  });
  return element('table', { className: 'scores', ariaLabel: model.multi_label ? 'Scores, each on its own' : 'Probabilities' },
    element('tbody', {}, ...rows));
}

// A text with its words coloured by what they add to the class's logit, and the numbers for those who do not see colours.
function explanationOf(text, { words, label, steps, gap, warning }) {
  const most = Math.max(...words.map(word => Math.abs(word.value)), Number.MIN_VALUE);
  const shown = element('p', { className: 'words', ariaLabel: 'Words' });
  let end = 0;
  for (const word of words) {
    const number = `${word.value < 0 ? '−' : '+'}${Math.abs(word.value).toFixed(2)}`;
    const mark = element('span', { className: `word ${word.value < 0 ? 'against' : 'for'}`, title: number }, text.slice(word.start, word.end),
      element('span', { className: 'unseen', textContent: ` (${number})` }));
    mark.style.setProperty('--strength', `${(100 * Math.abs(word.value) / most).toFixed(0)}%`);
    shown.append(text.slice(end, word.start), mark);
    end = word.end;
  }
  shown.append(text.slice(end));
  return element('div', {}, shown,
    element('p', { className: 'hint', textContent: `Blue words speak for ${label}, orange and dotted ones against it; numbers are parts of its logit `
      + `(${steps} steps, ${gap.toFixed(3)} unaccounted for).` }),
    ...(warning ? [element('p', { className: 'cut', textContent: warning })] : []));
}

function explainButton(model, text) {
  const place = element('div');
  const button = element('button', { type: 'button', textContent: 'Which words decide?' });
  button.addEventListener('click', async () => {
    button.disabled = true;
    place.textContent = 'Working…';
    try {
      place.replaceChildren(explanationOf(text, await call('v1/explain',
        { text, model: model.name, model_version: model.version, offset_unit: 'utf16' })));
      button.remove();
    } catch (failure) {
      place.replaceChildren(element('p', { className: 'error', textContent: failure.message }));
      button.disabled = false;
    }
  });
  return [button, place];
}

function answerOf(model, text, prediction, tokens) {
  const times = prediction.times;
  const parts = [
    element('h3', { textContent: nameOf(model) }),
    element('p', { className: 'label', textContent: decided(model, prediction) }),
    scoreTable(model, prediction),
    element('p', { className: 'hint', textContent: `${milliseconds(times.total_us)} (tokenise ${milliseconds(times.tokenize_us)}, `
      + `wait ${milliseconds(times.queue_us)}, model ${milliseconds(times.infer_us)})${prediction.shared ? ', shared' : ''}` }),
    element('p', {
      className: prediction.truncated ? 'cut' : 'hint',
      textContent: prediction.truncated
        ? `Cut: the model read ${prediction.tokens} of ${prediction.total_tokens} tokens.`
        : `Not cut: ${prediction.tokens} tokens.`,
    }),
    ...explainButton(model, text),
    element('details', { open: tokens.length <= 64 },
      element('summary', { textContent: 'Tokens' }),
      element('ol', { className: 'tokens' }, ...tokens.map(token => element('li', {
        className: token.special ? 'special' : '', textContent: token.text, title: String(token.id),
      })))),
  ];
  return element('article', { className: 'answer', ariaLabel: nameOf(model) }, ...parts);
}

async function classifyOne(event) {
  event.preventDefault();
  const text = byId('text').value;
  say('one-status', 'Working…');
  try {
    const answers = await Promise.all(chosen().map(async model => {
      const named = { text, model: model.name, model_version: model.version };
      const [prediction, tokenized] = await Promise.all([call('v1/predict', named), call('v1/tokenize', named)]);
      return { model, prediction, tokens: tokenized.tokens };
    }));
    byId('answers').replaceChildren(...answers.map(({ model, prediction, tokens }) => answerOf(model, text, prediction, tokens)));
    say('one-status', ''); // the answers themselves are read out
  } catch (failure) {
    byId('answers').replaceChildren();
    say('one-status', failure.message, true);
  }
}

function classifyLines(event) {
  event.preventDefault();
  const texts = byId('lines').value.split(/\r?\n/).filter(line => line.trim() !== '');
  if (texts.length === 0) {
    say('many-status', 'There is no text.', true);
    return;
  }
  classifyMany({ header: ['text'], rows: texts.map(text => [text]), place: 0 });
}

async function classifyFile() {
  const [file] = byId('file').files;
  if (!file) return;
  let read;
  try {
    read = readTexts(file.name, new Uint8Array(await file.arrayBuffer()));
  } catch (failure) {
    clearTable();
    say('many-status', `${file.name}: ${failure.message}`, true);
    return;
  }
  classifyMany(read, `${file.name}: texts from column '${read.header[read.place]}'. `);
}

async function classifyMany({ header, rows, place }, note = '') {
  const asked = chosen();
  clearTable();
  try {
    const results = asked.map(() => []);
    for (let start = 0; start < rows.length; start += linesPerCall) {
      say('many-status', `${note}${start} of ${rows.length}…`);
      const part = rows.slice(start, start + linesPerCall).map(row => row[place]);
      const answers = await Promise.all(asked.map(
        model => call('v1/predict_batch', { texts: part, model: model.name, model_version: model.version }, true)));
      answers.forEach((answer, index) => results[index].push(...answer.results));
    }
    table = tableOf(header, rows, asked, results);
    showTable(place);
    const wrong = results.flat().filter(result => !result.prediction).length;
    const differ = table.rows.filter(row => row.differs).length;
    say('many-status', `${note}${rows.length} text${rows.length === 1 ? '' : 's'}${asked.length > 1 ? `, ${differ} labelled differently` : ''}`
      + `${wrong > 0 ? `, ${wrong} not answered` : ''}${rows.length > rowsShown ? `; the first ${rowsShown} are shown` : ''}.`, wrong > 0);
    byId('csv').disabled = false;
  } catch (failure) {
    say('many-status', failure.message, true);
  }
}

// What is shown and downloaded is never that of another file than the status tells of.
function clearTable() {
  byId('csv').disabled = true;
  byId('results').hidden = true;
}

function tableOf(own, texts, asked, results) {
  const added = asked.flatMap(model => ['label', ...(model.multi_label ? ['labels'] : []), 'score', 'tokens', 'cut']
    .map(column => asked.length > 1 ? `${column} (${nameOf(model)})` : column));
  const header = [...own.map(column => added.includes(column) ? `input_${column}` : column), ...added]; // as lora-score names them
  const rows = texts.map((row, line) => {
    const labels = results.map((result, index) => result[line].prediction && decided(asked[index], result[line].prediction));
    const cells = results.flatMap((result, index) => {
      const { prediction, error } = result[line];
      const several = asked[index].multi_label ? [prediction?.labels.join('|') ?? ''] : [];
      return prediction
        ? [prediction.label, ...several, prediction.score.toFixed(4), String(prediction.tokens), prediction.truncated ? 'yes' : 'no']
        : [error.message, ...several, '', '', ''];
    });
    return { cells: [...row, ...cells], differs: labels.length > 1 && labels[0] !== labels[1] };
  });
  return { header, rows };
}

function showTable(place) {
  const head = element('tr', {}, element('th', { scope: 'col', textContent: '#' }),
    ...table.header.map(title => element('th', { scope: 'col', textContent: title })));
  const rows = table.rows.slice(0, rowsShown).map((row, line) => element('tr', { className: row.differs ? 'differs' : '' },
    element('th', { scope: 'row', className: 'number', textContent: String(line + 1) }),
    ...row.cells.map((cell, column) => element('td', {
      textContent: cell, className: column === place ? 'text' : /^[\d.]+$/.test(cell) ? 'number' : '',
    }))));
  byId('results').replaceChildren(element('table', { className: 'table' }, element('thead', {}, head), element('tbody', {}, ...rows)));
  byId('results').hidden = false;
}

function downloadCsv() {
  // A spreadsheet computes cells that begin so; behind an apostrophe they are text.
  const harmless = cell => /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  const quoted = cell => `"${harmless(cell).replaceAll('"', '""')}"`;
  const byteOrderMark = byId('excel').checked ? '\uFEFF' : ''; // tells Excel that it is UTF-8
  const lines = [table.header, ...table.rows.map(row => row.cells)].map(cells => cells.map(quoted).join(','));
  const link = element('a', {
    href: URL.createObjectURL(new Blob([byteOrderMark, lines.join('\r\n') + '\r\n'], { type: 'text/csv' })), download: 'lora-serve.csv',
  });
  link.click();
  URL.revokeObjectURL(link.href);
}

byId('key-form').addEventListener('submit', event => {
  event.preventDefault();
  key = byId('key').value.trim();
  sessionStorage.setItem('key', key);
  byId('key-form').hidden = true;
  loadModels();
});
byId('model').addEventListener('change', describeModel);
byId('one-form').addEventListener('submit', classifyOne);
byId('many-form').addEventListener('submit', classifyLines);
byId('file').addEventListener('change', classifyFile);
byId('file').addEventListener('click', () => { byId('file').value = ''; }); // a file that was mended may be chosen again
byId('text').addEventListener('input', showPrograms);
byId('csv').addEventListener('click', downloadCsv);
byId('text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) classifyOne(event);
});
for (const [name, text] of examples) {
  const button = element('button', { type: 'button', textContent: name });
  button.addEventListener('click', event => {
    byId('text').value = text;
    showPrograms();
    classifyOne(event);
  });
  byId('examples').append(button);
}
loadModels();
