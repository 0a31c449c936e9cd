/** Certificates for tests, made when they are needed: an authority, and what it issues. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type webcrypto, randomBytes, subtle } from 'node:crypto';

export interface Issued {
  /** PEM */
  readonly certificate: string;
  /** PEM (PKCS #8) */
  readonly key: string;
}

export interface Subject {
  readonly commonName?: string;
  readonly dns?: readonly string[];
  readonly email?: readonly string[];
  readonly ip?: readonly string[];
  readonly notAfter?: Date;
}

export interface Authority {
  /** PEM */
  readonly certificate: string;
  issue(subject: Subject): Promise<Issued>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export async function createAuthority(name = 'test authority'): Promise<Authority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    ...common(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: root.toString('pem'),
    issue: async ({ commonName, dns = [], email = [], ip = [], notAfter }) => {
      const own = await newKeys();
      const names = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...email.map((value) => ({ type: 'email' as const, value })),
        ...ip.map((value) => ({ type: 'ip' as const, value })),
      ];
      const certificate = await x509.X509CertificateGenerator.create({
        subject: commonName === undefined ? 'O=tests' : [{ CN: [commonName] }],
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        ...common(notAfter),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
        ],
      });
      const key = Buffer.from(await subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
      return {
        certificate: certificate.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
      };
    },
  };
}

function common(notAfter = new Date(Date.now() + 30 * DAY_MS)) {
  return {
    serialNumber: randomBytes(8).toString('hex').replace(/^./, '1'),
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter,
    signingAlgorithm: ALGORITHM,
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
