/** How much a line's exit status says of each command in it (POSIX.1-2017, XCU 2.8 and 2.9). */
import type { SimpleCommand } from '../parsed.ts';
import type { PipelineNode, Script } from '../syntax/syntax.ts';

export type ExitStatus = SimpleCommand['exitStatus'];

/**
 * What the status of a list says of each of its pipelines: the list ends with its last `a && b`, of which each part
 * succeeded when the whole did; an `||` leaves open which of them it was.
 *
 * @param status what the line's status says of the list
 */
export function statusesOf(script: Script, status: ExitStatus): readonly ExitStatus[] {
  if (status === 'lost') return script.map(() => 'lost');
  const last = script.findLastIndex(({ joined }) => joined === undefined);
  const isOpen = script.slice(last).some(({ joined }) => joined === '||');
  return script.map((pipeline, at): ExitStatus => {
    if (at < last || isOpen || pipeline.background || pipeline.negated === true) return 'lost';
    return last === script.length - 1 ? status : 'shared';
  });
}

/** The last member of a pipeline decides its status; with `pipefail` a failure may come from another member. */
export function statusOfMember({ members }: PipelineNode, at: number, status: ExitStatus): ExitStatus {
  if (members.length === 1) return status;
  return at === members.length - 1 && status !== 'lost' ? 'shared' : 'lost';
}

/** Wrappers that may run their command never, later, or more than once. */
const LOOSE = /^(?:xargs|parallel|watch|at|batch|find|fd|fdfind|tmux|screen|trap)\b/;

/** The exit status as it appears through a wrapper. */
export function statusBehind(label: string, status: ExitStatus): ExitStatus {
  return LOOSE.test(label) ? 'lost' : status;
}
