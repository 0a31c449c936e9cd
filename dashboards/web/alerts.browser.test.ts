/** Tests the alert list and panel in a real browser, with the built pages and the production policy. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type WatchedPage } from '../../test/support/programs/browser.ts';
import {
  NOW,
  SESSION,
  aSessionDetail,
  aStory,
  anAlert,
  baselineAlert,
  idOf,
  ruleAlert,
  someAlerts,
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
  server.use(playing({ alerts: someAlerts(), events: aStory(), sessions: [aSessionDetail()] }));
  watched = await browser.openPage({ viewport: { width: 1440, height: 900 }, timezoneId: 'Europe/Berlin' });
  ({ page } = watched);
  await page.clock.setFixedTime(NOW);
});
afterEach(() => watched.close());

const rows = () => page.locator('[role=row][data-row]');
const summaries = () => page.locator('[role=row] .sentence').allInnerTexts();
const panel = () => page.locator('aside.panel');
const search = () => new URL(page.url()).search;
const open = async (path: string) => {
  await page.goto(server.url + path);
  await rows().first().waitFor();
  await page.locator('.line.live').waitFor();
};

/** The server notices some changes later than the page. */
const until = async (holds: () => boolean) => {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 200) throw new Error('it did not come about within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('the alert list', () => {
  it('is the start page and shows severity by word and shape, sentence, entity, count and time', async () => {
    await open('/');
    expect(new URL(page.url()).pathname).toBe('/alerts');
    const first = rows().first();
    expect(await first.locator('.severity-word').innerText()).toBe('Critical');
    expect(await first.locator('svg.shape').count()).toBe(1);
    expect(await first.innerText()).toContain('sent 412 MiB to transfer.example in one hour');
    expect(await first.locator('.entity').innerText()).toContain('actor');
    expect(await first.locator('.count').innerText()).toBe('3');
    const time = first.locator('time').first();
    expect(await time.innerText()).toBe('16:24');
    expect(await time.getAttribute('title')).toBe('2026-03-14 16:24:00.000 UTC+01:00\n2026-03-14 15:24:00.000 UTC');
    const shapes = await page
      .locator('[role=row] .severity svg path')
      .evaluateAll((all) => all.map((path) => path.getAttribute('d')));
    expect(new Set(shapes).size).toBe(5);
  });

  it('opens the panel beside the list, and going back closes it', async () => {
    await open('/alerts');
    await rows().nth(3).click();
    await panel().getByText('What matched').waitFor();
    expect(search()).toBe(`?alert=${idOf('rule')}`);
    expect(await rows().count()).toBe(6);
    expect(await rows().nth(3).getAttribute('aria-selected')).toBe('true');
    const marked = await panel().locator('.evidence mark').allInnerTexts();
    expect(marked).toEqual(['curl -fsSL https://get.transfer.example/install.sh', 'sudo bash']);
    await page.goBack();
    await panel().waitFor({ state: 'detached' });
    expect(search()).toBe('');
  });

  it('explains a baseline: sentence, numbers, picture, sample size, evidence, techniques, growth, raw record', async () => {
    await page.goto(`${server.url}/alerts?alert=${idOf('baseline')}`);
    const canvas = panel().locator('.picture canvas');
    await canvas.waitFor();
    const text = (await panel().innerText()).replaceAll('\u00a0', ' ');
    for (const said of [
      'it usually sends under 3 MiB',
      '412 MiB',
      '137 times the upper bound',
      '0 B to 3.0 MiB',
      'median 1.1 MiB',
      '1 in 23,000',
      'Learned from 165 samples of this actor’s own history',
      'T1567',
      'AML.T0025',
      'ASI02',
      '94 %',
      '3 findings between',
      'This is revision 1',
      'Network denied',
      'Deleted by retention',
      'Times the usual\t375',
      '1 in 80 windows',
    ])
      expect(text).toContain(said);
    expect(await panel().locator('.contributions tr').count()).toBe(3);
    // The canvas is really painted: it has many pixels of more than one colour.
    const colours = await canvas.evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const data = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      const seen = new Map<string, number>();
      for (let at = 0; at < data.length; at += 4)
        if ((data[at + 3] ?? 0) > 0) {
          const colour = `${data[at]},${data[at + 1]},${data[at + 2]},${data[at + 3]}`;
          seen.set(colour, (seen.get(colour) ?? 0) + 1);
        }
      return [...seen.values()].filter((count) => count > 60).length;
    });
    expect(colours).toBeGreaterThanOrEqual(4);
    await panel().getByText('Raw alert').click();
    expect(JSON.parse(await panel().locator('.raw pre').innerText())).toEqual(
      JSON.parse(JSON.stringify(baselineAlert())),
    );
  });

  it('links from the evidence to the marked event in its session', async () => {
    await page.goto(`${server.url}/alerts?alert=${idOf('rule')}`);
    await panel().getByRole('link', { name: 'in session' }).click();
    const event = page.locator(`[data-event="${idOf('piped')}"]`);
    await event.waitFor();
    expect(page.url()).toBe(`${server.url}/sessions/${SESSION}?event=${idOf('piped')}`);
    expect(await event.getAttribute('aria-current')).toBe('true');
    await page.waitForFunction((id) => {
      const box = document.querySelector(`[data-event="${id}"]`)?.getBoundingClientRect();
      return box !== undefined && box.top >= 0 && box.top < innerHeight;
    }, idOf('piped'));
  });

  it('says when an alert has more findings than it lists, and links to them', async () => {
    const evidence = Array.from({ length: 50 }, (_, n) => ({
      eventId: idOf(n === 49 ? 'piped' : `e${n}`),
      sessionId: SESSION,
    }));
    const alert = ruleAlert({ evidence, count: 89 });
    server.use(playing({ alerts: [alert], events: aStory(), sessions: [aSessionDetail()] }));
    await page.goto(`${server.url}/alerts?alert=${alert.alertId}`);
    await panel().getByText('first 50 of 89 findings').waitFor();
    await panel().getByRole('link', { name: 'all sessions of this actor' }).click();
    await page.waitForURL((url) => url.searchParams.get('actor') === alert.actor);
    await page.goBack();
    await panel().getByRole('link', { name: 'continue from the last event listed' }).click();
    await page.waitForURL(`**/sessions/${SESSION}?event=${idOf('piped')}`);
  });

  it('is controlled by keys: j and k, Enter, Esc, u, ?', async () => {
    await open('/alerts');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    expect(await page.locator('.grid-row.cursor .severity-word').innerText()).toBe('Medium');
    await page.keyboard.press('Enter');
    await panel().waitFor();
    expect(search()).toContain(idOf('sandbox'));
    await page.keyboard.press('j');
    await panel().getByText('Seen before:').waitFor();
    expect(search()).toContain(idOf('first-seen'));
    await page.keyboard.press('Escape');
    await panel().waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe(idOf('first-seen'));

    await page.keyboard.press('u');
    expect(await rows().first().locator('time').first().innerText()).toBe('15:24');
    expect(await page.getByRole('button', { name: /Times in UTC/ }).innerText()).toContain('UTC');
    await page.keyboard.press('u');
    expect(await rows().first().locator('time').first().innerText()).toBe('16:24');

    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('UTC or your own zone').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL('**/sessions');
  });

  it('ignores keys while the user types', async () => {
    await open('/alerts');
    await page.keyboard.press('/');
    await page.keyboard.type('jku?n');
    expect(await page.getByLabel('Entity id').inputValue()).toBe('jku?n');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByLabel('Entity id').fill('wks-0142');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/alerts?entity=wks-0142');
    await page.waitForFunction(() => document.querySelectorAll('[role=row][data-row]').length === 1);
  });

  it('keeps filters in the address, and requests exactly those from the API', async () => {
    await open('/alerts');
    await page
      .getByRole('radio', { name: 'High' })
      .or(page.getByRole('button', { name: 'High' }))
      .first()
      .click();
    await page.waitForURL('**/alerts?severity=high');
    await page.waitForFunction(() => document.querySelectorAll('[role=row][data-row]').length === 2);
    await page.getByLabel('Time range').selectOption('24h');
    await page.waitForFunction(() => document.querySelectorAll('[role=row][data-row]').length === 1);
    expect(search()).toBe('?severity=high&range=24h');
    const asked = new URLSearchParams(
      server.asked
        .filter((path) => path.startsWith('/v1/alerts?'))
        .at(-1)
        ?.split('?')[1],
    );
    expect(asked.get('severity')).toBe('high');
    expect(Math.abs(Number(asked.get('from')) - (NOW - 86_400_000))).toBeLessThan(60_000);
    await page.reload();
    await rows().first().waitFor();
    expect(await rows().count()).toBe(1);
  });

  it('uses the tenant of the address for every request, and keeps it', async () => {
    await open('/alerts?tenant=demo');
    await rows().first().click();
    await panel().waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.waitForURL('**/sessions?tenant=demo');
    await rows().first().waitFor();
    expect(server.asked.length).toBeGreaterThan(3);
    expect(server.asked.filter((path) => !path.includes('tenant=demo'))).toEqual([]);
    await page.getByRole('button', { name: /^Tenant/ }).click();
    await page.getByRole('button', { name: 'The server’s own' }).click();
    await page.waitForURL((url) => url.pathname === '/alerts' && url.search === '');
  });

  it('shows one severity per shape on a narrow screen, and the panel instead of the list', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open('/alerts');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await rows().first().click();
    await panel().locator('canvas').waitFor();
    expect(await page.locator('.list-pane').isVisible()).toBe(false);
    const widths = await panel().evaluate((element) => [element.scrollWidth, element.clientWidth]);
    expect(widths[0]).toBe(widths[1]);
    await page.getByRole('button', { name: 'Close the panel' }).click();
    await rows().first().waitFor();
  });
});

describe('live alerts', () => {
  it('wait behind a button, so that nothing moves, and go to the top on request', async () => {
    await open('/alerts');
    const before = await summaries();
    server.stream(anAlert('new one', { severity: 'high', time: NOW }));
    server.stream(anAlert('new two', { severity: 'low', time: NOW + 1 }));
    server.stream(baselineAlert({ revision: 2, summary: 'It goes on: 600 MiB now.', time: NOW + 2 }));
    const button = page.getByRole('button', { name: '2 new, 1 changed' });
    await button.waitFor();
    expect(await summaries()).toEqual(before);
    await button.click();
    await button.waitFor({ state: 'detached' });
    expect((await summaries()).slice(0, 3)).toEqual([
      'It goes on: 600 MiB now.',
      'Something happened: new two',
      'Something happened: new one',
    ]);
    expect(await rows().count()).toBe(8);
  });

  it('that the filter excludes do not wait, and neither does a repeat or an older revision', async () => {
    await open('/alerts?severity=critical,high');
    server.stream(anAlert('quiet', { severity: 'low' }));
    server.stream(ruleAlert({ revision: 1 }));
    server.stream(anAlert('loud', { severity: 'critical' }));
    server.stream(anAlert('loud', { severity: 'critical' }));
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await page.keyboard.press('n');
    await page.waitForFunction(() => document.querySelectorAll('[role=row][data-row]').length === 4);
  });

  it('tell the open panel that its alert has grown, and change it only on request', async () => {
    await open(`/alerts?alert=${idOf('rule')}`);
    await panel().getByText('This is revision 1').waitFor();
    const grown = ruleAlert({ revision: 2, summary: 'It happened again.', count: 2 });
    server.use(playing({ alerts: [grown], events: aStory() }));
    server.stream(grown);
    await panel().getByRole('button', { name: 'Show revision 2' }).waitFor();
    expect(await panel().locator('.summary').innerText()).toContain('piped a download');
    await panel().getByRole('button', { name: 'Show revision 2' }).click();
    await panel().getByText('It happened again.').waitFor();
  });

  it('missed while the stream was down are fetched when it is open again', async () => {
    await open('/alerts');
    server.dropStreams();
    await page.locator('.line.lost, .line.connecting').waitFor();
    server.use(playing({ alerts: [...someAlerts(), anAlert('meanwhile', { time: NOW })], events: aStory() }));
    await page.getByRole('button', { name: '1 new' }).waitFor({ timeout: 15_000 });
    expect(await page.locator('.line').innerText()).toBe('Live');
  });

  it('arrive again after the server refused the stream', async () => {
    await open('/alerts');
    server.dropStreams(true);
    await page.locator('.line.lost').waitFor();
    expect(await page.locator('.line').innerText()).toBe('Not live');
    server.reset();
    server.use(playing({ alerts: someAlerts(), events: aStory() }));
    // Let the page's own retry timer run.
    await page.locator('.line.live').waitFor({ timeout: 25_000 });
    server.stream(anAlert('after', {}));
    await page.getByRole('button', { name: '1 new' }).waitFor();
  });

  it('that are more than one page are loaded again', async () => {
    await open('/alerts');
    const many = Array.from({ length: 260 }, (_, n) => anAlert(`missed ${n}`, { time: NOW + n }));
    server.use(playing({ alerts: [...someAlerts(), ...many], events: aStory() }));
    server.streamRaw('event: reset\ndata: {}\n\n');
    await page.getByRole('button', { name: 'over 200 new' }).click();
    await page.getByText('200 alerts so far').waitFor();
  });

  it('that the server can no longer send one by one are fetched', async () => {
    await open('/alerts');
    server.use(playing({ alerts: [...someAlerts(), anAlert('forgotten', { time: NOW })], events: aStory() }));
    server.streamRaw('event: reset\ndata: {}\n\n');
    await page.getByRole('button', { name: '1 new' }).waitFor();
  });

  it('reach eight windows over one stream, which another window takes over when its own closes', async () => {
    const pages = await Promise.all(Array.from({ length: 8 }, () => page.context().newPage()));
    for (const one of pages) {
      await one.goto(`${server.url}/alerts`);
      await one.locator('.line.live').waitFor({ timeout: 10_000 });
    }
    expect(server.streams).toBe(1);
    server.stream(anAlert('for all', {}));
    for (const one of pages) await one.getByRole('button', { name: '1 new' }).waitFor({ timeout: 10_000 });
    await pages[0]?.close();
    await until(() => server.streams === 1 && server.asked.filter((path) => path === '/v1/stream').length === 2);
    await pages[7]?.locator('.line.live').waitFor();
    server.stream(anAlert('for the rest', {}));
    for (const one of pages.slice(1)) await one.getByRole('button', { name: '2 new' }).waitFor({ timeout: 10_000 });
    await Promise.all(pages.slice(1).map((one) => one.close()));
    await until(() => server.streams === 0);
  });

  it.each([{ locks: true }, { locks: false }])(
    'use no stream while the page is hidden, and are fetched when it is visible again (locks: $locks)',
    async ({ locks }) => {
      // Web Locks are missing on pages without TLS under a name that is not loopback.
      if (!locks) await page.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
      const see = (seen: boolean) =>
        page.evaluate((hidden) => {
          Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
          document.dispatchEvent(new Event('visibilitychange'));
        }, !seen);
      await open('/alerts');
      expect(server.streams).toBe(1);
      await see(false);
      await until(() => server.streams === 0);
      server.use(playing({ alerts: [...someAlerts(), anAlert('unseen', { time: NOW })], events: aStory() }));
      await see(true);
      await page.getByRole('button', { name: '1 new' }).waitFor();
      await page.locator('.line.live').waitFor();
      expect(server.streams).toBe(1);
    },
  );

  it('that are invalid do no harm', async () => {
    await open('/alerts');
    server.streamRaw('event: alert\ndata: {"alertId":7\n\nevent: alert\ndata: null\n\nevent: other\ndata: x\n\n');
    server.stream(anAlert('whole', {}));
    await page.getByRole('button', { name: '1 new' }).waitFor();
  });
});

describe('many alerts', () => {
  const many = Array.from({ length: 1_050 }, (_, n) =>
    anAlert(`n${n}`, { time: NOW - n * 1000, summary: `Alert number ${n}` }),
  );

  it('are fetched while scrolling, and only the visible ones are in the page', async () => {
    server.use(playing({ alerts: many }));
    await open('/alerts');
    expect(await rows().count()).toBeLessThan(60);
    await page.waitForFunction(
      () => {
        const body = document.querySelector('.grid-body');
        if (body !== null) body.scrollTop = body.scrollHeight;
        return document.body.innerText.includes('Alert number 1049');
      },
      undefined,
      { polling: 100 },
    );
    expect(await rows().count()).toBeLessThan(60);
    await page.getByText('No more alerts').waitFor();
    const pages = server.asked.filter((path) => path.startsWith('/v1/alerts?') && path.includes('cursor='));
    expect(pages).toHaveLength(5);
  });

  it('stay when an older page fails, with a button to retry', async () => {
    let failing = true;
    server.use(playing({ alerts: many }));
    server.use((path, query) =>
      failing && path === '/v1/alerts' && query.has('cursor') ? problem(500, 'Failed') : undefined,
    );
    await open('/alerts');
    await page.locator('.grid-body').evaluate((body) => (body.scrollTop = body.scrollHeight));
    await page.getByText('Older alerts could not be loaded.').waitFor();
    expect(await rows().count()).toBeGreaterThan(5);
    failing = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('alerts so far').or(page.getByText('1,050 alerts')).first().waitFor();
    await page.waitForFunction(() => /[4-9]00 alerts/.test(document.querySelector('.live-bar')?.textContent ?? ''));
  });
});

it('needs less than 300 kB of compressed script to show the first screen', async () => {
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await open('/alerts');
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(1);
  expect(total).toBeLessThan(300_000);
});
