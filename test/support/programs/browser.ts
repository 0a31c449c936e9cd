/** A headless Chromium out of the npm cache, for tests and screenshots: it talks to loopback only and reports what a page did wrong. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

export interface WatchedPage {
  readonly page: Page;
  /** Requests beyond loopback, policy violations, dialogs, uncaught errors and errors on the console, as they happen. */
  readonly problems: readonly string[];
  /** @throws if the page had problems, so that a test cannot overlook them */
  close(): Promise<void>;
}

export interface TestBrowser {
  openPage(options?: BrowserContextOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--font-render-hinting=none',
  // A request that passes the guard below still finds no address.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

export async function launchBrowser(): Promise<TestBrowser> {
  const home = await unpackedChromium();
  const browser = await chromium.launch({
    executablePath: join(home, 'chromium'),
    headless: true,
    args: FLAGS,
    env: { ...definedEnv(), ...fontsOf(home) },
  });
  return { openPage: (options) => openPage(browser, options), close: () => browser.close() };
}

async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ serviceWorkers: 'block', timezoneId: 'UTC', locale: 'en-GB', ...options });
  // Machines are shared, so the limit is wide; what never comes still fails.
  context.setDefaultTimeout(90_000);
  const problems: string[] = [];
  await context.route(
    (url) => !isLoopback(url),
    async (route) => {
      problems.push(`request beyond loopback: ${route.request().url()}`);
      await route.abort('blockedbyclient');
    },
  );
  const page = await context.newPage();
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${String(error)}`));
  page.on('popup', (popup) => problems.push(`popup: ${popup.url()}`));
  page.on('console', (message) => {
    // The browser's own note that an answer was a 4xx or 5xx, or that a connection failed; tests cause those on purpose.
    const expected = message.text().startsWith('Failed to load resource:');
    if (message.type() === 'error' && !expected) problems.push(`console: ${message.text()}`);
  });
  return {
    page,
    problems,
    close: async () => {
      await context.close();
      if (problems.length > 0) throw new Error(`the page had problems:\n${problems.join('\n')}`);
    },
  };
}

const isLoopback = (url: URL): boolean =>
  url.protocol === 'data:' || url.protocol === 'blob:' || ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

/** Where the browser is unpacked; once per machine and version, in one step, so that parallel test workers never see half of it. */
async function unpackedChromium(): Promise<string> {
  const require = createRequire(import.meta.url);
  const main = require.resolve('@sparticuz/chromium');
  const { version } = require(join(packageOf(main), 'package.json')) as { version: string };
  const home = join(tmpdir(), `vigil-chromium-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(home)) return home;
  const fresh = mkdtempSync(`${home}-`);
  // The package unpacks into the temporary folder of its process and takes no other: so it gets a process.
  const script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    env: { ...definedEnv(), TMPDIR: fresh, TMP: fresh, TEMP: fresh },
  });
  try {
    renameSync(fresh, home);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another worker was first.
    if (!existsSync(home)) throw error;
  }
  return home;
}

function packageOf(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'bin', 'chromium.br'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`no chromium.br above ${file}`);
    folder = above;
  }
  return folder;
}

/** A machine without fonts of its own draws with those that came along. */
function fontsOf(home: string): Record<string, string> {
  if (existsSync('/etc/fonts/fonts.conf')) return {};
  const file = join(home, 'vigil-fonts.conf');
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${home}/fonts</dir><cachedir>${home}/fonts-cache</cachedir></fontconfig>`,
  );
  return { FONTCONFIG_FILE: file };
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
