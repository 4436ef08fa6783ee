'use strict';

// One page over /v1: no framework, no build step, nothing loaded from elsewhere.

const linesPerCall = 100;
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

async function call(path, body) {
  const headers = { 'content-type': 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new CallError(0, 'The server does not answer.');
  }
  if (response.ok) return response.json();
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
const percent = score => `${(100 * score).toFixed(1)} %`;
const milliseconds = microseconds => `${(microseconds / 1000).toFixed(1)} ms`;
const decided = prediction => prediction.labels.length > 0 ? prediction.labels.join(' + ') : prediction.label;

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
  if (model) say('about', `${model.labels.join(', ')}${model.multi_label ? ' (each on its own)' : ''}; up to ${model.max_tokens} tokens. `
    + Object.entries(model.metadata).map(([name, note]) => `${name}: ${note}`).join('; '));
}

function scoreTable(prediction) {
  const rows = prediction.scores.map(({ label, score }) => {
    const fill = element('div');
    fill.style.width = percent(score).replace(' ', '');
    return element('tr', {},
      element('th', { scope: 'row', textContent: label }),
      element('td', { ariaHidden: 'true' }, element('div', { className: 'bar' }, fill)),
      element('td', { textContent: percent(score) }));
  });
  return element('table', { className: 'scores', ariaLabel: 'Probabilities' }, element('tbody', {}, ...rows));
}

function answerOf(model, prediction, tokens) {
  const times = prediction.times;
  const parts = [
    element('h3', { textContent: nameOf(model) }),
    element('p', { className: 'label', textContent: decided(prediction) }),
    scoreTable(prediction),
    element('p', { className: 'hint', textContent: `${milliseconds(times.total_us)} (tokenise ${milliseconds(times.tokenize_us)}, `
      + `wait ${milliseconds(times.queue_us)}, model ${milliseconds(times.infer_us)})${prediction.shared ? ', shared' : ''}` }),
    element('p', {
      className: prediction.truncated ? 'cut' : 'hint',
      textContent: prediction.truncated
        ? `Cut: the model read ${prediction.tokens} of ${prediction.total_tokens} tokens.`
        : `Not cut: ${prediction.tokens} tokens.`,
    }),
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
    byId('answers').replaceChildren(...answers.map(({ model, prediction, tokens }) => answerOf(model, prediction, tokens)));
    say('one-status', answers.map(({ model, prediction }) => `${nameOf(model)}: ${decided(prediction)}, ${percent(prediction.score)}.`).join(' '));
  } catch (failure) {
    byId('answers').replaceChildren();
    say('one-status', failure.message, true);
  }
}

async function classifyMany(event) {
  event.preventDefault();
  const texts = byId('lines').value.split(/\r?\n/).filter(line => line.trim() !== '');
  const asked = chosen();
  if (texts.length === 0) {
    say('many-status', 'There is no text.', true);
    return;
  }
  byId('csv').disabled = true;
  try {
    const results = asked.map(() => []);
    for (let start = 0; start < texts.length; start += linesPerCall) {
      say('many-status', `${start} of ${texts.length}…`);
      const part = texts.slice(start, start + linesPerCall);
      const answers = await Promise.all(asked.map(
        model => call('v1/predict_batch', { texts: part, model: model.name, model_version: model.version })));
      answers.forEach((answer, index) => results[index].push(...answer.results));
    }
    table = tableOf(texts, asked, results);
    showTable();
    const wrong = results.flat().filter(result => !result.prediction).length;
    const differ = table.rows.filter(row => row.differs).length;
    say('many-status', `${texts.length} texts${asked.length > 1 ? `, ${differ} labelled differently` : ''}`
      + `${wrong > 0 ? `, ${wrong} not answered` : ''}.`, wrong > 0);
    byId('csv').disabled = false;
  } catch (failure) {
    say('many-status', failure.message, true);
  }
}

function tableOf(texts, asked, results) {
  const header = ['text', ...asked.flatMap(model =>
    ['label', 'score', 'tokens', 'cut'].map(column => asked.length > 1 ? `${column} (${nameOf(model)})` : column))];
  const rows = texts.map((text, line) => {
    const labels = results.map(result => result[line].prediction && decided(result[line].prediction));
    const cells = results.flatMap(result => {
      const { prediction, error } = result[line];
      return prediction
        ? [decided(prediction), prediction.score.toFixed(4), String(prediction.tokens), prediction.truncated ? 'yes' : 'no']
        : [error.message, '', '', ''];
    });
    return { cells: [text, ...cells], differs: labels.length > 1 && labels[0] !== labels[1] };
  });
  return { header, rows };
}

function showTable() {
  const head = element('tr', {}, element('th', { scope: 'col', textContent: '#' }),
    ...table.header.map(title => element('th', { scope: 'col', textContent: title })));
  const rows = table.rows.map((row, line) => element('tr', { className: row.differs ? 'differs' : '' },
    element('th', { scope: 'row', className: 'number', textContent: String(line + 1) }),
    ...row.cells.map((cell, column) => element('td', {
      textContent: cell, className: column === 0 ? 'text' : /^[\d.]+$/.test(cell) ? 'number' : '',
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
byId('many-form').addEventListener('submit', classifyMany);
byId('csv').addEventListener('click', downloadCsv);
byId('text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) classifyOne(event);
});
loadModels();
