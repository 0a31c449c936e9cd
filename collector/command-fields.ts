/** Fills `program` and `arguments` of a command event from its shell line, so that queries need no shell parser. Pure. */
import type { AgentEvent } from '../schemas/agent-event.ts';
import { programOf } from '../command-line/normalise.ts';
import type { ParsedLine } from '../command-line/parsed.ts';

/** Bounds of the columns; what does not fit stays readable in `commandLine`, which is always whole. */
const ARGUMENTS = 1024;
const ARGUMENT_LENGTH = 65_536;
const PROGRAM_LENGTH = 1024;

export function withProgram(event: AgentEvent, line: ParsedLine): AgentEvent {
  if (event.program !== undefined) return event;
  const found = programOf(line);
  if (found === undefined || found.program === '' || found.program.length > PROGRAM_LENGTH) return event;
  const fits = found.arguments.length <= ARGUMENTS && found.arguments.every((word) => word.length <= ARGUMENT_LENGTH);
  return {
    ...event,
    program: found.program.toWellFormed(),
    ...(fits && found.arguments.length > 0 ? { arguments: found.arguments.map((word) => word.toWellFormed()) } : {}),
  };
}
