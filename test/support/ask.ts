/** One request to a server on this machine, with headers that `fetch` does not let a caller set. */
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A stream is read up to its first bytes. */
export function askPort(
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const answer = { status: response.statusCode ?? 0, headers: response.headers };
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (!path.startsWith('/v1/stream') || answer.status !== 200) return;
        resolve({ ...answer, text });
        request.destroy();
      });
      response.on('end', () => resolve({ ...answer, text }));
    });
    request.on('error', reject);
    request.end();
  });
}
