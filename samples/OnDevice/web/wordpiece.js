'use strict';

// WordPiece as BERT's uncased models have it: ids of a text, specials included, cut at maxTokens.
class WordPiece {
  constructor(vocabulary) {
    this.ids = new Map(vocabulary.split('\n').map((piece, id) => [piece.trimEnd(), id]));
  }

  encode(text, maxTokens) {
    const pieces = this.words(text).flatMap(word => this.pieces(word)).slice(0, maxTokens - 2);
    return ['[CLS]', ...pieces, '[SEP]'].map(piece => this.ids.get(piece));
  }

  // Lower case without accents, Chinese characters and punctuation alone.
  words(text) {
    return text
      .replace(/[\t\n\r]/g, ' ')
      .replace(/[\0\uFFFD\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '')
      .replace(/[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu, ' $& ')
      .normalize('NFD').replace(/\p{Mn}/gu, '').toLowerCase()
      .replace(/[\p{P}$+<=>^`|~]/gu, ' $& ')
      .split(/[\s\p{Zs}]+/u).filter(word => word.length > 0);
  }

  // The longest pieces from the left; a word with a part that has none is unknown.
  pieces(word) {
    const characters = [...word];
    const found = [];
    if (characters.length > 100) {
      return ['[UNK]'];
    }

    for (let start = 0; start < characters.length;) {
      const prefix = start > 0 ? '##' : '';
      let end = characters.length;
      while (end > start && !this.ids.has(prefix + characters.slice(start, end).join(''))) {
        end--;
      }

      if (end === start) {
        return ['[UNK]'];
      }

      found.push(prefix + characters.slice(start, end).join(''));
      start = end;
    }

    return found;
  }
}
