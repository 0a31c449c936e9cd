/** `node --import` this to run the repository's TypeScript as it stands, in a child process of a test. */
import { register } from 'node:module';

register('./clickhouse-hooks.mjs', import.meta.url);
