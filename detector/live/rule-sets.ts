/**
 * Stores rules and rule sets in the log, each under the hash of its content. A partition only names the set in force,
 * so a replay finds the exact rules with which an event was judged, even if the files on disk have changed.
 */
import type { Bus } from '../../platform/bus/bus.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { canonicalJson } from './canonical-json.ts';
import { type RuleSet, type VersionedRule, armRuleSet, ruleSetHash } from '../engine/rule-set.ts';
import type { Tools } from '../model/kind.ts';

export interface RuleSets {
  /** Publishes a set to every detector, then returns it compiled. */
  readonly publish: (rules: readonly VersionedRule[]) => Promise<RuleSet>;
  /** Loads the set with that hash, so that `get` returns it. @throws ShellError RULE_SET_MISSING (retryable) */
  readonly ensure: (hash: string) => Promise<RuleSet>;
  /** @throws Error when it is not loaded */
  readonly get: (hash: string) => RuleSet;
}

interface RuleSetContent {
  readonly rules: readonly string[];
}

/** @param onBroken receives the rules of a set that this version cannot use, because another version published them */
export function createRuleSets(
  bus: Pick<Bus, 'publish' | 'readAll' | 'partitionsOf'>,
  tools: Tools,
  onBroken: (broken: RuleSet['broken'], hash: string) => void = () => undefined,
): RuleSets {
  const armed = new Map<string, RuleSet>();
  const rules = new Map<string, unknown>();
  const sets = new Map<string, RuleSetContent>();

  const readTopic = async (): Promise<void> => {
    const partitions = await bus.partitionsOf(TOPICS.ruleSets);
    for (let partition = 0; partition < partitions; partition += 1) {
      await bus.readAll({ topic: TOPICS.ruleSets, partition }, (messages) => {
        for (const { key, value } of messages) {
          const text = value.toString('utf8');
          // The key is the hash of the content, so an entry that does not match its key is not what was published.
          if (tools.hash128(text) !== key) continue;
          const content: unknown = JSON.parse(text);
          if (isSet(content)) sets.set(key, content);
          else rules.set(key, content);
        }
      });
    }
  };

  const arm = (hash: string): RuleSet | undefined => {
    const content = sets.get(hash);
    if (content === undefined || content.rules.some((version) => !rules.has(version))) return undefined;
    const set = armRuleSet(
      content.rules.map((version) => ({ version, content: rules.get(version) })),
      tools,
    );
    armed.set(hash, set);
    if (set.broken.length > 0) onBroken(set.broken, hash);
    return set;
  };

  return {
    publish: async (versioned) => {
      await readTopic();
      const content: RuleSetContent = { rules: versioned.map(({ version }) => version).sort() };
      const hash = ruleSetHash(content.rules, tools);
      const missing = versioned.filter(({ version }) => !rules.has(version));
      // The set is published last, so that a reader of the set finds its rules.
      await bus.publish([
        ...missing.map((rule) => outgoing(rule.version, canonicalJson(rule.content))),
        ...(sets.has(hash) ? [] : [outgoing(hash, JSON.stringify(content))]),
      ]);
      for (const rule of missing) rules.set(rule.version, rule.content);
      sets.set(hash, content);
      const set = armed.get(hash) ?? arm(hash);
      if (set === undefined) throw new Error('a set that was just published is incomplete');
      return set;
    },
    ensure: async (hash) => {
      const known = armed.get(hash);
      if (known !== undefined) return known;
      await readTopic();
      const set = arm(hash);
      if (set === undefined)
        throw new ShellError(
          'RULE_SET_MISSING',
          `the rule set ${hash} is in force in the log, but it is not in ${TOPICS.ruleSets}`,
          {
            retryable: true,
          },
        );
      return set;
    },
    get: (hash) => {
      const set = armed.get(hash);
      if (set === undefined) throw new Error(`the rule set ${hash} was used before it was loaded`);
      return set;
    },
  };
}

function outgoing(key: string, text: string) {
  return { topic: TOPICS.ruleSets, key, value: Buffer.from(text) };
}

function isSet(content: unknown): content is RuleSetContent {
  return typeof content === 'object' && content !== null && 'rules' in content && !('kind' in content);
}
