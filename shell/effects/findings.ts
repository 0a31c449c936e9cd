/** Collects effects: places their paths, drops repeats, limits their number and counts the surplus. */
import { joinPath } from '../paths.ts';
import type { Address } from '../hosts.ts';
import {
  type Cause,
  type Certainty,
  type Effect,
  type FileEffect,
  type FileNote,
  type FileOperation,
  isEvent,
  type NetworkEffect,
} from './effect.ts';

/** Longer words are data, not paths. */
const PATH_CHARS = 4_096;

/** Devices that keep nothing, and the streams of the process itself. */
const NO_FILE =
  /^\/dev\/(?:null|zero|full|u?random|tty|ptmx|console|std(?:in|out|err)|fd\/.*|pts\/.*)$|^(?:NUL|CON|\$null)$/i;
/** Variables and substitutions, recognised by the text alone. */
const UNKNOWN = /\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\$[@*#?]|`[^`]*`|%\w+%/g;

export interface Scope {
  /** Effects that are kept; more are counted. */
  readonly limit: number;
  /** `events`: only the effects that events are derived from. */
  readonly only: 'events' | 'everything';
}

export class Findings {
  readonly effects: Effect[] = [];
  /** Effects beyond the limit. */
  surplus = 0;
  readonly #limit: number;
  readonly #onlyEvents: boolean;
  readonly #seen = new Set<string>();
  #cause: Cause = { program: '', exitStatus: 'lost' };
  #folder: string | undefined;
  #certainty: Certainty = 'certain';

  constructor({ limit, only }: Scope) {
    this.#limit = limit;
    this.#onlyEvents = only === 'events';
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

  /** What is reported is possible, not certain. Nothing is reported where only certain effects are collected. */
  possibly(report: () => void): void {
    if (this.#onlyEvents) return;
    const own = this.#certainty;
    this.#certainty = 'possible';
    report();
    this.#certainty = own;
  }

  /** An operation on a path as written; nothing where the text names no file. */
  file(operation: FileOperation, written: string, note?: FileNote, from?: string): void {
    if (this.#onlyEvents && this.#cause.elsewhere !== undefined) return;
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
      certainty: this.#certainty,
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
    if (this.#onlyEvents && !isEvent(effect, this.#cause)) return;
    this.#seen.add(key);
    if (this.effects.length < this.#limit) this.effects.push({ ...effect, cause: this.#cause });
    else this.surplus += 1;
  }

  #placed(written: string): Pick<FileEffect, 'path' | 'place' | 'certainty'> | undefined {
    if (written === '' || written === '-' || written.length > PATH_CHARS) return undefined;
    // `find` and `xargs` put a name in the place of `{}`.
    if (written.includes('{}')) return undefined;
    if (written.includes('\n') || written.includes('\0') || NO_FILE.test(written)) return undefined;
    // A process substitution is a pipe.
    if (/[<>]\(/.test(written)) return undefined;
    const path = joinPath(this.#folder, written);
    if (path === '' || (path?.length ?? 0) > PATH_CHARS) return undefined;
    const certainty = this.#certainty;
    const text = path ?? written;
    if (!/[*?$`[%]/.test(text))
      return { path: text, place: path === undefined ? 'unknown folder' : 'certain', certainty };
    const rest = written.replace(UNKNOWN, '');
    if (!/[\p{L}\p{N}*]/u.test(rest) && /[*?$`[%]/.test(written)) {
      // Nothing of it can be read (`$f`, `"$dir/$name"`): it may be empty, or name no file.
      return this.#onlyEvents ? undefined : { path: text, place: 'as written', certainty: 'possible' };
    }
    if (path === undefined) return { path: written, place: 'unknown folder', certainty };
    const isWritten = path.replace(UNKNOWN, '').length < path.length || /[*?$`]|\[[^\]]+\]/.test(path);
    return { path, place: isWritten ? 'as written' : 'certain', certainty };
  }
}
