'use strict';

// Files of texts as people have them, read in the browser: what lora-train and lora-score find by themselves is found here, too.

const textColumns = ['text', 'sentence', 'review', 'content', 'body', 'comment'];

// { header, rows, place }: names of the columns, cells [rows][columns], and which column holds the texts.
function readTexts(name, bytes) {
  const text = decoded(bytes);
  const table = /\.jsonl?$/i.test(name) ? ofJson(text) : /\.txt$/i.test(name) ? ofLines(text) : ofDelimited(text, /\.tsv$/i.test(name) ? '\t' : null);
  if (table.rows.length === 0) throw new Error('holds no row, expected a header and texts.');
  const named = table.header.map(column => column.trim().toLowerCase());
  const place = table.header.length === 1 ? 0 : textColumns.map(column => named.indexOf(column)).find(index => index >= 0) ?? -1;
  if (place < 0) throw new Error(`has columns ${table.header.join(', ')}; one must be called ${textColumns.join(', ')}.`);
  return { ...table, place };
}

function decoded(bytes) {
  const encoding = bytes[0] === 0xFF && bytes[1] === 0xFE ? 'utf-16le' : bytes[0] === 0xFE && bytes[1] === 0xFF ? 'utf-16be' : 'utf-8';
  if (bytes[0] === 0x50 && bytes[1] === 0x4B) throw new Error('is a workbook or another zip file: save as CSV.');
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error('is not UTF-8: in the spreadsheet, save as CSV UTF-8.');
  }
}

function ofLines(text) {
  return { header: ['text'], rows: text.split(/\r?\n/).filter(line => line.trim() !== '').map(line => [line]) };
}

function ofJson(text) {
  const parsed = (json, place) => {
    try {
      return JSON.parse(json);
    } catch {
      throw new Error(`${place} is no JSON.`);
    }
  };
  const isArray = text.trimStart().startsWith('[');
  const objects = isArray ? parsed(text, 'the array')
    : text.split('\n').flatMap((line, index) => line.trim() === '' ? [] : [parsed(line, `line ${index + 1}`)]);
  const wrong = objects.findIndex(object => object === null || typeof object !== 'object' || Array.isArray(object));
  if (wrong >= 0) throw new Error(`${isArray ? 'entry' : 'object'} ${wrong + 1} is no JSON object, expected {"text": "…"}.`);
  const header = [...new Set(objects.flatMap(object => Object.keys(object)))];
  const cell = value => value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return { header, rows: objects.map(object => header.map(name => cell(object[name]))) };
}

// RFC 4180, with the delimiter that stands most often in the header.
function ofDelimited(text, given) {
  const firstLine = text.slice(0, (text.indexOf('\n') + 1 || text.length + 1) - 1);
  const count = mark => firstLine.split(mark).length;
  const delimiter = given ?? [',', ';', '\t'].reduce((best, mark) => count(mark) > count(best) ? mark : best);
  const records = [];
  let cells = [], cell = '', quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at++; }
      else quoted = false;
    } else if (letter === '"' && cell === '') {
      quoted = true;
    } else if (letter === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (letter === '\n') {
      records.push([...cells, cell.replace(/\r$/, '')]);
      [cells, cell] = [[], ''];
    } else {
      cell += letter;
    }
  }
  if (quoted) throw new Error('has a quote that is never closed.');
  if (cell !== '' || cells.length > 0) records.push([...cells, cell]);
  const [header = [], ...rows] = records.filter(record => record.length > 1 || record[0] !== '');
  const wrong = rows.findIndex(row => row.length !== header.length);
  if (wrong >= 0) throw new Error(`row ${wrong + 1} has ${rows[wrong].length} fields, the header has ${header.length}.`);
  return { header, rows };
}
