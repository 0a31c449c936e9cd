/** Builds the published form of a detection file, named by its content. Pure. */
import { canonicalJson } from '../live/canonical-json.ts';
import type { VersionedRule } from '../engine/rule-set.ts';
import type { Tools } from '../model/kind.ts';

/** Omits the fixtures: they prove the rule and cannot change a verdict. */
export function versioned(written: object, { hash128 }: Tools): VersionedRule {
  const { fixtures: _, ...content } = written as { readonly fixtures?: unknown };
  return { version: hash128(canonicalJson(content)), content };
}
