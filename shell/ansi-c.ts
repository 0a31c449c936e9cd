/** ANSI-C quoting of bash: `$'\x63url'` is `curl` (Bash Reference Manual, "ANSI-C Quoting"). */

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

const utf8 = new TextDecoder('utf-8');

/** Index of the closing quote of `$'…'` whose text begins at `from`, or -1. */
export function endOfAnsiC(text: string, from: number): number {
  for (let pos = from; pos < text.length; pos++) {
    const char = text[pos];
    if (char === '\\') pos += 1;
    else if (char === "'") return pos;
  }
  return -1;
}

/** Resolves the escapes of ANSI-C quoting, also used by `echo -e` and `printf`; unknown ones stay as written. */
export function decodeAnsiC(text: string, octalNeedsZero = false): string {
  if (!text.includes('\\')) return text;
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    // Escaped bytes form UTF-8 together: \303\251 is one letter.
    if (bytes.length > 0) out.push(utf8.decode(Uint8Array.from(bytes)));
    bytes = [];
  };
  let pos = 0;
  while (pos < text.length) {
    const backslash = text.indexOf('\\', pos);
    if (backslash !== pos) {
      flush();
      out.push(text.slice(pos, backslash < 0 ? text.length : backslash));
      if (backslash < 0) break;
    }
    const escape = readEscape(text, backslash + 1, octalNeedsZero);
    pos = escape.next;
    if (escape.byte !== undefined) bytes.push(escape.byte);
    else {
      flush();
      out.push(escape.text);
    }
  }
  flush();
  return out.join('');
}

interface Escape {
  readonly text: string;
  readonly byte?: number;
  readonly next: number;
}

function readEscape(text: string, at: number, octalNeedsZero: boolean): Escape {
  const char = text[at];
  if (char === undefined) return { text: '\\', next: at };
  const simple = SIMPLE[char];
  if (simple !== undefined && Object.hasOwn(SIMPLE, char)) return { text: simple, next: at + 1 };
  if (char === 'x') return bytes(text, at + 1, 16, 2, '\\x');
  if (char === 'u') return codePoint(text, at + 1, 4, '\\u');
  if (char === 'U') return codePoint(text, at + 1, 8, '\\U');
  if (char === 'c' && at + 1 < text.length) {
    return { text: String.fromCharCode(text.charCodeAt(at + 1) & 0x1f), next: at + 2 };
  }
  if (char >= '0' && char <= '7') {
    // `echo -e` and `%b` write octal as \0nnn, ANSI-C quoting as \nnn.
    if (octalNeedsZero && char === '0') return bytes(text, at + 1, 8, 3, '\0');
    return bytes(text, at, 8, 3, '\\');
  }
  return { text: `\\${char}`, next: at + 1 };
}

function bytes(text: string, from: number, radix: 8 | 16, digits: number, otherwise: string): Escape {
  const number = readDigits(text, from, radix, digits);
  if (number.count === 0) return { text: otherwise, next: from };
  return { text: '', byte: number.value & 0xff, next: from + number.count };
}

function codePoint(text: string, from: number, digits: number, otherwise: string): Escape {
  const number = readDigits(text, from, 16, digits);
  if (number.count === 0) return { text: otherwise, next: from };
  const isValid = number.value <= 0x10ffff && (number.value < 0xd800 || number.value > 0xdfff);
  return { text: isValid ? String.fromCodePoint(number.value) : '\ufffd', next: from + number.count };
}

function readDigits(text: string, from: number, radix: 8 | 16, digits: number): { value: number; count: number } {
  let value = 0;
  let count = 0;
  while (count < digits) {
    const digit = digitOf(text.charCodeAt(from + count));
    if (digit >= radix) break;
    value = value * radix + digit;
    count += 1;
  }
  return { value, count };
}

/** Value of a hexadecimal digit, 99 for anything else. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 99;
}
