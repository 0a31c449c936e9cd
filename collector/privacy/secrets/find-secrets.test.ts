import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCommandLine } from '../../../shell/parse.ts';
import { LINEAR, growth } from '../../../test/support/growth.ts';
import { plantSecrets } from '../../../test/support/telemetry/planted-secrets.ts';
import { redactText } from '../redact.ts';
import { SECRET_RULES, findSecrets } from './find-secrets.ts';
import { GITLEAKS_RULES } from './gitleaks-rules.ts';

const planted = plantSecrets(1);

describe('the corpus of planted secrets', () => {
  it('is one: at least 300 of at least 40 kinds, in every place', () => {
    expect(planted.length).toBeGreaterThanOrEqual(300);
    expect(new Set(planted.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(40);
    expect(new Set(planted.map(({ place }) => place)).size).toBe(5);
  });

  it.each([1, 2, 3])('is taken out whole (seed %i)', (seed) => {
    const leaks = plantSecrets(seed).filter(({ text, secret }) => {
      const clean = redactText(text);
      const around = text.replace(secret, '');
      return Array.from({ length: Math.max(1, secret.length - 7) }, (_, at) => secret.slice(at, at + 8)).some(
        (piece) => clean.includes(piece) && !around.includes(piece),
      );
    });
    expect(leaks).toEqual([]);
  });

  it('finds nothing more in a text that was redacted', () => {
    for (const { text } of planted) {
      const once = redactText(text);
      expect(redactText(once)).toBe(once);
    }
  });

  it('leaves a command line that can be parsed as before', () => {
    for (const { text, place } of planted.filter((each) => each.place === 'command')) {
      const [before, after] = [parseCommandLine(text), parseCommandLine(redactText(text))];
      expect([place, text, after.parse, after.pipelines.length]).toEqual([
        place,
        text,
        before.parse,
        before.pipelines.length,
      ]);
    }
  });

  it('leaves JSON that can be read as before', () => {
    for (const { text } of planted.filter(({ place }) => place === 'nested-json'))
      expect(() => JSON.parse(redactText(text)) as unknown).not.toThrow();
  });
});

describe('each rule', () => {
  it.each(GITLEAKS_RULES.map((rule) => [rule.id, rule] as const))(
    '%s of gitleaks finds an example of its own',
    (_id, rule) => {
      // Without its flag: an example in lower case is one too.
      const plain = rule.pattern
        .replaceAll('(?![\\w-])', '')
        .replaceAll('\\b', '')
        .replaceAll('[\\w=\\-]', '\\w')
        .replaceAll('hooks.slack.com', 'hooks\\.slack\\.com');
      const example = fc.noBias(fc.stringMatching(new RegExp(`^(?:${plain})$`)));
      // Some forms are ordinary by themselves; the issuer's name is beside them.
      const isFound = (example: string): boolean =>
        [example, `${String(rule.keywords[0])} ${example}`].some((text) => findSecrets(` ${text} `).length > 0);
      // Most are found at once; where chance makes a poor example, many are tried.
      expect([5, 300].some((numRuns) => fc.sample(example, { numRuns, seed: 7 }).some(isFound))).toBe(true);
    },
  );

  it.each(SECRET_RULES.map((rule) => [rule.kind, rule] as const))('%s has keywords, and bounds', (_kind, rule) => {
    expect(rule.keywords.length).toBeGreaterThan(0);
    expect(rule.pattern.flags).toContain('d');
    expect(rule.pattern.flags).toContain('g');
    expect(rule.pattern.source.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, '')).not.toMatch(/[*+]|\{\d+,\}/);
  });
});

it.each([
  'git log --author=bearer --format="%H %s"',
  'curl -fsSL https://example.com/a@b',
  'docker run -p 8080:80 -u 1000:1000 nginx',
  'mysql -h db -u root -p shop < dump.sql',
  'ssh -p 2222 deploy@build.example.com',
  'export TOKEN=$(cat token) && curl -H "Authorization: Bearer $TOKEN" https://api.example.com',
  'git checkout 0123456789abcdef0123456789abcdef01234567',
  'curl -u "$USER:$PASS" https://example.com',
  'PASSWORD=${PASSWORD:-} TOKEN="<your-token>" make',
  'grep -rn "api_key" src/ | sort -u | head -50',
  'python -c "key=lambda item: item.value"',
  'pip install tokenizers==0.15.2 && pytest -k test_token_refresh',
  'npm config get //registry.example.com/:_authToken',
  'openssl rand -hex 32',
  'cat package-lock.json | grep integrity | grep sha512-9Qw1',
  'max_tokens=4096 python run.py --max-tokens 4096 --tokenizer gpt2',
  'psql postgres://user:password@localhost/app',
  'mkdir -p a1b2c3/d4e5 && cp -p x y',
])('leaves %j alone', (text) => expect(redactText(text)).toBe(text));

describe('the work', () => {
  const all = [...new Set(SECRET_RULES.flatMap((rule) => rule.keywords))];
  // What costs the most, and some of the others.
  const costly = ['secret', 'token', 'pwd', 'authorization', 'apikey', ' -p', 'sk-', 'aws', 'glpat-', '://', 'bearer'];
  const keywords = [...costly, ...all.filter((_, number) => number % 20 === 0)];
  const shapes: Readonly<Record<string, (keyword: string) => string>> = {
    again: (keyword) => keyword,
    assigned: (keyword) => `${keyword}=`,
    quoted: (keyword) => `"${keyword}":"`,
    'as a flag': (keyword) => `--${keyword} `,
    escaped: (keyword) => `\\n${keyword}%3d`,
    'before a long word': (keyword) => `${keyword}=${'xY9z_'.repeat(60)}`,
    'after a long name': (keyword) => `${'A_'.repeat(40)}${keyword}=`,
  };
  const withAnAddress = (keyword: string): string => `${keyword}://a:`;
  it.each([
    ...Object.entries(shapes).map(([shape, unitOf]) => ({ shape, unitOf, words: keywords, size: 1_000 })),
    // A rule may look again at what follows, as far as its window reaches: linear is what is longer than that.
    { shape: 'with an address', unitOf: withAnAddress, words: costly, size: 16_000 },
  ])('is linear in $words.length keywords $shape', ({ unitOf, words, size }) => {
    const units = words.map(unitOf);
    // All of a kind one after the other, so that each is met many times in a row.
    const text = (length: number): string =>
      units.map((unit) => unit.repeat(Math.ceil(length / unit.length))).join('\n');
    expect(growth((length) => findSecrets(text(length)), size)).toBeLessThan(LINEAR);
  });

  it.each([
    '-----BEGIN PRIVATE KEY-----',
    'eyJhbGciOiJI.',
    'https://a:',
    'Authorization: ',
    '\\n',
    '%25',
    'AKIA',
    '"a',
    '"token',
  ])('is linear in %j over and over', (unit) => {
    expect(growth((size) => findSecrets(unit.repeat(Math.ceil(size / unit.length))), 25_000)).toBeLessThan(LINEAR);
  });
});
