/** Test suites that need a broker, and report it if there is none. */
import { describe, it } from '@jest/globals';
import { installKafka } from './kafka-install.ts';
import { GIVEN_BROKERS } from './kafka.ts';

/**
 * Like `describe`, but must be awaited at the top of a test file. If Kafka cannot be started, the tests are skipped with
 * the reason in their title; under VIGIL_REQUIRE_ALL=1 they fail.
 */
export async function describeWithKafka(name: string, tests: () => void): Promise<void> {
  const isGiven = process.env[GIVEN_BROKERS] !== undefined;
  const installed = isGiven ? { libs: '' } : await installKafka();
  if ('libs' in installed) {
    describe(name, tests);
    return;
  }
  if (process.env['VIGIL_REQUIRE_ALL'] !== '1') {
    describe.skip(`${name} (skipped: ${installed.missing})`, tests);
    return;
  }
  describe(name, () => {
    it('has a Kafka to run on', () => {
      throw new Error(installed.missing);
    });
  });
}
