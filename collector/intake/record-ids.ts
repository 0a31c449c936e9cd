/** Ids of the records of one request: a repeated export gives the same ids. Pure. */
import type { FlatRecord, Resource, Scope } from '../../schemas/otlp/record.ts';

type Hash = (...parts: readonly (string | Uint8Array)[]) => string;

export class RecordIds {
  readonly #tenant: string;
  readonly #hash128: Hash;
  /** How often the same bytes occurred: equal records get different ids by their ordinal. */
  readonly #repeats = new Map<string, number>();
  readonly #originHashes = new Map<Resource, Map<Scope, string>>();

  constructor(tenant: string, hash128: Hash) {
    this.#tenant = tenant;
    this.#hash128 = hash128;
  }

  /** The id of the request's next record; to be called once for each, in order. */
  next(record: FlatRecord): string {
    const id = this.#hashOf(record);
    const repeat = this.#repeats.get(id) ?? 0;
    this.#repeats.set(id, repeat + 1);
    return repeat === 0 ? id : this.#hash128(id, '#', String(repeat));
  }

  /** The bytes of a data point do not name its metric, nor those of any record its scope, so the hash covers both. */
  #hashOf(record: FlatRecord): string {
    const origin = this.#originOf(record);
    const { bytes } = record;
    if (record.signal !== 'metric') return this.#hash128(this.#tenant, '\0', origin, bytes);
    const { name, unit, type } = record;
    return this.#hash128(this.#tenant, '\0', origin, name, '\0', unit, '\0', type, '\0', bytes);
  }

  /** Hash over the resource and scope. */
  #originOf({ resource, scope }: FlatRecord): string {
    let byScope = this.#originHashes.get(resource);
    if (byScope === undefined) this.#originHashes.set(resource, (byScope = new Map<Scope, string>()));
    let hash = byScope.get(scope);
    if (hash === undefined) {
      hash = this.#hash128(scope.name, '\0', scope.version, '\0', resource.bytes);
      byScope.set(scope, hash);
    }
    return hash;
  }
}
