/** Which fields of an event are searched for secrets and which a privacy policy treats, derived from the schema. */
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { fieldsHolding } from '../../schemas/records/column.ts';

type Field = keyof AgentEvent;

/** The collector composes the actor of identities that were treated already, so it is neither searched nor treated again. */
const withoutActor = (fields: readonly Field[]): readonly Field[] => fields.filter((field) => field !== 'actor');

/** Fields that may hold a secret. */
export const SEARCHED = withoutActor(fieldsHolding(AgentEvent, 'personal', 'id', 'product', 'text'));

/** Ids: two that hold secrets must not become one. */
export const IDS: ReadonlySet<string> = new Set(fieldsHolding(AgentEvent, 'id'));

/** Fields that name the person, and the machine, of a record. */
export const NAMES = withoutActor(fieldsHolding(AgentEvent, 'personal'));

/** Texts in which a person may be named: all others are left as they are. */
export const TREATED: ReadonlySet<string> = new Set([...NAMES, ...fieldsHolding(AgentEvent, 'text')]);
