/** Shell environment lines that several agents share. */
import type { Collector } from './setup.ts';

/** The certificate of a private authority; certificates of a public authority need no setting. */
export const CA_FILE = '/etc/vigil/ca.crt';

/** How an agent reads `OTEL_EXPORTER_OTLP_HEADERS`: OpenTelemetry specifies percent-encoding, some agents do not decode it. */
type HeaderEncoding = 'percent-encoded' | 'plain';

/** `Authorization=Bearer …` as a value of `OTEL_EXPORTER_OTLP_HEADERS`. */
export function headerValue(credential: string, encoding: HeaderEncoding): string {
  return encoding === 'plain'
    ? `Authorization=Bearer ${credential}`
    : `Authorization=Bearer%20${encodeURIComponent(credential)}`;
}

/**
 * Credential and certificate authority, as far as the collector needs them.
 *
 * @param caVariable the variable that names the file of an authority; by default that of Node.js
 */
export function accessLines(
  { endpoint, credential }: Collector,
  encoding: HeaderEncoding,
  caVariable = 'NODE_EXTRA_CA_CERTS',
): string[] {
  return [
    ...(credential === undefined ? [] : [`export OTEL_EXPORTER_OTLP_HEADERS="${headerValue(credential, encoding)}"`]),
    ...(endpoint.startsWith('https:') ? [`# with an authority of your own: export ${caVariable}=${CA_FILE}`] : []),
  ];
}
