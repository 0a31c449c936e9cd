/** Fills `program` and `arguments` of a command event from its shell line, so that queries need no shell parser. Pure. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { LineFacts } from '../../shell/line-facts.ts';

/** Bounds of the columns. `commandLine` always has the whole text. */
const ARGUMENTS = 1024;
const ARGUMENT_LENGTH = 65_536;
const PROGRAM_LENGTH = 1024;

export function withProgram(event: AgentEvent, found: LineFacts['program']): AgentEvent {
  if (event.program !== undefined) return event;
  if (found === undefined || found.program === '' || found.program.length > PROGRAM_LENGTH) return event;
  const fits = found.arguments.length <= ARGUMENTS && found.arguments.every((word) => word.length <= ARGUMENT_LENGTH);
  const words =
    fits && found.arguments.length > 0 ? found.arguments.map((word) => word.toWellFormed()) : event.arguments;
  return { ...event, program: found.program.toWellFormed(), arguments: words };
}
