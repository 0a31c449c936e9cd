import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms of the house, and which other rooms each may import (docs/tour.md explains them). */
const ROOMS = [
  'schemas',
  'collector',
  'command-line',
  'detector',
  'store',
  'audit',
  'dashboards',
  'platform',
  'cli',
  'test',
  'bench',
];
const MAY_IMPORT = {
  schemas: [],
  platform: ['schemas'],
  'command-line': ['schemas'],
  collector: ['schemas', 'platform', 'command-line'],
  detector: ['schemas', 'platform', 'command-line'],
  store: ['schemas', 'platform'],
  audit: ['schemas', 'platform', 'store'],
};

/** Pure code takes everything from its parameters: no I/O, no clock, no Node built-ins. */
const PURE = [
  'schemas/**',
  'collector/otlp/**',
  'collector/mappings/**',
  'collector/redact.ts',
  'command-line/**',
  'detector/engine/**',
  'detector/kinds/**',
  'detector/sigma/**',
];

const outsideOf = (room) => ROOMS.filter((other) => other !== room && !MAY_IMPORT[room].includes(other));
const arrows = Object.keys(MAY_IMPORT).map((room) => ({
  files: [`${room}/**/*.ts`],
  ignores: [`${room}/**/*.test.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(${outsideOf(room).join('|')})/`,
            message: `${room}/ may import only: ${MAY_IMPORT[room].join(', ') || 'nothing'}.`,
          },
        ],
      },
    ],
  },
}));
const pure = PURE.map((glob) => {
  const room = glob.split('/')[0];
  return {
    files: [glob.endsWith('.ts') ? glob : `${glob}/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${[...outsideOf(room), 'platform'].join('|')})/`,
              message: 'Pure code imports only schemas and pure rooms.',
            },
            { regex: '^node:', message: 'Pure code takes I/O and hashing as parameters.' },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', '**/fixtures/**'] },
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
