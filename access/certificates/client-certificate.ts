/** The names in a client certificate. The handshake has checked that an accepted authority issued it. */
import type { TLSSocket } from 'node:tls';

export interface ClientCertificate {
  /** Common name of the subject, then its DNS names and e-mail addresses. */
  readonly names: readonly string[];
  /** ms since epoch */
  readonly notAfterMs: number;
  /** Why it is not accepted, in OpenSSL's words; undefined when it is accepted. */
  readonly trouble: string | undefined;
}

/** Undefined when the connection has no client certificate. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  // `authorized` alone does not suffice: it is also true for a resumed session that never had a certificate.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const commonName: unknown = certificate.toLegacyObject().subject.CN;
  // With two common names in a certificate it would be unclear which client it names, so neither counts.
  const names = [
    ...(typeof commonName === 'string' ? [commonName] : []),
    ...alternativeNames(certificate.subjectAltName),
  ];
  return {
    names,
    notAfterMs: Date.parse(certificate.validTo),
    trouble: socket.authorized ? undefined : String(socket.authorizationError),
  };
}

/**
 * Reads DNS names and e-mail addresses from Node's text for a subject alternative name (`DNS:a.example, email:a@example`).
 * Node quotes names that contain a separator. Agents' certificates have none of those, and one that does names nobody.
 */
export function alternativeNames(text: string | undefined): readonly string[] {
  if (text === undefined || text.includes('"')) return [];
  return text.split(', ').flatMap((entry) => /^(?:DNS|email):(.+)$/.exec(entry)?.[1] ?? []);
}
