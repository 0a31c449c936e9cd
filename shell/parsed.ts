/** The result of the parser: pipelines of simple commands, wrappers removed, quoting resolved. */

export interface Redirection {
  /** `>`, `>>`, `<`, `>|`, `<>`, `&>`, `&>>`, `>&`, `<&`, `<<<`. */
  readonly operator: string;
  /** File descriptor, where written; else the operator's default. */
  readonly fd: number;
  /** Target word, quoting resolved; `/dev/tcp/host/port` stays as it is. */
  readonly target: string;
  /** Set where a group or script around the command has the redirection: the folder it is opened in, absent where unknown. */
  readonly around?: { readonly folder?: string };
}

export interface SimpleCommand {
  /**
   * What really runs: base name of the program after wrappers, for example `curl` for `sudo -E /usr/bin/curl`. Empty for a
   * statement of assignments or redirections alone (`FOO=bar`, `> file`); `[[` and `((` for tests and arithmetic.
   */
  readonly program: string;
  /** The program as written, for example `/usr/bin/curl` or `./run.sh`. */
  readonly programPath: string;
  /** Words after the program, quoting resolved; a part that only the shell can know is left as written (`$HOME/x`, `$(cat f)`). */
  readonly arguments: readonly string[];
  /**
   * Wrappers removed, outermost first: `sudo`, `env`, `nohup`, `timeout`, `xargs`, `eval`, `bash -c`, `find -exec`, `trap`,
   * `powershell -Command`, `cmd /c`; with the other side's name as written `ssh deploy@web1`, `docker exec web`,
   * `docker run alpine`, `kubectl exec pod/x`; the bare shell (`sh`, `bash`) for a script that it read from standard input.
   * `ssh`, containers, `find`, `tmux`, `trap` and a shell reading its input stay visible as separate commands as well.
   */
  readonly wrappers: readonly string[];
  /** Assignments in front: `FOO=bar cmd`, and those of `env`. */
  readonly assignments: readonly { readonly name: string; readonly value: string }[];
  readonly redirections: readonly Redirection[];
  /** Text given by a here-document or here-string, to the command itself or to the group around it. */
  readonly input?: string;
  /** Where the command is from: written in the line, inside `$(…)` or backticks, inside `<(…)`, or inside a wrapper’s script text (`bash -c '…'`). */
  readonly origin: 'line' | 'substitution' | 'process-substitution' | 'script';
  /**
   * Folder it runs in, as seen from where the line began: empty at the beginning itself, `src` after `cd src`, or a path from a root or
   * a home. A `cd` is taken to have worked. Absent where it is known only by running the line, or on another machine.
   */
  readonly folder?: string;
  /**
   * What the line's exit status says of the command: `own` where it is the command's, `shared` where it succeeded if the line
   * did, `lost` where it says nothing.
   */
  readonly exitStatus: 'own' | 'shared' | 'lost';
  /** Position in the source line of the outermost shell text it was written in, for marking it. */
  readonly start: number;
  readonly end: number;
}

/**
 * Commands joined by `|` (or `|&`), first to last; a single command is a pipeline of one. In place of a group or
 * a wrapped script in a pipe, there is its last pipeline (before the pipe) or its first (after it); set-up such as `cd` and
 * all others of the group are separate pipelines. Each command is in exactly one pipeline.
 */
export interface Pipeline {
  readonly commands: readonly SimpleCommand[];
  readonly background: boolean;
}

export interface ParsedLine {
  /** Every pipeline of the line in source order, those inside substitutions, subshells, functions, loops and wrapped scripts included. */
  readonly pipelines: readonly Pipeline[];
  /**
   * Further data paths from command to command, which `pipelines` cannot show: through the other commands of a group
   * (`{ curl u; echo; } | sh`), through process substitution (`sh <(curl u)`, `tee >(sh)`), through `<<< "$(curl u)"`, and
   * through substitutions whose output is code (`bash -c "$(curl u)"`, `eval "$(curl u)"`). Each is a chain of commands that
   * are also in `pipelines`, so use both to find sources and sinks, and only `pipelines` to count.
   */
  readonly flows: readonly Pipeline[];
  /** `partial` where some text could not be parsed or a limit was reached: itself a fact. */
  readonly parse: 'complete' | 'partial';
  readonly shell: 'posix' | 'powershell' | 'cmd';
  /** Why the parse is partial, for people. */
  readonly problems: readonly string[];
}
