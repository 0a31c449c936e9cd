/** The people of a simulated team: where they live and work, their agents, repositories and habits. Pure. */
import type { Random } from './random.ts';
import { STACKS, type StackName, type Weighted, WORDS, commandsOf } from './stacks.ts';

export interface Repository {
  readonly url: string;
  readonly path: string;
  readonly stack: StackName;
  /** Paths relative to the repository. */
  readonly files: readonly string[];
}

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly host: string;
  readonly home: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Local hours, with fractions. */
  readonly startsAt: number;
  readonly endsAt: number;
  /** Number of sessions on a usual day. */
  readonly sessions: number;
  readonly agent: Agent;
  readonly approvalMode: string;
  readonly repositories: readonly Repository[];
  /** Personal weights, so that people work differently. */
  readonly commands: Readonly<Record<StackName, Weighted>>;
  readonly mcpServers: readonly string[];
}

export interface Agent {
  readonly name: string;
  readonly version: string;
  readonly model: string;
  readonly provider: string;
}

const NAMES = [
  'ada',
  'ben',
  'chidi',
  'dana',
  'elif',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jun',
  'kofi',
  'lena',
  'mei',
  'noor',
  'olga',
  'pablo',
  'quinn',
  'ravi',
  'sofia',
  'tomas',
  'uma',
  'viktor',
  'wanda',
  'xavi',
  'yara',
  'zeno',
] as const;
const ZONES = [
  ['Europe/Berlin', 5],
  ['Europe/London', 3],
  ['America/New_York', 4],
  ['America/Los_Angeles', 2],
  ['Asia/Kolkata', 3],
  ['Asia/Tokyo', 1],
] as const;
const AGENTS: readonly (readonly [Agent, number])[] = [
  [{ name: 'tidy-bot', version: '1.4.0', model: 'gpt-5.5', provider: 'openai' }, 4],
  [{ name: 'pair-coder', version: '3.2.1', model: 'claude-sonnet-4-5', provider: 'anthropic' }, 4],
  [{ name: 'review-mate', version: '0.9.2', model: 'gemini-2.5-pro', provider: 'gcp.gemini' }, 2],
];
const PROJECTS: readonly (readonly [string, StackName])[] = [
  ['shop', 'node'],
  ['checkout', 'go'],
  ['pricing', 'python'],
  ['console', 'node'],
  ['ledger', 'go'],
  ['forecast', 'python'],
  ['landing-zone', 'platform'],
];
const SERVERS = ['notes', 'issues', 'design', 'browser'] as const;
const FILES = 60;

export function createTeam(random: Random, users: number): readonly Person[] {
  const repositories = PROJECTS.map(([name, stack]) => repository(random.fork(name), name, stack));
  return Array.from({ length: users }, (_, index) => {
    const round = Math.floor(index / NAMES.length);
    const name = `${NAMES[index % NAMES.length] ?? 'someone'}${round === 0 ? '' : round + 1}`;
    return person(random.fork(name), name, repositories);
  });
}

function person(random: Random, name: string, all: readonly Repository[]): Person {
  const first = random.pick(all);
  const second = random.pick(all);
  const startsAt = 8.5 + random.next() * 2;
  return {
    name,
    email: `${name}@acme.example`,
    host: `${name}-${random.pick(['laptop', 'mbp', 'dev'])}`,
    home: `/home/${name}`,
    timeZone: random.weighted(ZONES),
    startsAt,
    endsAt: startsAt + 8 + random.next() * 1.5,
    sessions: random.between(3, 7),
    agent: random.weighted(AGENTS),
    approvalMode: random.weighted([
      ['on-request', 6],
      ['auto-edit', 3],
      ['never', 1],
    ]),
    repositories: first === second ? [first] : [first, second],
    commands: {
      node: ownWeights(random, 'node'),
      python: ownWeights(random, 'python'),
      go: ownWeights(random, 'go'),
      platform: ownWeights(random, 'platform'),
    },
    mcpServers: SERVERS.filter(() => random.chance(0.35)),
  };
}

function ownWeights(random: Random, stack: StackName): Weighted {
  return commandsOf(stack).map(([line, weight]) => [line, weight * random.around(1, 1.7)]);
}

function repository(random: Random, name: string, stack: StackName): Repository {
  const { folders, extension } = STACKS[stack];
  const files = Array.from(
    { length: FILES },
    () =>
      `${random.pick(folders)}/${random.pick(WORDS)}${random.chance(0.4) ? `-${random.pick(WORDS)}` : ''}.${extension}`,
  );
  return { url: `https://github.com/acme/${name}`, path: name, stack, files: [...new Set(files)] };
}
