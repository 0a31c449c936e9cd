/** Effects as short text, for the tables of tests: `GET https api.example:443`, `update src/a.ts (append)`, `maybe read x`. */
import type { Effect } from '../effects/effect.ts';

export function readableEffect(effect: Effect): string {
  return effect.certainty === 'certain' ? textOf(effect) : `maybe ${textOf(effect)}`;
}

function textOf(effect: Effect): string {
  const { cause } = effect;
  const there = cause.elsewhere === undefined ? '' : ` @ ${cause.elsewhere}`;
  if (effect.kind === 'network') {
    const { host, port, protocol, method } = effect;
    const parts = [method, protocol, port === undefined ? host : `${host}:${port}`];
    return parts.filter((part) => part !== undefined).join(' ') + there;
  }
  const { operation, path, from, note, place } = effect;
  const remarks = [note, place === 'certain' ? undefined : place].filter((remark) => remark !== undefined);
  const origin = from === undefined ? '' : ` from ${from}`;
  return `${operation} ${path}${origin}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}${there}`;
}
