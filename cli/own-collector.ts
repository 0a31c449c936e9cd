/** Requests from the supervisor to the collector that `vigil up` runs, also when it accepts TLS only. */
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { type Config, otlpHostOf } from '../platform/config.ts';
import { urlOf } from '../platform/http/listen.ts';
import { tlsFilesFor } from '../access/listening.ts';

export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
}

export interface OwnCollector {
  /** @param body sent with POST; without it, the path is read with GET */
  ask(path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<OwnAnswer>;
}

const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Returns the address of the collector for agents on this machine, regardless of its listening address. */
export function ownOtlpUrl(config: Config, port: number): string {
  const host = otlpHostOf(config);
  const url = urlOf(ANY[host] ?? host, port);
  return config.VIGIL_TLS_CERT === undefined ? url : url.replace('http:', 'https:');
}

/** Returns the address of the page for people on this machine, regardless of its listening address. */
export function ownPageUrl(config: Config, port: number): string {
  const url = urlOf(ANY[config.VIGIL_HOST] ?? config.VIGIL_HOST, port);
  return tlsFilesFor(config, 'audit') === undefined ? url : url.replace('http:', 'https:');
}

/** @param port the port that it listens on */
export function ownCollector(config: Config, port: number): OwnCollector {
  return {
    ask: (path, headers, body) =>
      new Promise((resolve, reject) => {
        const url = new URL(path, ownOtlpUrl(config, port));
        const options = { method: body === undefined ? 'GET' : 'POST', headers };
        const { VIGIL_TLS_CERT: certificate } = config;
        const sent =
          certificate === undefined
            ? requestPlain(url, options)
            : requestTls(url, { ...options, ...pinnedTo(certificate) });
        sent.once('error', reject);
        sent.once('response', (response) => {
          response.setEncoding('utf8');
          response
            .toArray()
            .then((parts) => resolve({ status: response.statusCode ?? 0, text: parts.join('') }), reject);
        });
        sent.end(body);
      }),
  };
}

/**
 * Accepts only the collector's own certificate, regardless of its name. The file is read again each time, as the collector
 * does.
 */
export function pinnedTo(certificate: string) {
  return {
    ca: readFileSync(certificate),
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
    agent: false as const,
  };
}
