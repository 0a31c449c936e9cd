/** Host, port and protocol of an address in a tool's arguments; the whole address stays in the attributes. */
import type { DraftFields } from './event-draft.ts';

type Address = Pick<DraftFields, 'networkHost' | 'networkPort' | 'networkProtocol'>;

/** `scheme://user@host:port/…` up to the end of the authority. */
const AUTHORITY = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):\/\/([^/?#\\\s]{1,1300})/;
const HOST = /^(?:\[([0-9A-Fa-f:.%]{2,64})\]|([^:[\]]{1,1024}))(?::([0-9]{1,5}))?$/;

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ftp: 21, ssh: 22, ws: 80, wss: 443 };

/** Empty if the text is not an address. A name is lower-cased and loses a final dot, as in the DNS. */
export function addressOf(url: string | undefined): Address {
  const authority = url === undefined ? null : AUTHORITY.exec(url.trim());
  if (authority === null) return {};
  const networkProtocol = (authority[1] ?? '').toLowerCase();
  const host = HOST.exec((authority[2] ?? '').split('@').at(-1) ?? '');
  if (host === null) return { networkProtocol };
  return {
    networkProtocol,
    networkHost: (host[1] ?? host[2] ?? '').toLowerCase().replace(/\.$/, ''),
    networkPort: host[3] === undefined ? PORTS[networkProtocol] : Number(host[3]),
  };
}
