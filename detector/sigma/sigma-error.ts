/** What is wrong with a Sigma detection section, and where in it. */
export class SigmaError extends Error {
  override readonly name = 'SigmaError';
  /** Place within the section, for example `selection.CommandLine|re`. */
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}
