/** Tests attacker-written text in every field of every record: it is shown literally, never run, and never a link. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import { launchBrowser, type TestBrowser, type WatchedPage } from '../../test/support/programs/browser.ts';
import {
  NOW,
  aSession,
  aSessionDetail,
  anAlert,
  anEvent,
  baselineAlert,
  firstSeenAlert,
  idOf,
  ruleAlert,
} from './testing/fixtures.ts';
import { playing, problem, startServer, type TestServer } from './testing/server.ts';

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  "javascript:alert(1)//' onclick='alert(1)",
  '{{constructor.constructor("alert(1)")()}}${alert(1)}',
  '<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>',
  '<iframe src="https://evil.example/"></iframe>',
  '</pre></title><meta http-equiv=refresh content="0;url=https://evil.example/">',
  'https://evil.example/ [click](https://evil.example/)',
  'safe\u202egpj.exe\u2066\u200b\u0007\u001b]8;;https://evil.example/\u0007link',
  `Z${'\u0301'.repeat(300)}`,
  '__proto__',
] as const;

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
  watched = await browser.openPage({ viewport: { width: 1440, height: 2400 } });
  ({ page } = watched);
  await page.clock.setFixedTime(NOW);
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      // eslint-disable-next-line no-console -- the guard reads the console
      console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
});
// Closing throws on any dialog, foreign request, popup, policy violation or error on the console.
afterEach(() => watched.close());

/** Sets every free-text field to the attack, cut to the length that the schema allows. */
function hostileEvent(attack: string): AgentEvent {
  const fits = (max: number) => attack.slice(0, max);
  const word = fits(64);
  return AgentEvent.parse({
    ...anEvent('hostile', {
      category: 'command',
      exitCode: 1,
      outcome: 'failure',
      decision: 'denied',
      decisionScope: 'always',
    }),
    actor: attack,
    sender: fits(256),
    userId: fits(256),
    userEmail: fits(320),
    host: fits(256),
    agentName: word,
    agentVersion: word,
    sessionId: fits(256),
    parentSessionId: fits(256),
    agentId: fits(256),
    turnId: fits(256),
    callId: fits(256),
    parentCallId: fits(256),
    repository: attack,
    cwd: attack,
    action: word,
    reason: attack,
    commandLine: attack,
    program: attack,
    arguments: [attack, attack],
    filePath: attack,
    networkHost: attack,
    networkProtocol: fits(32),
    networkMethod: fits(32),
    decisionSource: word,
    approvalMode: word,
    sandboxMode: word,
    sandboxOutcome: word,
    toolName: fits(256),
    mcpServer: fits(256),
    model: fits(128),
    provider: fits(128),
    scope: fits(256),
    mapping: word,
    redactions: [fits(128)],
    attributes: { [attack]: attack, prompt: attack },
  });
}

const CATEGORIES = [
  'command',
  'file',
  'network',
  'approval',
  'sandbox',
  'prompt',
  'tool',
  'mcp',
  'model',
  'session',
] as const;

function hostileAlert(attack: string, from: Alert): Alert {
  const fits = (max: number) => attack.slice(0, max);
  return anAlert(`hostile ${from.detectionId}`, {
    ...from,
    alertId: idOf(`hostile ${from.detectionId}`),
    detectionId: fits(128),
    title: fits(256),
    summary: attack,
    actor: attack,
    sessionId: fits(256),
    entity: { kind: 'actor', id: attack },
    suppressedBy: fits(256),
    attack: [fits(32)],
    atlas: [fits(32)],
    owasp: [fits(32)],
    explanation: {
      ...from.explanation,
      feature: fits(256),
      expectation: attack,
      ...(typeof from.explanation.observed === 'string' && { observed: attack }),
      contributions: [{ name: fits(256), value: attack }],
    },
    evidence: [{ eventId: idOf('hostile'), sessionId: fits(256), callId: fits(256) }],
  });
}

/** Returns the text that a person reads, without the names of hidden characters. */
const readable = (text: string) => text.replace(/[^\x21-\x7e]/gu, '');
const plainPart = (attack: string) => readable(attack.slice(0, 28).split(/\u202e|\u0301/u)[0] ?? '');

describe.each(ATTACKS.map((attack) => ({ attack, name: JSON.stringify(attack.slice(0, 40)) })))(
  '$name',
  ({ attack }) => {
    const event = hostileEvent(attack);
    const events = [
      event,
      ...CATEGORIES.map((category) => ({ ...event, category, eventId: idOf(`hostile ${category}`) })),
    ];
    const alerts = [baselineAlert(), ruleAlert(), firstSeenAlert()].map((from) => hostileAlert(attack, from));
    const session = aSession({
      sessionId: event.sessionId,
      actor: attack,
      userEmail: attack,
      host: attack,
      agentName: attack,
      agentVersion: attack,
      repository: attack,
      cwd: attack,
      parentSessionId: attack,
      approvalMode: attack,
      sandboxMode: attack,
      models: [attack],
    });

    it('is text in lists, panel and timeline', async () => {
      server.use(playing({ alerts, events, sessions: [aSessionDetail({ session, events, alerts })] }));
      await page.goto(`${server.url}/alerts`);
      await page.locator('[role=row][data-row]').nth(2).waitFor();
      expect(readable(await page.locator('[role=row] .sentence').first().innerText())).toContain(plainPart(attack));
      for (const { alertId } of alerts) {
        await page.locator(`[data-row="${alertId}"]`).click();
        await page.waitForURL(`**alert=${alertId}`);
        const panel = page.locator('aside.panel');
        await panel.locator('.summary').waitFor();
        expect(readable(await panel.locator('.summary').innerText())).toContain(plainPart(attack));
        await panel.getByText('Raw alert').click();
      }
      await page.goto(`${server.url}/sessions`);
      await page.locator('[role=row][data-row]').waitFor();
      await page.goto(`${server.url}/sessions/${encodeURIComponent(event.sessionId)}?event=${event.eventId}`);
      await page.locator('.event-detail').waitFor();
      await page.locator('.event-detail details summary').first().click();
      expect(await page.locator('.event').count()).toBeGreaterThan(4);
      // Nothing in the page was created from the text: no element, no handler, no URL.
      const grown = await page.evaluate(() => ({
        foreign: document.querySelectorAll(
          '#root script, #root iframe, #root style, #root link, #root meta, #root img:not([src="/vigil.svg"]), #root [onclick], #root [onerror], #root [onload]',
        ).length,
        links: [...document.querySelectorAll('a')]
          .map((link) => new URL(link.href).origin)
          .filter((origin) => origin !== location.origin),
      }));
      expect(grown).toEqual({ foreign: 0, links: [] });
      await page.mouse.wheel(0, 4000);
    });
  },
);

it('is text in the address, in problem documents and on the stream too', async () => {
  const attack = '"><img src=x onerror=alert(1)>';
  server.use(() => problem(400, attack, { detail: attack, errors: [{ field: attack, message: attack }] }));
  await page.goto(
    `${server.url}/alerts?${new URLSearchParams({ tenant: attack, entity: attack, detectionId: attack, alert: attack }).toString()}`,
  );
  await page.locator('.notice').first().waitFor();
  expect(await page.locator('.notice').first().innerText()).toContain(attack);
  server.use(playing({ alerts: [ruleAlert()] }));
  await page.goto(`${server.url}/alerts`);
  await page.locator('.line.live').waitFor();
  server.stream(hostileAlert(attack, ruleAlert({ time: NOW })));
  await page.keyboard.press('n');
  await page.getByRole('button', { name: '1 new' }).click();
  await page.waitForFunction(() => document.querySelectorAll('[role=row][data-row]').length === 2);
});

it('names hidden characters in place, with their code point on hover', async () => {
  const alert = ruleAlert({ summary: 'opened invoice\u202efdp.exe\u200b' });
  server.use(playing({ alerts: [alert] }));
  await page.goto(`${server.url}/alerts`);
  const sentence = page.locator('.sentence').first();
  await sentence.waitFor();
  expect(await sentence.innerText()).toMatch(/opened invoice\s?RLO\s?fdp\.exe\s?ZWSP/);
  expect(await sentence.locator('.sign').first().getAttribute('title')).toBe('U+202E right-to-left override');
});

it('folds a value of one megabyte and shows its length, and unfolds it in steps', async () => {
  const commandLine = `echo ${'A'.repeat(1_000_000)}`;
  const event = anEvent('long', { category: 'command', commandLine, outcome: 'success', exitCode: 0 });
  server.use(playing({ sessions: [aSessionDetail({ events: [event], alerts: [] })] }));
  await page.goto(`${server.url}/sessions/${event.sessionId}`);
  const row = page.locator('[data-event]');
  await row.getByText('… 1,000,005 characters').waitFor();
  expect((await row.innerText()).length).toBeLessThan(600);
  await row.getByRole('button').click();
  await row
    .getByRole('button', { name: /more of 1,000,005 characters/ })
    .first()
    .click();
  const shown = (await row.locator('.event-main').innerText()).length;
  expect(shown).toBeGreaterThan(15_000);
  expect(shown).toBeLessThan(30_000);
});

describe('the checks of these tests', () => {
  const guarded = async (html: string, policy = '') => {
    const plain = createServer((_, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        ...(policy !== '' && { 'content-security-policy': policy }),
      });
      response.end(html);
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const probe = await browser.openPage();
    await probe.page.goto(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/`);
    await probe.page.waitForTimeout(200);
    plain.closeAllConnections();
    plain.close();
    return probe.close().then(() => 'nothing', String);
  };
  it.each([
    ['a script that runs', '<script>alert(7)</script>', '', 'dialog: 7'],
    [
      'a request beyond loopback',
      '<img src="http://evil.example/x.png">',
      '',
      'request beyond loopback: http://evil.example/x.png',
    ],
    ['a violated policy', '<p style="color:red">x</p>', "style-src 'self'", 'Content Security Policy'],
    ['an uncaught error', '<script>throw new Error("lost")</script>', '', 'uncaught: Error: lost'],
  ])('sees %s', async (_, html, policy, seen) => {
    expect(await guarded(html, policy)).toContain(seen);
  });
  it('accept a harmless page', async () => {
    expect(await guarded('<p>hello</p>')).toBe('nothing');
  });
});
