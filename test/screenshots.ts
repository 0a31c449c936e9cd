/** `npm run screenshots`: the pictures in the README, of the demo in a real browser. */
import { until } from './support/until.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../platform/files/package-root.ts';
import type { Alert } from '../schemas/records/alert.ts';
import { launchBrowser } from './support/browser.ts';
import { listAll, startVigil } from './support/vigil.ts';

const FOLDER = join(packageRoot, 'docs', 'images');
const data = mkdtempSync(join(tmpdir(), 'vigil-screenshots-'));
const vigil = await startVigil(data, { args: ['--demo'], environment: { VIGIL_LOG_LEVEL: 'warn' } });
const browser = await launchBrowser();
try {
  await until('the demo has been played', () => vigil.process.output().includes('The demo has been played'));
  let before = -1;
  await until('the alerts have settled', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const now = (await listAll<Alert>(vigil.api, '/v1/alerts?tenant=demo&from=0')).length;
    const settled = now > 0 && now === before;
    before = now;
    return settled;
  });
  const alerts = await listAll<Alert>(vigil.api, '/v1/alerts?tenant=demo&from=0');
  // The one with a picture: a baseline with a past.
  const shown =
    alerts.filter(({ explanation }) => (explanation.history?.length ?? 0) > 20).sort((a, b) => b.score - a.score)[0] ??
    alerts[0];
  const session = alerts.find(({ detectionId }) => detectionId === 'pipe-to-interpreter');
  const pages = {
    'alerts.png': `/alerts?tenant=demo&alert=${shown?.alertId ?? ''}`,
    'session.png': `/sessions/${session?.sessionId ?? ''}?tenant=demo`,
  };
  for (const [file, path] of Object.entries(pages)) {
    const watched = await browser.openPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      timezoneId: 'UTC',
    });
    await watched.page.goto(vigil.api + path, { waitUntil: 'load' });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await watched.page.screenshot({ path: join(FOLDER, file) });
    await watched.close();
    console.log(`docs/images/${file}: ${path}`);
  }
} finally {
  await browser.close();
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
}
process.exit(0);
