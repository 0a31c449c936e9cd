/** Tests what the pages show when there is nothing, too much, or an error: each time with what to do next. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type WatchedPage } from '../../test/support/programs/browser.ts';
import { recipesFor } from '../../agents/index.ts';
import { SESSION, aSessionDetail, aStory, idOf, someAlerts } from './testing/fixtures.ts';
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
  watched = await browser.openPage();
  ({ page } = watched);
});
afterEach(() => watched.close());

const world = { alerts: someAlerts(), events: aStory(), sessions: [aSessionDetail()] };
const notice = () => page.locator('.notice');
const said = async () => {
  await notice().waitFor();
  return (await notice().innerText()).replace(/\s+/g, ' ');
};

describe('nothing to show', () => {
  it('because nothing has ever arrived: the lines to point an agent here, and the demonstration', async () => {
    const recipes = [...recipesFor({ endpoint: 'https://otlp.example:14318', credential: undefined })];
    server.use(playing({ otlpUrl: 'https://otlp.example:14318', recipes }));
    await page.goto(`${server.url}/alerts`);
    const text = await said();
    expect(text).toContain('npm start -- --demo');
    expect(text).toContain('Connect an agent to https://otlp.example:14318;');
    for (const { lines } of recipes) for (const line of lines) expect(text).toContain(line);
    expect(text).not.toContain('vigil tokens create');
    await page.getByRole('link', { name: 'Open the demo’s data' }).click();
    await page.waitForURL('**/alerts?tenant=demo');
  });
  it('when a credential is needed: how to get one, and where to put it in the lines of each agent', async () => {
    const recipes = [...recipesFor({ endpoint: 'https://otlp.example:14318', credential: 'TOKEN' })];
    server.use(playing({ otlpUrl: 'https://otlp.example:14318', needsCredential: true, recipes }));
    await page.goto(`${server.url}/alerts`);
    const text = await said();
    expect(text).toContain('replace TOKEN in the lines with a token from vigil tokens create NAME');
    for (const { lines, environment = [] } of recipes)
      for (const line of [...lines, ...environment]) expect(text).toContain(line);
    expect(await page.getByRole('button', { name: 'Copy the lines for Gemini CLI' }).count()).toBe(2);
  });
  it("and the agents' address is unknown: the page says so", async () => {
    server.use(playing({ otlpUrl: null }));
    await page.goto(`${server.url}/sessions`);
    const text = await said();
    expect(text).toContain('VIGIL_OTLP_URL');
    expect(text).toContain('http://COLLECTOR:4318');
  });
  it('because nothing was unusual', async () => {
    server.use(playing({ sessions: [aSessionDetail()] }));
    await page.goto(`${server.url}/alerts`);
    expect(await said()).toContain('Nothing unusual');
    await page.getByRole('link', { name: 'Look at the sessions' }).click();
    await page.waitForURL('**/sessions');
  });
  it('because of the filters', async () => {
    server.use(playing(world));
    await page.goto(`${server.url}/alerts?entity=nobody&tenant=t`);
    expect(await said()).toContain('No alert matches');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.locator('[role=row][data-row]').first().waitFor();
    expect(new URL(page.url()).search).toBe('?tenant=t');
  });
  it('in sessions, or in one session', async () => {
    server.use(playing({ sessions: [aSessionDetail({ events: [], alerts: [] })] }));
    await page.goto(`${server.url}/sessions/${SESSION}`);
    expect(await said()).toContain('This session has no events');
    server.use(playing({}));
    await page.goto(`${server.url}/sessions`);
    await page.waitForFunction(() => document.body.innerText.includes('No sessions yet'));
    await page.goto(`${server.url}/sessions?agentName=codex`);
    await page.waitForFunction(() => document.body.innerText.includes('No session matches'));
  });
  it('at an unknown address', async () => {
    await page.goto(`${server.url}/no/such/screen`);
    expect(await said()).toContain('There is no screen at this address');
  });
});

describe('a malformed address', () => {
  it.each([
    { what: 'a word for an instant', path: '/alerts', broken: 'from=abc' },
    { what: 'a day that no calendar has', path: '/alerts', broken: 'from=2026-99-99T00:00:00Z&to=9' },
    { what: 'an unknown severity', path: '/alerts', broken: 'severity=bogus' },
    { what: 'an unknown range', path: '/alerts', broken: 'range=zzz&entity=' },
    { what: 'too long names', path: '/alerts', broken: `tenant=${'t'.repeat(300)}&alert=${'a'.repeat(300)}` },
    { what: 'a word for an instant', path: '/sessions', broken: 'from=abc' },
    { what: 'unknown parameters', path: '/sessions', broken: `range=zzz&actor=${'a'.repeat(700)}&no-such=parameter` },
    { what: 'unknown filters', path: `/sessions/${SESSION}`, broken: 'show=bogus&only=bogus&event=' },
  ])('with $what shows $path without it, and requests nothing else', async ({ path, broken }) => {
    server.use(playing(world));
    const open = async (address: string) => {
      const before = server.asked.length;
      await page.goto(server.url + address);
      await page.locator('[data-row], [data-event]').first().waitFor({ timeout: 10_000 });
      return server.asked.slice(before);
    };
    const asked = await open(path);
    expect((await open(`${path}?${broken}`)).filter((one) => !asked.includes(one))).toEqual([]);
    expect(await page.locator('.chip').count()).toBe(0);
  });
});

describe('an error', () => {
  it.each([
    {
      status: 400,
      title: 'Bad request',
      more: { errors: [{ field: 'entity', message: 'Too long' }] },
      says: ['does not accept this filter', 'entity Too long', 'Clear the filters'],
    },
    { status: 401, title: 'Unauthorized', more: {}, says: ['You may not see the alerts', 'Sign in'] },
    {
      status: 403,
      title: 'Forbidden',
      more: { detail: 'tenant acme' },
      says: ['You may not see the alerts', 'Forbidden: tenant acme', 'Ask your administrator'],
    },
    {
      status: 413,
      title: 'Too large',
      more: {},
      says: ['result is too large', 'shorter time range', 'Clear the filters'],
    },
    { status: 500, title: 'Oops', more: {}, says: ['failed to load the alerts', '500 Oops', 'Try again'] },
  ])('with status $status says what to do', async ({ status, title, more, says }) => {
    server.use(() => problem(status, title, more));
    await page.goto(`${server.url}/alerts?entity=x`);
    const text = await said();
    for (const part of says) expect(text).toContain(part);
    server.use(playing(world));
    await page
      .getByRole('button', { name: /Try again|Clear the filters/ })
      .first()
      .click();
    await page.waitForFunction(() => document.querySelector('[role=row][data-row], .notice:not(.bad)') !== null);
  });

  it.each([
    ['no JSON', { body: '<html>proxy</html>' }],
    ['another shape', { body: { rows: [] } }],
    ['malformed answers', { body: { items: [null, 7], nextCursor: null } }],
  ])('an answer of %s is reported as broken, never rendered', async (_, answer) => {
    server.use(() => answer);
    await page.goto(`${server.url}/alerts`);
    expect(await said()).toContain('not what the audit API promises');
  });

  it('an outage is retried automatically', async () => {
    server.use(() => problem(503, 'Unavailable'));
    await page.goto(`${server.url}/alerts`);
    await notice().waitFor({ timeout: 15_000 });
    expect(await said()).toContain('does not respond to the request for the alerts');
    server.use(playing(world));
    await page.locator('[role=row][data-row]').first().waitFor({ timeout: 20_000 });
  });

  it('a slow answer is shown as loading, then as slow, then as the list', async () => {
    server.use((path) =>
      path === '/v1/alerts' ? { body: { items: world.alerts, nextCursor: null }, delayMs: 6_500 } : undefined,
    );
    await page.goto(`${server.url}/alerts`);
    await page.getByText('Loading the alerts').waitFor();
    await page.getByText('Still waiting for the alerts').waitFor();
    await page.locator('[role=row][data-row]').first().waitFor();
  });

  it('the keyboard can skip the rail, and the address stays as it is', async () => {
    server.use(playing(world));
    await page.goto(`${server.url}/alerts?severity=high`);
    const skip = page.getByRole('link', { name: 'Skip to the content' });
    await skip.waitFor({ state: 'attached' });
    expect((await skip.boundingBox())?.y).toBeLessThan(0);
    await page.keyboard.press('Tab');
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    expect(page.url()).toBe(`${server.url}/alerts?severity=high`);
  });

  it('a missing alert or session is reported, next to what exists', async () => {
    server.use(playing(world));
    await page.goto(`${server.url}/alerts?alert=${idOf('nobody')}`);
    expect(await said()).toContain('This alert was not found');
    await page.locator('[role=row][data-row]').first().waitFor();
    await page.goto(`${server.url}/sessions/nobody`);
    expect(await said()).toContain('This session was not found');
    await page.getByRole('link', { name: 'All sessions' }).click();
    await page.waitForURL(`${server.url}/sessions`);
  });

  it('an explanation of an unknown kind breaks only its own screen, which says so', async () => {
    const [alert] = world.alerts;
    server.use(playing(world));
    server.use((path) =>
      path.startsWith('/v1/sessions/')
        ? { body: { session: {}, events: [{}], nextCursor: null, alerts: [alert] } }
        : undefined,
    );
    await page.goto(`${server.url}/sessions/x`);
    expect(await said()).toContain('failed on this page');
    expect(watched.problems.length).toBeGreaterThan(0);
    (watched.problems as string[]).length = 0;
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.locator('[role=row][data-row]').first().waitFor();
  });
});
