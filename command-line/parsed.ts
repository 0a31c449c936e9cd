/** What a shell line really does, as the parser tells it: pipelines of simple commands, wrappers removed, quoting resolved. */

export interface Redirection {
  /** `>`, `>>`, `<`, `>|`, `<>`, `&>`, `&>>`, `>&`, `<&`, `<<<`. */
  readonly operator: string;
  /** File descriptor, where written; else the operator's default. */
  readonly fd: number;
  /** Target word, quoting resolved; `/dev/tcp/host/port` stays as it is. */
  readonly target: string;
}

export interface SimpleCommand {
  /** What really runs: base name of the program after wrappers, for example `curl` for `sudo -E /usr/bin/curl`. */
  readonly program: string;
  /** The program as written, for example `/usr/bin/curl` or `./run.sh`. */
  readonly programPath: string;
  /** Words after the program, quoting resolved; a part that only the shell can know stands as written (`$HOME/x`, `$(cat f)`). */
  readonly arguments: readonly string[];
  /** Wrappers removed, outermost first: `sudo`, `env`, `nohup`, `timeout`, `xargs`, `bash -c`, `ssh host`, … */
  readonly wrappers: readonly string[];
  /** Assignments in front: `FOO=bar cmd`, and those of `env`. */
  readonly assignments: readonly { readonly name: string; readonly value: string }[];
  readonly redirections: readonly Redirection[];
  /** Text given by a here-document or here-string, where there is one. */
  readonly input?: string;
  /** How the command came to stand here: written in the line, inside `$(…)` or backticks, inside `<(…)`, or inside a wrapper’s script text (`bash -c '…'`). */
  readonly origin: 'line' | 'substitution' | 'process-substitution' | 'script';
  /** Position in the source line of the outermost shell text it was written in, for marking it. */
  readonly start: number;
  readonly end: number;
}

/** Commands joined by `|` (or `|&`), first to last; a single command is a pipeline of one. */
export interface Pipeline {
  readonly commands: readonly SimpleCommand[];
  readonly background: boolean;
}

export interface ParsedLine {
  /** Every pipeline of the line in source order, those inside substitutions, subshells, functions, loops and wrapped scripts included. */
  readonly pipelines: readonly Pipeline[];
  /** `partial` where some text could not be parsed or a limit was reached: itself a fact. */
  readonly parse: 'complete' | 'partial';
  readonly shell: 'posix' | 'powershell' | 'cmd';
  /** Why the parse is partial, for people. */
  readonly problems: readonly string[];
}
