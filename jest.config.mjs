/**
 * Jest on TypeScript ESM, in three projects. The name of a file decides which one it is in:
 *
 *   x.engine.test.ts                       engines    a real Kafka or ClickHouse engine
 *   x.process.test.ts, x.browser.test.ts   processes  processes of its own, a browser
 *   test/x.test.ts                         processes  a story: whole programs, as `npm run build` made them
 *   any other x.test.ts                    unit       one process and no build
 *
 * test/structure/projects.test.ts holds unit tests to it. Run Jest with `node --experimental-vm-modules` (see the npm scripts).
 */
const root = import.meta.dirname.replaceAll(/[^\w/-]/g, '\\$&');
const ENGINES = String.raw`\.engine\.test\.ts$`;
const STORIES = String.raw`^${root}/test/(?!.*\.engine\.)[^/]*\.test\.ts$`;
const PROCESSES = String.raw`\.(process|browser)\.test\.ts$|${STORIES}`;

const everyProject = {
  testEnvironment: 'node',
  roots: [
    'schemas',
    'collector',
    'shell',
    'agents',
    'access',
    'detector',
    'store',
    'audit',
    'platform',
    'roles',
    'cli',
    'instrument',
    'dashboards',
    'deploy',
    'test',
    'bench',
  ].map((room) => `<rootDir>/${room}`),
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript', tsx: false }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/test/support/setup/property-runs.ts'],
};

const sharedServices = {
  globalSetup: '<rootDir>/test/support/setup/start.mjs',
  globalTeardown: '<rootDir>/test/support/setup/end.mjs',
};

export default {
  projects: [
    {
      ...everyProject,
      displayName: 'unit',
      testRegex: String.raw`\.test\.ts$`,
      testPathIgnorePatterns: ['/node_modules/', ENGINES, PROCESSES],
    },
    { ...everyProject, ...sharedServices, displayName: 'engines', testRegex: ENGINES },
    { ...everyProject, ...sharedServices, displayName: 'processes', testRegex: PROCESSES },
  ],
  testSequencer: '<rootDir>/test/support/setup/longest-first.mjs',
  testTimeout: 120_000,
  // Jest's own default leaves one of two cores idle; many tests wait for processes.
  maxWorkers: '100%',
};
