import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { PURE, ROOMS } from './test/structure/rooms.mjs';

const MAY_IMPORT = Object.fromEntries(
  Object.entries(ROOMS).flatMap(([room, { imports }]) => (imports === 'all' ? [] : [[room, imports]])),
);

const outsideOf = (room) => Object.keys(ROOMS).filter((other) => other !== room && !MAY_IMPORT[room].includes(other));
/** The same arrows for `import '…'` and for `import('…')`. */
function onlyFrom(rooms, message, others = []) {
  const regex = `^(\\.\\./)+(${rooms.join('|')})/`;
  const source = regex.replaceAll('/', '\\/');
  return {
    'no-restricted-imports': ['error', { patterns: [{ regex, message }, ...others] }],
    'no-restricted-syntax': ['error', { selector: `ImportExpression[source.value=/${source}/]`, message }],
  };
}

const arrows = Object.keys(MAY_IMPORT).map((room) => ({
  files: [`${room}/**/*.{ts,tsx}`],
  ignores: ['**/*.test.{ts,tsx}', '**/test-support/**'],
  rules: onlyFrom(outsideOf(room), `${room}/ may import only: ${MAY_IMPORT[room].join(', ') || 'nothing'}.`),
}));

const CLOCKS = [
  'process',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'console',
];
const pure = PURE.map((glob) => {
  const room = glob.split('/')[0];
  const message = 'Pure code imports only schemas and pure rooms.';
  const rules = onlyFrom([...new Set([...outsideOf(room), 'platform', 'access'])], message, [
    { regex: '^node:', message: 'Pure code takes I/O and hashing as parameters.' },
  ]);
  return {
    files: [glob.endsWith('.ts') ? glob : `${glob}/*.ts`],
    ignores: ['**/*.test.ts', '**/test-support/**'],
    rules: {
      ...rules,
      'no-restricted-syntax': [
        ...rules['no-restricted-syntax'],
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Pure code has no clock.' },
        { selector: 'ImportExpression[source.value=/^node:/]', message },
      ],
      'no-restricted-globals': [
        'error',
        ...CLOCKS.map((name) => ({ name, message: 'Pure code has no clock and no I/O.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Pure code has no clock.' },
        { object: 'Math', property: 'random', message: 'Pure code gives the same for the same.' },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', '**/fixtures/**', '**/captures/**'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-console': 'error',
    },
  },
  { files: ['**/*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
  { files: ['cli/**', 'bench/**', 'test/**', '**/*.mjs'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        performance: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  ...arrows,
  ...pure,
);
