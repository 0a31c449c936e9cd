/**
 * The rooms of the house, from the ground floor up, and which other rooms each may import. The lint rules, the structure
 * check and docs/concepts/architecture.md are made from this one table.
 */

export const ROOMS = {
  schemas: { imports: [] },
  shell: { imports: ['schemas'] },
  platform: { imports: ['schemas'] },
  agents: { imports: ['schemas', 'shell'] },
  access: { imports: ['schemas', 'platform'] },
  instrument: { imports: ['schemas'] },
  collector: { imports: ['schemas', 'platform', 'access', 'shell', 'agents'] },
  detector: { imports: ['schemas', 'platform', 'shell', 'agents'] },
  store: { imports: ['schemas', 'platform', 'agents'] },
  audit: { imports: ['schemas', 'platform', 'access', 'agents', 'store', 'detector'] },
  dashboards: { imports: ['schemas'] },
  roles: { imports: ['schemas', 'platform', 'access', 'shell', 'agents', 'collector', 'detector', 'store', 'audit'] },
  cli: { imports: 'all' },
  bench: { imports: 'all' },
  test: { imports: 'all' },
};

/** Some rooms may import only the named entrances of these rooms, so that everything about agents comes from one list. */
export const ENTRANCES = {
  agents: { for: ['detector', 'store', 'audit'], paths: ['agents/index.ts'] },
  detector: { for: ['audit'], paths: ['detector/catalogue', 'detector/kinds', 'detector/engine'] },
};

/** Pure code takes everything from its parameters: no I/O, no clock, no Node built-ins. Globs of files. */
export const PURE = [
  'schemas/**',
  'shell/**',
  'agents/**',
  'collector/otlp/**',
  'collector/intake/!(derivation-metrics|refused-request).ts',
  'collector/privacy/!(privacy-file).ts',
  'collector/privacy/secrets/**',
  'detector/model/**',
  'detector/engine/**',
  'detector/kinds/**',
  'detector/sigma/**',
];
