/** What a command line does to files and to the network, one record per file or host. */

export type FileOperation = 'read' | 'search' | 'create' | 'update' | 'delete' | 'move';

export interface FileEffect {
  readonly kind: 'file';
  readonly operation: FileOperation;
  /** As seen from where the line began; see `place`. */
  readonly path: string;
  /** Of a move: where the file was. */
  readonly from?: string;
  /** What the operation leaves open: `create or overwrite`, `append`, `mode`, `owner`, `link`, `time`. */
  readonly note?: string;
  /**
   * How much the text says of the place: `certain`; `as written` where a variable, a substitution or a pattern stands in it;
   * `unknown folder` for a relative path in a folder that only running the line would tell.
   */
  readonly place: 'certain' | 'as written' | 'unknown folder';
}

export interface NetworkEffect {
  readonly kind: 'network';
  /** Lower case, without user, brackets or final dot. */
  readonly host: string;
  readonly port?: number;
  /** `http`, `https`, `ssh`, `tcp`, … */
  readonly protocol?: string;
  /** Request method, for HTTP alone. */
  readonly method?: string;
}

/** An effect, and the command that has it. */
export interface Cause {
  readonly program: string;
  /** What the line's exit status says of that command. */
  readonly exitStatus: 'own' | 'shared' | 'lost';
  /** The other machine or container that runs it: `ssh deploy@web1`, `docker exec web`. */
  readonly elsewhere?: string;
}

export type Effect = (FileEffect | NetworkEffect) & { readonly cause: Cause };
