/**
 * RE2's syntax in JavaScript's of Node 20, which has no inline flags: letters under (?i) become classes of both cases, names
 * of groups and POSIX classes go, \z is $. A quantifier without an upper bound gets one: it bounds what one start may cost.
 */

/** @param {string} source @param {number} most @returns {{ source: string, flags: string }} */
export function re2ToJs(source, most) {
  const plain = /^\(\?i\)((?:(?!\(\?[a-z]*-?[a-z]*[:)])[^]|\(\?:)*)$/.exec(source);
  if (plain !== null) return { source: new Converter(plain[1], most).convert(), flags: 'i' };
  return { source: new Converter(source, most).convert(), flags: '' };
}

const POSIX = { alnum: 'A-Za-z0-9', alpha: 'A-Za-z', digit: '0-9', xdigit: '0-9A-Fa-f', upper: 'A-Z', lower: 'a-z' };
const QUANTIFIER = /\{(\d+)(,(\d*))?\}/y;

class Converter {
  constructor(source, most) {
    this.source = source;
    this.most = most;
    this.pos = 0;
    this.flags = { i: false, s: false };
  }

  convert() {
    const out = this.sequence();
    if (this.pos < this.source.length) throw new Error(`an unmatched ) at ${this.pos} of ${this.source}`);
    return out;
  }

  /** Up to the ) that ends the group, or the end. A flag that is set within holds to that end. */
  sequence() {
    const { flags } = this;
    this.flags = { ...flags };
    let out = '';
    while (this.pos < this.source.length && this.source[this.pos] !== ')') out += this.next();
    this.flags = flags;
    return out;
  }

  next() {
    const char = this.source[this.pos];
    switch (char) {
      case '\\':
        return this.escape();
      case '[':
        return this.classOf();
      case '(':
        return this.group();
      case '.':
        this.pos += 1;
        return this.flags.s ? '[^]' : '.';
      case '+':
        this.pos += 1;
        return `{1,${this.most}}`;
      case '*':
        this.pos += 1;
        return `{0,${this.most}}`;
      case '{':
        return this.quantifier();
      case '}':
      case ']':
        this.pos += 1;
        return `\\${char}`;
      default:
        this.pos += 1;
        return this.flags.i ? bothCases(char) : char;
    }
  }

  escape() {
    const found = /\\(?:x[0-9A-Fa-f]{2}|[^])/y;
    found.lastIndex = this.pos;
    const [text] = found.exec(this.source) ?? [''];
    this.pos += text.length;
    if (text === '\\z') return '$';
    if (/^\\[AQEpPCaG]/.test(text)) throw new Error(`${text} in ${this.source} has no counterpart`);
    return /^\\[_"'=@#<>!%&,:;~`]$/.test(text) ? text.slice(1) : text;
  }

  quantifier() {
    QUANTIFIER.lastIndex = this.pos;
    const found = QUANTIFIER.exec(this.source);
    if (found === null) {
      this.pos += 1;
      return '\\{';
    }
    this.pos += found[0].length;
    return found[3] === '' ? `{${found[1]},${Math.max(this.most, Number(found[1]))}}` : found[0];
  }

  group() {
    const opening = /\((?:\?(?:P<\w+>|([a-z]*)(?:-([a-z]+))?([:)])))?/y;
    opening.lastIndex = this.pos;
    const [text, on, off, end] = opening.exec(this.source);
    this.pos += text.length;
    const outer = this.flags;
    const inner = { ...outer };
    for (const flag of on ?? '') inner[flag] = true;
    for (const flag of off ?? '') inner[flag] = false;
    if (Object.keys(inner).some((flag) => flag !== 'i' && flag !== 's'))
      throw new Error(`flags of ${text} in ${this.source}`);
    if (end === ')') {
      this.flags = inner;
      return '';
    }
    this.flags = inner;
    const body = this.sequence();
    this.flags = outer;
    if (this.source[this.pos] !== ')') throw new Error(`an unmatched ( in ${this.source}`);
    this.pos += 1;
    return `${text === '(' ? '(' : '(?:'}${body})`;
  }

  classOf() {
    const found = /\[(\^?)(\]?(?:\[:\w+:\]|\\[^]|[^\]\\])*)\]/y;
    found.lastIndex = this.pos;
    const [text, not, body] = found.exec(this.source) ?? [];
    if (text === undefined) throw new Error(`an unmatched [ in ${this.source}`);
    this.pos += text.length;
    const named = body.replace(/^\]/, '\\]').replaceAll(/\[:(\w+):\]/g, (_, name) => POSIX[name]);
    return `[${not}${this.flags.i ? bothCasesOfClass(named) : named}]`;
  }
}

function bothCases(char) {
  return /[a-z]/i.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : char;
}

/** a-z, A-Z and single letters get their other case beside them; escapes stay. */
function bothCasesOfClass(body) {
  return body.replaceAll(/\\(?:x[0-9A-Fa-f]{2}|[^])|([a-z])-([a-z])|([A-Z])-([A-Z])|[a-zA-Z]/g, (text, a, z) => {
    if (text.startsWith('\\')) return text;
    if (a !== undefined) return `${text}${a.toUpperCase()}-${z.toUpperCase()}`;
    const other = text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
    return `${text}${other}`;
  });
}
