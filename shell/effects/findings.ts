/** Gathers the effects of one line: paths placed, repeats left out, the number bounded and the surplus counted. */
import { joinPath } from '../paths.ts';
import type { Address } from '../hosts.ts';
import type { Cause, Effect, FileEffect, FileOperation, NetworkEffect } from './effect.ts';

/** Longer words are data, not paths. */
const PATH_CHARS = 4_096;

/** Devices that keep nothing, and the streams of the process itself. */
const NO_FILE =
  /^\/dev\/(?:null|zero|full|u?random|tty|ptmx|console|std(?:in|out|err)|fd\/.*|pts\/.*)$|^(?:NUL|CON|\$null)$/i;
/** Variables and substitutions, as far as a text alone tells. */
const UNKNOWN = /\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\$[@*#?]|`[^`]*`|%\w+%/g;

export interface Limits {
  /** Effects kept of one line. */
  readonly effects: number;
}

export class Findings {
  readonly effects: Effect[] = [];
  /** Effects beyond the limit. */
  surplus = 0;
  readonly #limits: Limits;
  readonly #seen = new Set<string>();
  #cause: Cause = { program: '', exitStatus: 'lost' };
  #folder: string | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The command that the following effects are of, and its folder. */
  of(cause: Cause, folder: string | undefined): void {
    this.#cause = cause;
    this.#folder = folder;
  }

  read(...paths: readonly string[]): void {
    for (const path of paths) this.file('read', path);
  }

  create(...paths: readonly string[]): void {
    for (const path of paths) this.file('create', path, 'create or overwrite');
  }

  delete(...paths: readonly string[]): void {
    for (const path of paths) this.file('delete', path);
  }

  move(from: string, path: string): void {
    const old = this.#placed(from);
    this.file('move', path, undefined, old?.path);
  }

  /** An operation on a path as written; none for what is no file, and for files of another machine. */
  file(operation: FileOperation, written: string, note?: string, from?: string): void {
    if (this.#cause.elsewhere !== undefined) return;
    const placed = this.#placed(written);
    if (placed === undefined) return;
    const effect: FileEffect = {
      kind: 'file',
      operation,
      ...placed,
      ...(note === undefined ? {} : { note }),
      ...(from === undefined ? {} : { from }),
    };
    this.#add(`${operation}\0${placed.path}\0${from ?? ''}`, effect);
  }

  network(address: Address | undefined, method?: string): void {
    if (address === undefined) return;
    const { host, port, protocol } = address;
    const effect: NetworkEffect = {
      kind: 'network',
      host,
      ...(port === undefined ? {} : { port }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(method === undefined ? {} : { method }),
    };
    this.#add(`${host}\0${port ?? ''}\0${protocol ?? ''}\0${method ?? ''}`, effect);
  }

  /** In a folder other than the command's own. */
  within(folder: string | undefined, report: () => void): void {
    const own = this.#folder;
    this.#folder = folder;
    report();
    this.#folder = own;
  }

  /** The folder that a path leads to from the command's own. */
  folderAt(path: string): string | undefined {
    return joinPath(this.#folder, path);
  }

  #add(key: string, effect: FileEffect | NetworkEffect): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.effects.length < this.#limits.effects) this.effects.push({ ...effect, cause: this.#cause });
    else this.surplus += 1;
  }

  #placed(written: string): Pick<FileEffect, 'path' | 'place'> | undefined {
    if (written === '' || written === '-' || written === '{}' || written.length > PATH_CHARS) return undefined;
    if (written.includes('\n') || written.includes('\0') || NO_FILE.test(written)) return undefined;
    // A process substitution is a pipe.
    if (/[<>]\(/.test(written)) return undefined;
    const rest = written.replace(UNKNOWN, '');
    const isWritten = rest.length < written.length || /[*?$`]|\[[^\]]+\]/.test(written);
    // Nothing of it can be read: `$f`, `"$dir/$name"`.
    if (isWritten && !/[\p{L}\p{N}*]/u.test(rest)) return undefined;
    const path = joinPath(this.#folder, written);
    if (path === undefined) return { path: written, place: 'unknown folder' };
    if (path === '' || path.length > PATH_CHARS) return undefined;
    return { path, place: isWritten ? 'as written' : 'certain' };
  }
}
