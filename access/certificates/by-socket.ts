/** Reads the client certificate of a connection once. */
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type ClientCertificate, clientCertificateOf } from './client-certificate.ts';

type Find = (socket: Duplex | undefined) => ClientCertificate | undefined;

export function certificatesBySocket(): Find {
  const known = new WeakMap<Duplex, { readonly certificate: ClientCertificate | undefined }>();
  return (socket) => {
    if (!(socket instanceof TLSSocket)) return undefined;
    const found = known.get(socket) ?? { certificate: clientCertificateOf(socket) };
    known.set(socket, found);
    return found.certificate;
  };
}
