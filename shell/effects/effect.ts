/** What a command line does to files and to the network, one record per file or host. */

export type FileOperation = 'read' | 'search' | 'create' | 'update' | 'delete' | 'move';

/**
 * `certain`: the command does this if it runs and succeeds. `possible`: the text leaves it open, for example what `find` hands on,
 * what an editor saves, or whether the target of a copy is a folder.
 */
export type Certainty = 'certain' | 'possible';

export interface FileEffect {
  readonly kind: 'file';
  readonly operation: FileOperation;
  readonly certainty: Certainty;
  /** As seen from where the line began; see `place`. */
  readonly path: string;
  /** Where a moved file was. */
  readonly from?: string;
  readonly note?: FileNote;
  /**
   * How exact the path is: `certain`; `as written` where it contains a variable, a substitution or a pattern; `unknown folder`
   * for a relative path in a folder that is known only by running the line, or in one of another machine.
   */
  readonly place: 'certain' | 'as written' | 'unknown folder';
}

/** What the operation leaves open or how it is meant. */
export type FileNote =
  | 'create or overwrite'
  | 'create or update'
  | 'append'
  /** Opened for reading and writing (`<>`). */
  | 'open'
  | 'mode'
  | 'owner'
  | 'time'
  | 'create, or time'
  | 'link'
  | 'fifo'
  /** Deleted because a compressed or decompressed copy replaces it. */
  | 'replaced'
  /** A folder into which an archive is extracted. */
  | 'extracted'
  /** Read by an interpreter as the script that it runs. */
  | 'script';

export interface NetworkEffect {
  readonly kind: 'network';
  readonly certainty: Certainty;
  /** In its canonical form. */
  readonly host: string;
  readonly port?: number;
  /** `http`, `https`, `ssh`, `tcp`, … */
  readonly protocol?: string;
  /** Request method, only for HTTP. */
  readonly method?: string;
}

/** An effect, and the command that has it. */
export interface Cause {
  readonly program: string;
  /** What the line's exit status says about that command. */
  readonly exitStatus: 'own' | 'shared' | 'lost';
  /** The other machine or container that runs it: `ssh deploy@web1`, `docker exec web`. */
  readonly elsewhere?: string;
}

export type Effect = (FileEffect | NetworkEffect) & { readonly cause: Cause };

/**
 * Whether an event is derived from the effect: it is certain, and a file is one of this machine. That an interpreter reads
 * its script is part of running the command and no separate event.
 */
export function isEvent(effect: FileEffect | NetworkEffect, cause: Cause): boolean {
  if (effect.certainty === 'possible') return false;
  return effect.kind === 'network' || (cause.elsewhere === undefined && effect.note !== 'script');
}
