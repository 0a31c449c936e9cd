/** Who a client certificate names. That it was issued by an accepted authority has been looked at in the handshake. */
import type { TLSSocket } from 'node:tls';

export interface ClientCertificate {
  /** Common name of the subject, then its DNS names and e-mail addresses. */
  readonly names: readonly string[];
  /** ms since epoch */
  readonly notAfterMs: number;
  /** Why it is not accepted, in OpenSSL's words; undefined for one that is. */
  readonly trouble: string | undefined;
}

/** Undefined when none was presented. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  // Not `authorized` alone: it is also true of a session taken up again that never had a certificate.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const commonName: unknown = certificate.toLegacyObject().subject.CN;
  // An authority that puts two common names into a certificate leaves open whose it is.
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
 * DNS names and e-mail addresses of Node's text for a subject alternative name (`DNS:a.example, email:a@example`). Names
 * that hold what separates them are quoted there; certificates of agents have none such, and one that does names nobody.
 */
export function alternativeNames(text: string | undefined): readonly string[] {
  if (text === undefined || text.includes('"')) return [];
  return text.split(', ').flatMap((entry) => /^(?:DNS|email):(.+)$/.exec(entry)?.[1] ?? []);
}
