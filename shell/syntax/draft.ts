/** A word under construction: the stretches it consists of, before braces are expanded and the text is put together. */
import type { Substitution } from './syntax.ts';

/** A stretch of a word. */
export interface Piece {
  readonly text: string;
  /** `opaque`: known to the running shell only, text as written. `gap`: an unquoted `$IFS`, which separates words. */
  readonly kind: 'literal' | 'quoted' | 'opaque' | 'gap';
}

export interface Draft {
  readonly pieces: Piece[];
  quoted: boolean;
  /** An unquoted `{` was seen. */
  braces: boolean;
  substitutions: Substitution[] | undefined;
}

export function createDraft(quoted = false): Draft {
  return { pieces: [], quoted, braces: false, substitutions: undefined };
}
