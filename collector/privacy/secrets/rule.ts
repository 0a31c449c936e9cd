/** The interface of a rule for secrets, and functions that several rules share. Pure. */

export interface SecretRule {
  /** Told in the marker and the counts: `github-token`. */
  readonly kind: string;
  /** In lower case. The pattern is tried only around one of them. */
  readonly keywords: readonly string[];
  /** With the flags `d` and `g`. The secret is the first group that took part, or the whole match. Every quantifier is bounded. */
  readonly pattern: RegExp;
  /** The group that holds the secret, where it is not the first that took part. */
  readonly group?: number;
  /** How far before a keyword a match may begin (UTF-16 units). Default `BACK`. */
  readonly back?: number;
  /** How far after the start of a keyword a match may end. Default `REACH`. */
  readonly reach?: number;
  /** The text holds this secret at `start`: is it one? */
  readonly accept?: (secret: string, text: string, start: number) => boolean;
}

export const BACK = 96;
export const REACH = 640;

const counts = new Uint16Array(128);
/** Enough to judge by. */
const JUDGED = 512;

/** Shannon entropy in bits per character; all non-ASCII characters count as one. */
export function entropyOf(text: string): number {
  const length = Math.min(text.length, JUDGED);
  counts.fill(0);
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    const slot = code < 128 ? code : 0;
    counts[slot] = (counts[slot] as number) + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

/** Names what is put there later, or says that nothing is: a variable, a placeholder, a call. */
const STANDS_FOR =
  /^(?:[$<{%*@`(]|\\?\$|\[REDACTED|\.{3}|…|-)|^(?:true|false|null|none|nil|undefined|unset|empty|x{3,}|\?+|_+)$|^(?:your|my|the|some|any|a|dummy|fake|example|sample|test|insert|enter|replace|put|change|secret|password|passwd|passphrase|token|api|key|todo|fixme|foo|bar|baz|admin|user|username|value|string|str|bytes|placeholder|redacted|masked|hidden|os|process|env|getenv|self|this|input|config|settings|args|options|request|response)(?:$|[\s_.([\]:,-])/i;

export function isPlaceholder(secret: string): boolean {
  return STANDS_FOR.test(secret) || /^(.)\1*$/.test(secret) || /[<{$][^>}]{0,64}$|\$\{|\{\{|\.\.\./.test(secret);
}

/** At least two of: lower case, upper case, digits, signs; and not one character over and over. */
export function isMixed(secret: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(secret)).length;
  return kinds >= 2 && entropyOf(secret) > 1.5;
}

/** A random string rather than a word, name or path of a program: letters and digits in disorder. */
export function looksRandom(secret: string): boolean {
  return secret.length >= 16 && /\d/.test(secret) && /[a-z]/i.test(secret) && entropyOf(secret) >= 3;
}
