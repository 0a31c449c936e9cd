/** What both encodings share of `AnyValue`: the depth it may have, and how a list of pairs becomes an object. */
import type { AnyValue } from './record.ts';

/** Levels of arrays and key-value lists inside one value. */
export const MAX_VALUE_DEPTH = 64;

/** Assigns also where the key is `__proto__`, which plain assignment would lose. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}

/** Collects pairs under distinct keys: the second of a name becomes `name#2`, and so on, so that none hides another. */
export class DistinctKeys<T> {
  readonly values: Record<string, T> = {};
  private counts: Map<string, number> | undefined;

  add(key: string, value: T): void {
    setOwn(this.values, Object.hasOwn(this.values, key) ? this.free(key) : key, value);
  }

  private free(key: string): string {
    this.counts ??= new Map();
    let count = this.counts.get(key) ?? 1;
    let name: string;
    do name = `${key}#${++count}`;
    while (Object.hasOwn(this.values, name));
    this.counts.set(key, count);
    return name;
  }
}

/** A key-value list as an object. */
export function objectOf(pairs: readonly (readonly [string, AnyValue])[]): Record<string, AnyValue> {
  const keys = new DistinctKeys<AnyValue>();
  for (const [key, value] of pairs) keys.add(key, value);
  return keys.values;
}
