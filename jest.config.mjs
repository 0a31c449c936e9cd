/** Jest on TypeScript ESM; run it with `node --experimental-vm-modules` (see the npm scripts). */
export default {
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
    'test',
    'bench',
  ].map((room) => `<rootDir>/${room}`),
  testMatch: ['**/*.test.ts'],
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
  testTimeout: 120_000,
  // Jest's own default leaves one of two cores idle; many tests wait for processes.
  maxWorkers: '100%',
  globalSetup: '<rootDir>/test/support/kafka/kafka-setup.mjs',
  globalTeardown: '<rootDir>/test/support/kafka/kafka-teardown.mjs',
};
