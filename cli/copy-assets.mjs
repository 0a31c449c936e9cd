/** Part of the build: copies files that are not code next to the compiled code that reads them. */
import { cpSync, rmSync } from 'node:fs';

const from = new URL('../detector/detections', import.meta.url);
const to = new URL('../dist/detector/detections', import.meta.url);
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('.ts') });
for (const file of ['kafka/kafka-pom.xml', 'clickhouse/clickhouse-register.mjs', 'clickhouse/clickhouse-hooks.mjs']) {
  cpSync(new URL(`../test/support/${file}`, import.meta.url), new URL(`../dist/test/support/${file}`, import.meta.url));
}
